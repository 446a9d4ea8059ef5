"""MobileNetV2: inverted residuals with linear bottlenecks.

A unit widens by a 1x1 convolution, filters depthwise, and narrows by a 1x1 convolution without
activation; it adds its input where the shape stays. Padding and numerics are those of
torchvision's network, so that its checkpoints run unchanged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgekit.models import layers, preprocessing
from edgekit.models.registry import register
from edgekit.models.spec import ModelSpec, Published

if TYPE_CHECKING:
    from torch import nn

PAPER = "Sandler et al., MobileNetV2: Inverted Residuals and Linear Bottlenecks, arXiv:1801.04381"

# Expansion, output channels, units and first stride of a stage: the paper's Table 2.
_STAGES = (
    (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2),
    (6, 320, 1, 1),
)  # fmt: skip
_STEM, _LAST = 32, 1280


def _build() -> nn.Module:
    inputs = _STEM
    units = []
    for expansion, outputs, count, first_stride in _STAGES:
        for index in range(count):
            units.append(_unit(inputs, outputs, expansion, first_stride if index == 0 else 1))
            inputs = outputs
    return layers.named(
        {
            "stem": layers.ConvBnAct(3, _STEM, 3, stride=2, act="relu6"),
            "units": layers.chain(*units),
            "last": layers.ConvBnAct(inputs, _LAST, 1, act="relu6"),
            "pool": layers.GlobalAvgPool(),
            "dropout": layers.Dropout(0.2),
            "fc": layers.Linear(_LAST, 1000),
        }
    )


def _unit(inputs: int, outputs: int, expansion: int, stride: int) -> nn.Module:
    middle = inputs * expansion
    parts = [layers.ConvBnAct(inputs, middle, 1, act="relu6")] if expansion > 1 else []
    parts += [
        layers.ConvBnAct(middle, middle, 3, stride=stride, groups=middle, act="relu6"),
        layers.ConvBnAct(middle, outputs, 1),
    ]
    body = layers.chain(*parts)
    return layers.Residual(body) if stride == 1 and inputs == outputs else body


register(
    ModelSpec(
        name="mobilenet-v2-1.0-224",
        family="mobilenet-v2",
        build=_build,
        input_shape=(1, 3, 224, 224),
        classes=1000,
        params=3_504_872,
        macs=300_774_272,
        preprocessing=preprocessing.imagenet(),
        paper=PAPER,
        published=(
            Published("top-1", 72.0, "%", "ImageNet", "paper, Table 4"),
            Published("top-1", 71.878, "%", "ImageNet", "torchvision, IMAGENET1K_V1"),
            Published("macs", 300, "M", "", "paper, Table 4"),
        ),
    )
)
