"""alvinwan/shiftresnet-cifar."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from tests.transcriptions.common import Named, conv


class ShiftConv(Named):
    def __init__(self, inputs: int, outputs: int, expansion: int, stride: int) -> None:
        middle = outputs * expansion
        shortcut = nn.Sequential()
        if stride != 1 or inputs != outputs:
            shortcut = nn.Sequential(
                conv(inputs, outputs, 1, stride=stride), nn.BatchNorm2d(outputs)
            )
        super().__init__(
            conv1=conv(inputs, middle, 1),
            bn1=nn.BatchNorm2d(middle),
            conv2=conv(middle, outputs, 1, stride=stride),
            bn2=nn.BatchNorm2d(outputs),
            shortcut=shortcut,
        )

    def forward(self, x: Tensor) -> Tensor:
        y = functional.relu(self.bn1(self.conv1(x)))
        y = functional.relu(self.bn2(self.conv2(shift_3x3(y))))
        return y + self.shortcut(x)


def shift_3x3(x: Tensor) -> Tensor:
    """The CUDA kernel, pixel by pixel: neighbouring channels read in different directions."""
    _, channels, height, width = x.shape
    result = torch.zeros_like(x)
    for c in range(channels):
        moved = c < channels // 9 * 9
        dy, dx = (c // 3 % 3 - 1, c % 3 - 1) if moved else (0, 0)
        for row in range(height):
            for column in range(width):
                if 0 <= row + dy < height and 0 <= column + dx < width:
                    result[:, c, row, column] = x[:, c, row + dy, column + dx]
    return result


class ShiftResNet(Named):
    def __init__(self, units: int, expansion: int) -> None:
        stages, inputs = {}, 16
        for stage, width in enumerate((16, 32, 64)):
            chain = []
            for index in range(units):
                stride = 2 if stage and index == 0 else 1
                chain.append(ShiftConv(inputs, width, expansion, stride))
                inputs = width
            stages[f"layer{stage + 1}"] = nn.Sequential(*chain)
        super().__init__(
            conv1=conv(3, 16, 3), bn1=nn.BatchNorm2d(16), **stages, linear=nn.Linear(64, 10)
        )

    def forward(self, x: Tensor) -> Tensor:
        y = functional.relu(self.bn1(self.conv1(x)))
        y = self.layer3(self.layer2(self.layer1(y)))
        return self.linear(y.mean((2, 3)))
