"""liyunsheng13/micronet, configuration M0."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from tests.transcriptions.common import Named, conv


class Shuffle(nn.Module):
    def __init__(self, groups: int) -> None:
        super().__init__()
        self.groups = groups

    def forward(self, x: Tensor) -> Tensor:
        n, c, h, w = x.shape
        return x.view(n, self.groups, c // self.groups, h, w).transpose(1, 2).reshape(n, c, h, w)


class DyShiftMax(Named):
    def __init__(self, channels: int, groups: int, narrowing: int, fusions: int) -> None:
        squeeze = max(4, int(channels // narrowing + 2) // 4 * 4)
        if squeeze < 0.9 * (channels // narrowing):
            squeeze += 4
        super().__init__(
            fc=nn.Sequential(
                nn.Linear(channels, squeeze), nn.ReLU(), nn.Linear(squeeze, fusions * channels)
            )
        )
        self.channels, self.groups, self.fusions = channels, groups, fusions

    def forward(self, x: Tensor) -> Tensor:
        y = functional.relu6(self.fc(x.mean((2, 3))) + 3) / 6
        y = ((y - 0.5) * 4)[:, :, None, None]
        order = torch.arange(self.channels).view(self.groups, -1)
        order = torch.cat([order[1:], order[:1]], 0)
        order = torch.cat([order[:, 1:], order[:, :1]], 1).flatten()
        moved = x[:, order]
        parts = y.split(self.channels, 1)
        first = x * (parts[0] + 1) + moved * parts[1]
        if self.fusions == 2:
            return first
        return torch.max(first, x * (parts[2] + 1) + moved * parts[3])


def _pair(inputs: int, between: int, outputs: int, size: int, stride: int, first: int) -> Named:
    """A kx1 and a 1xk convolution, each with batch norm, as one layer called conv."""
    return Chain(
        conv=nn.Sequential(
            conv(inputs, between, (size, 1), stride=stride, groups=first),
            nn.BatchNorm2d(between),
            conv(between, outputs, (1, size), stride=stride, groups=between),
            nn.BatchNorm2d(outputs),
        )
    )


class Chain(Named):
    """Run the parts one after the other."""

    def forward(self, x: Tensor) -> Tensor:
        for part in self.children():
            x = part(x)
        return x


class Layers(Chain):
    """A block, which adds its input where asked to."""

    adds = False

    def forward(self, x: Tensor) -> Tensor:
        y = super().forward(x)
        return x + y if self.adds else y


def _group(inputs: int, outputs: int, groups: int) -> Named:
    return Chain(
        conv=nn.Sequential(conv(inputs, outputs, 1, groups=groups), nn.BatchNorm2d(outputs))
    )


def _act(code: int, channels: int, groups: int, narrowing: int, empty: nn.Module) -> nn.Module:
    return DyShiftMax(channels, groups, narrowing, 2 * code) if code else empty


# stride, out, kernel, expand 1 and 2, group and shuffle in, (none), group and shuffle out,
# three activation codes, reduction ratio: the repository's rows of M0.
M0_ROWS = (
    (2, 8, 3, 2, 2, 0, 4, 2, 2, 2, 0, 1, 1),
    (2, 12, 3, 2, 2, 0, 8, 4, 4, 2, 2, 1, 1),
    (2, 16, 5, 2, 2, 0, 12, 4, 4, 2, 2, 1, 1),
    (1, 32, 5, 1, 4, 4, 4, 4, 4, 2, 2, 1, 1),
    (2, 64, 5, 1, 4, 8, 8, 8, 8, 2, 2, 1, 1),
    (1, 96, 3, 1, 4, 8, 8, 8, 8, 2, 2, 1, 2),
    (1, 384, 3, 1, 4, 12, 12, 0, 0, 2, 2, 1, 2),
)


def micronet_m0() -> nn.Module:
    stem = Chain(conv=nn.Sequential(*_pair(3, 2, 4, 3, 2, 1).conv, Shuffle(2)))
    features: list[nn.Module] = [Chain(stem=nn.Sequential(stem, nn.ReLU6()))]
    inputs = 4
    for row in M0_ROWS:
        features.append(_micro_block(inputs, *row))
        inputs = row[1]
    classifier = [
        Chain(linear=nn.Sequential(nn.Linear(a, b), nn.BatchNorm1d(b), nn.Hardswish()))
        for a, b in ((inputs, 640), (640, 1000))
    ]
    return Chain(
        features=nn.Sequential(*features),
        avgpool=nn.Sequential(nn.ReLU6(), nn.AdaptiveAvgPool2d(1), nn.Hardswish(), nn.Flatten()),
        classifier=nn.Sequential(classifier[0], nn.Dropout(0.05), classifier[1]),
    )


def _micro_block(
    inputs: int, stride: int, outputs: int, size: int, e1: int, e2: int, g1: int, s1: int,
    g2: int, s2: int, y1: int, y2: int, y3: int, ratio: int,
) -> nn.Module:  # fmt: skip
    hidden, nothing = inputs * e1 * e2, nn.Sequential()
    if g1 == 0:
        layers = [
            _pair(inputs, inputs * e1, hidden, size, stride, inputs),
            _act(y2, hidden, s1, 8 * ratio, nn.ReLU6()),
            Shuffle(s1),
            Shuffle(hidden // 2) if y2 else nothing,
            _group(hidden, outputs, g2),
            _act(y3, outputs, s2, 4 * ratio, nothing),
            Shuffle(s2),
            Shuffle(outputs // 2) if y3 else nothing,
        ]
    elif s2 == 0:
        layers = [_group(inputs, hidden, g1), _act(y3, hidden, s1, 8 * ratio, nothing)]
    else:
        layers = [
            _group(inputs, hidden, g1),
            _act(y1, hidden, s1, 8 * ratio, nn.ReLU6()),
            Shuffle(s1),
            _pair(hidden, hidden, hidden, size, stride, hidden),
            nothing,
            _act(y2, hidden, hidden // s1, 8 * ratio, nn.ReLU6()),
            Shuffle(hidden // 4),
            _group(hidden, outputs, g2),
            _act(y3, outputs, s2, (4 if outputs < hidden else 8) * ratio, nothing),
            Shuffle(s2),
            Shuffle(outputs // 2) if y3 else nothing,
        ]
    block = Layers(layers=nn.Sequential(*layers))
    block.adds = stride == 1 and inputs == outputs
    return block
