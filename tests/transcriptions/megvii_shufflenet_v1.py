"""megvii-model/ShuffleNet-Series, ShuffleNetV1."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from tests.transcriptions.common import Named, conv


class MegviiUnit(Named):
    def __init__(self, inputs: int, outputs: int, groups: int, first: bool, stride: int) -> None:
        middle, self.groups, self.stride = outputs // 4, groups, stride
        added = outputs - inputs if stride == 2 else outputs
        super().__init__(
            branch_main_1=nn.Sequential(
                conv(inputs, middle, 1, groups=1 if first else groups),
                nn.BatchNorm2d(middle),
                nn.ReLU(),
                conv(middle, middle, 3, stride=stride, groups=middle),
                nn.BatchNorm2d(middle),
            ),
            branch_main_2=nn.Sequential(
                conv(middle, added, 1, groups=groups), nn.BatchNorm2d(added)
            ),
        )
        self.groups, self.stride = groups, stride

    def forward(self, x: Tensor) -> Tensor:
        y = self.branch_main_1(x)
        n, c, h, w = y.shape
        y = y.reshape(n, c // self.groups, self.groups, h, w).permute(0, 2, 1, 3, 4)
        y = self.branch_main_2(y.reshape(n, c, h, w))
        if self.stride == 1:
            return functional.relu(x + y)
        pooled = functional.avg_pool2d(x, 3, 2, 1)
        return torch.cat([pooled, functional.relu(y)], 1)


class Megvii(Named):
    """Fed with blue, green, red in 0..255."""

    def __init__(self, stem: int, widths: tuple[int, int, int], groups: int) -> None:
        units, inputs = [], stem
        for stage, (width, count) in enumerate(zip(widths, (4, 8, 4), strict=True)):
            for index in range(count):
                first = stage == 0 and index == 0
                units.append(MegviiUnit(inputs, width, groups, first, 2 if index == 0 else 1))
                inputs = width
        super().__init__(
            first_conv=nn.Sequential(conv(3, stem, 3, stride=2), nn.BatchNorm2d(stem), nn.ReLU()),
            maxpool=nn.MaxPool2d(3, 2, 1),
            features=nn.Sequential(*units),
            classifier=nn.Sequential(nn.Linear(inputs, 1000, bias=False)),
        )

    def forward(self, x: Tensor) -> Tensor:
        y = self.features(self.maxpool(self.first_conv(x)))
        return self.classifier(y.mean((2, 3)))
