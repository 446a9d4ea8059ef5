"""MicroNet: networks of 4 to 21 million MACs from factorized convolutions.

Structure of the authors' code, configurations M0 to M3 of the ICCV paper. The first version of
the paper, "MicroNet: Towards Image Recognition with Extremely Low FLOPs" (arXiv:2011.12289),
numbers the networks one lower; the aliases ``micronet-v1-m0`` to ``-m2`` follow it.

The published costs include the multiplies of dynamic shift-max, two or four for each element
that it activates. ``macs_published_convention`` adds them to ``macs``.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from edgekit.models import layers, preprocessing
from edgekit.models.families import cifar10
from edgekit.models.registry import register
from edgekit.models.spec import ModelSpec, Published

if TYPE_CHECKING:
    from torch import nn

PAPER = (
    "Li et al., MicroNet: Improving Image Recognition with Extremely Low FLOPs, "
    "arXiv:2108.05894 (ICCV 2021)"
)
README = "liyunsheng13/micronet, README"


# The activations' codes in the authors' configurations. Plain is ReLU6 in the first places of a
# block and nothing in the last; the others are dynamic shift-max with one fusion, or the
# maximum of two.
_PLAIN, _FUSE, _MAX = 0, 1, 2


class _Lite(NamedTuple):
    """Micro-block A: the depthwise pair widens, one group convolution narrows."""

    kernel: int
    stride: int
    expansion: tuple[int, int]  # of the kx1 and of the 1xk convolution
    outputs: int
    groups: int  # of the hidden shift and shuffle
    groups_out: tuple[int, int]  # of the convolution; of the shift and shuffle after it
    acts: tuple[int, int]


class _Full(NamedTuple):
    """Micro-blocks B and C: group convolution, depthwise pair, group convolution."""

    kernel: int
    stride: int
    expansion: int
    outputs: int
    groups_in: tuple[int, int]  # of the first convolution; of the shift and shuffle after it
    groups_out: tuple[int, int]  # the same of the last one
    acts: tuple[int, int, int]
    reduction: int  # narrowing inside dynamic shift-max, in eighths


class _Last(NamedTuple):
    """The group convolution that ends the network."""

    expansion: int
    groups: tuple[int, int]  # of the convolution; of the shift after it
    act: int
    reduction: int


class _Net(NamedTuple):
    """One network: stem groups, blocks, width of the hidden FC layer, dropout.

    ``offsets`` are a1, b1, a2, b2 of the two-fusion maxima.
    """

    stem: tuple[int, int]
    blocks: tuple[_Lite | _Full, ...]
    last: _Last
    embedding: int
    dropout: float
    offsets: tuple[float, float, float, float] = (1.0, 0.0, 1.0, 0.0)


_M0 = _Net(
    stem=(2, 2),
    blocks=(
        _Lite(3, 2, (2, 2), 8, 4, (2, 2), (0, 1)),
        _Lite(3, 2, (2, 2), 12, 8, (4, 4), (2, 1)),
        _Lite(5, 2, (2, 2), 16, 12, (4, 4), (2, 1)),
        _Full(5, 1, 4, 32, (4, 4), (4, 4), (2, 2, 1), 1),
        _Full(5, 2, 4, 64, (8, 8), (8, 8), (2, 2, 1), 1),
        _Full(3, 1, 4, 96, (8, 8), (8, 8), (2, 2, 1), 2),
    ),
    last=_Last(4, (12, 12), 1, 2),
    embedding=640,
    dropout=0.05,
)
_M1 = _Net(
    stem=(3, 2),
    blocks=(
        _Lite(3, 2, (2, 2), 8, 6, (2, 2), (0, 1)),
        _Lite(3, 2, (2, 2), 16, 8, (4, 4), (2, 1)),
        _Lite(5, 2, (2, 2), 16, 16, (4, 4), (2, 1)),
        _Full(5, 1, 6, 32, (4, 4), (4, 4), (2, 2, 1), 1),
        _Full(5, 2, 6, 64, (8, 8), (8, 8), (2, 2, 1), 1),
        _Full(3, 1, 6, 96, (8, 8), (8, 8), (2, 2, 1), 2),
    ),
    last=_Last(6, (12, 12), 1, 2),
    embedding=960,
    dropout=0.05,
)
_M2 = _Net(
    stem=(4, 2),
    blocks=(
        _Lite(3, 2, (2, 2), 12, 8, (4, 4), (0, 1)),
        _Lite(3, 2, (2, 2), 16, 12, (4, 4), (2, 1)),
        _Lite(3, 1, (2, 2), 24, 16, (4, 4), (2, 1)),
        _Full(5, 2, 6, 32, (6, 6), (4, 4), (2, 2, 1), 1),
        _Full(5, 1, 6, 32, (8, 8), (4, 4), (2, 2, 1), 2),
        _Full(5, 1, 6, 64, (8, 8), (8, 8), (2, 2, 1), 2),
        _Full(5, 2, 6, 96, (8, 8), (8, 8), (2, 2, 1), 2),
        _Full(3, 1, 6, 128, (12, 12), (8, 8), (2, 2, 1), 2),
    ),
    last=_Last(6, (16, 16), 1, 2),
    embedding=1024,
    dropout=0.1,
)
_M3 = _Net(
    stem=(4, 3),
    blocks=(
        _Lite(3, 2, (2, 2), 16, 12, (4, 4), (2, 0)),
        _Lite(3, 2, (2, 2), 24, 16, (4, 4), (2, 0)),
        _Lite(3, 1, (2, 2), 24, 24, (4, 4), (2, 0)),
        _Full(5, 2, 6, 32, (6, 6), (4, 4), (0, 2, 0), 1),
        _Full(5, 1, 6, 32, (8, 8), (4, 4), (0, 2, 0), 2),
        _Full(5, 1, 6, 64, (8, 8), (8, 8), (0, 2, 0), 2),
        _Full(5, 1, 6, 80, (8, 8), (8, 8), (0, 2, 0), 2),
        _Full(5, 1, 6, 80, (10, 10), (8, 8), (0, 2, 0), 2),
        _Full(5, 2, 6, 120, (10, 10), (10, 10), (0, 2, 0), 2),
        _Full(5, 1, 6, 120, (12, 12), (10, 10), (0, 2, 0), 2),
        _Full(3, 1, 6, 144, (12, 12), (12, 12), (0, 2, 0), 2),
    ),
    last=_Last(6, (12, 12), 0, 2),
    embedding=1024,
    dropout=0.1,
    offsets=(1.0, 0.0, 0.5, 0.5),
)


def _build(net: _Net, classes: int = 1000, small_images: bool = False) -> nn.Module:
    """The network; for small images the first two of its strides are 1 instead of 2."""
    channels = net.stem[0] * net.stem[1]
    blocks = []
    rows = list(net.blocks)
    if small_images:
        rows[0] = rows[0]._replace(stride=1)
    for row in rows:
        parts = (
            _lite(row, channels, net.offsets)
            if isinstance(row, _Lite)
            else _full(row, channels, net.offsets)
        )
        block = layers.chain(*parts)
        same_shape = row.stride == 1 and row.outputs == channels
        blocks.append(layers.Residual(block) if same_shape else block)
        channels = row.outputs
    blocks.append(layers.chain(*_last(net.last, channels)))
    channels *= net.last.expansion
    return layers.named(
        {
            "stem": _stem(*net.stem, stride=1 if small_images else 2),
            "blocks": layers.chain(*blocks),
            "head": _head(channels, net.embedding, net.dropout, classes),
        }
    )


def _stem(outer: int, inner: int, stride: int) -> nn.Module:
    """A 3x3 convolution as a 3x1 and a grouped 1x3 one."""
    return layers.chain(
        layers.ConvBnAct(3, outer, (3, 1), stride=(stride, 1)),
        layers.ConvBnAct(outer, outer * inner, (1, 3), stride=(1, stride), groups=outer),
        layers.ChannelShuffle(outer),
        layers.ReLU6(),
    )


def _lite(row: _Lite, inputs: int, offsets: tuple[float, ...]) -> list[nn.Module]:
    hidden = inputs * row.expansion[0] * row.expansion[1]
    second, third = row.acts
    parts = _depthwise_pair(inputs, row.kernel, row.stride, row.expansion)
    parts += [_hidden_act(second, hidden, row.groups, 1, offsets)]
    parts += [layers.ChannelShuffle(row.groups)]
    if second == _MAX:
        parts += [layers.ChannelShuffle(hidden // 2)]
    return parts + _narrow(hidden, row.outputs, row.groups_out, third, 1)


def _full(row: _Full, inputs: int, offsets: tuple[float, ...]) -> list[nn.Module]:
    hidden = inputs * row.expansion
    groups, shuffle = row.groups_in
    first, second, third = row.acts
    parts: list[nn.Module] = [layers.ConvBnAct(inputs, hidden, 1, groups=groups)]
    parts += [_hidden_act(first, hidden, shuffle, row.reduction, offsets)]
    parts += [layers.ChannelShuffle(shuffle)]
    parts += _depthwise_pair(hidden, row.kernel, row.stride, (1, 1))
    parts += [_hidden_act(second, hidden, hidden // shuffle, row.reduction, offsets)]
    dynamic = (first, second).count(_MAX)
    if dynamic:
        parts += [layers.ChannelShuffle(hidden // (2 * dynamic))]
    return parts + _narrow(hidden, row.outputs, row.groups_out, third, row.reduction)


def _last(row: _Last, inputs: int) -> list[nn.Module]:
    hidden = inputs * row.expansion
    groups, shift = row.groups
    parts: list[nn.Module] = [layers.ConvBnAct(inputs, hidden, 1, groups=groups)]
    if row.act == _FUSE:
        parts += [_fusion(hidden, shift, 8 * row.reduction)]
    return parts


def _head(inputs: int, embedding: int, dropout: float, classes: int) -> nn.Module:
    """Pooling and two FC layers; batch norm and h-swish act on the logits too."""
    return layers.named(
        {
            "act": layers.ReLU6(),
            "pool": layers.GlobalAvgPool(),
            "pool_act": layers.Hardswish(),
            "fc1": layers.Linear(inputs, embedding),
            "bn1": layers.BatchNorm1d(embedding),
            "act1": layers.Hardswish(),
            "dropout": layers.Dropout(dropout),
            "fc2": layers.Linear(embedding, classes),
            "bn2": layers.BatchNorm1d(classes),
            "act2": layers.Hardswish(),
        }
    )


def _depthwise_pair(
    inputs: int, kernel: int, stride: int, expansion: tuple[int, int]
) -> list[nn.Module]:
    """A kxk depthwise convolution as kx1 and 1xk; each may widen."""
    between = inputs * expansion[0]
    return [
        layers.ConvBnAct(inputs, between, (kernel, 1), stride=(stride, 1), groups=inputs),
        layers.ConvBnAct(
            between, between * expansion[1], (1, kernel), stride=(1, stride), groups=between
        ),
    ]


def _narrow(
    hidden: int, outputs: int, groups: tuple[int, int], act: int, reduction: int
) -> list[nn.Module]:
    """The group convolution that ends a block, its activation and its shuffles."""
    parts: list[nn.Module] = [layers.ConvBnAct(hidden, outputs, 1, groups=groups[0])]
    if act == _FUSE:
        parts += [_fusion(outputs, groups[1], 4 * reduction)]
    parts += [layers.ChannelShuffle(groups[1])]
    if act == _FUSE:
        parts += [layers.ChannelShuffle(outputs // 2)]
    return parts


def _hidden_act(
    act: int, channels: int, groups: int, reduction: int, offsets: tuple[float, ...]
) -> nn.Module:
    if act == _PLAIN:
        return layers.ReLU6()
    squeeze = _divisible_by_4(channels // (8 * reduction))
    return layers.DynamicShiftMax(channels, groups, squeeze, offsets)


def _fusion(channels: int, groups: int, narrowing: int) -> nn.Module:
    squeeze = _divisible_by_4(channels // narrowing)
    return layers.DynamicShiftMax(channels, groups, squeeze, (1.0, 0.0))


def _divisible_by_4(width: int) -> int:
    """The nearest multiple of 4, at least 4 and at least 90 % of ``width``."""
    nearest = max(4, (width + 2) // 4 * 4)
    return nearest + 4 if nearest < 0.9 * width else nearest


class _Card(NamedTuple):
    """One row: exact counts, then the published MAdds and params in millions and top-1 in %."""

    name: str
    aliases: tuple[str, ...]
    net: _Net
    params: int
    macs: int
    shift_max_multiplies: int
    published_macs: float
    published_params: float
    top1: float


_CARDS = (
    _Card("micronet-m0", (), _M0, 1_019_590, 3_448_880, 605_248, 4, 1.0, 46.6),
    _Card("micronet-m1", ("micronet-v1-m0",), _M1, 1_777_587, 5_314_080, 805_952, 6, 1.8, 51.4),
    _Card("micronet-m2", ("micronet-v1-m1",), _M2, 2_393_876, 10_338_128, 2_405_312, 12, 2.4, 59.4),
    _Card("micronet-m3", ("micronet-v1-m2",), _M3, 2_622_960, 18_236_000, 2_571_520, 21, 2.6, 62.5),
)

for _card in _CARDS:
    register(
        ModelSpec(
            name=_card.name,
            family="micronet",
            build=partial(_build, _card.net),
            input_shape=(1, 3, 224, 224),
            classes=1000,
            params=_card.params,
            macs=_card.macs,
            macs_published_convention=_card.macs + _card.shift_max_multiplies,
            preprocessing=preprocessing.imagenet(),
            paper=PAPER,
            published=(
                Published("top-1", _card.top1, "%", "ImageNet", README),
                Published("macs", _card.published_macs, "M", "", README),
                Published("params", _card.published_params, "M", "", README),
            ),
        ),
        aliases=_card.aliases,
    )

register(
    ModelSpec(
        name="micronet-m0-cifar10",
        family="micronet",
        build=partial(_build, _M0, classes=10, small_images=True),
        input_shape=(1, 3, 32, 32),
        classes=10,
        params=383_020,
        macs=969_008,
        preprocessing=preprocessing.cifar10(),
        paper=PAPER,
        published=(),
        note="for 32x32 images: the strides of the stem and of the first block are 1",
        trained=cifar10.trained(top1_percent=74.14, epochs=40, weight_decay=1e-4),
    )
)
