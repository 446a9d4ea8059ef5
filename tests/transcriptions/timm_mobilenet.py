"""timm mobilenetv1_100 and mobilenetv2_100."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from tests.transcriptions.common import V2_STAGES, Named, conv


class TimmUnit(Named):
    """Convolutions by name, ReLU6 after all of them or after all but the last."""

    def __init__(self, parts: list[tuple[str, nn.Conv2d]], last_act: bool, adds: bool) -> None:
        super().__init__()
        self.order = [name for name, _ in parts]
        for number, (name, convolution) in enumerate(parts):
            self.add_module(name, convolution)
            self.add_module(f"bn{number + 1}", nn.BatchNorm2d(convolution.out_channels))
        self.last_act, self.adds = last_act, adds

    def forward(self, x: Tensor) -> Tensor:
        y = x
        for number, name in enumerate(self.order):
            y = getattr(self, f"bn{number + 1}")(getattr(self, name)(y))
            if self.last_act or number + 1 < len(self.order):
                y = functional.relu6(y)
        return x + y if self.adds else y


class Timm(Named):
    def __init__(self, blocks: nn.Sequential, outputs: int, head: int | None) -> None:
        super().__init__(conv_stem=conv(3, 32, 3, stride=2), bn1=nn.BatchNorm2d(32), blocks=blocks)
        if head is not None:
            self.conv_head, self.bn2 = conv(outputs, head, 1), nn.BatchNorm2d(head)
        self.classifier = nn.Linear(head or outputs, 1000)

    def forward(self, x: Tensor) -> Tensor:
        y = self.blocks(functional.relu6(self.bn1(self.conv_stem(x))))
        if hasattr(self, "conv_head"):
            y = functional.relu6(self.bn2(self.conv_head(y)))
        return self.classifier(y.mean((2, 3)))


def timm_mobilenet_v1() -> nn.Module:
    stages, inputs = [], 32
    for outputs, count in ((64, 1), (128, 2), (256, 2), (512, 6), (1024, 2)):
        units = []
        for index in range(count):
            stride = 2 if index == 0 and outputs != 64 else 1
            parts = [
                ("conv_dw", conv(inputs, inputs, 3, stride=stride, groups=inputs)),
                ("conv_pw", conv(inputs, outputs, 1)),
            ]
            units.append(TimmUnit(parts, last_act=True, adds=False))
            inputs = outputs
        stages.append(nn.Sequential(*units))
    return Timm(nn.Sequential(*stages), inputs, None)


def timm_mobilenet_v2() -> nn.Module:
    stages, inputs = [], 32
    for expansion, outputs, count, first_stride in V2_STAGES:
        units = []
        for index in range(count):
            stride = first_stride if index == 0 else 1
            middle = inputs * expansion
            depthwise = ("conv_dw", conv(middle, middle, 3, stride=stride, groups=middle))
            if expansion == 1:
                parts = [depthwise, ("conv_pw", conv(middle, outputs, 1))]
            else:
                parts = [
                    ("conv_pw", conv(inputs, middle, 1)),
                    depthwise,
                    ("conv_pwl", conv(middle, outputs, 1)),
                ]
            adds = stride == 1 and inputs == outputs
            units.append(TimmUnit(parts, last_act=False, adds=adds))
            inputs = outputs
        stages.append(nn.Sequential(*units))
    return Timm(nn.Sequential(*stages), inputs, 1280)
