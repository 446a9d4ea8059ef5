"""torchvision mobilenet_v2."""

from __future__ import annotations

from torch import Tensor, nn

from tests.transcriptions.common import V2_STAGES, Named, conv


def _conv_bn_relu6(inputs: int, outputs: int, size: int, **options: int) -> nn.Sequential:
    return nn.Sequential(
        conv(inputs, outputs, size, **options), nn.BatchNorm2d(outputs), nn.ReLU6()
    )


class TorchvisionUnit(Named):
    def __init__(self, inputs: int, outputs: int, expansion: int, stride: int) -> None:
        middle = inputs * expansion
        parts: list[nn.Module] = []
        if expansion != 1:
            parts.append(_conv_bn_relu6(inputs, middle, 1))
        parts += [
            _conv_bn_relu6(middle, middle, 3, stride=stride, groups=middle),
            conv(middle, outputs, 1),
            nn.BatchNorm2d(outputs),
        ]
        super().__init__(conv=nn.Sequential(*parts))
        self.adds = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv(x) if self.adds else self.conv(x)


class TorchvisionMobileNetV2(Named):
    def __init__(self) -> None:
        features, inputs = [_conv_bn_relu6(3, 32, 3, stride=2)], 32
        for expansion, outputs, count, stride in V2_STAGES:
            for index in range(count):
                unit = TorchvisionUnit(inputs, outputs, expansion, stride if index == 0 else 1)
                features.append(unit)
                inputs = outputs
        features.append(_conv_bn_relu6(inputs, 1280, 1))
        super().__init__(
            features=nn.Sequential(*features),
            classifier=nn.Sequential(nn.Dropout(0.2), nn.Linear(1280, 1000)),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(self.features(x).mean((2, 3)))
