"""ShiftResNet: CIFAR residual networks with shifts in place of 3x3 convolutions.

The structure of the authors' code, which puts batch norm and ReLU after each convolution
(the paper: ahead of it) and no ReLU after the addition. ``e`` in a name is the expansion: how
many times wider than its output a unit's shifted map is.
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
    "Wu et al., Shift: A Zero FLOP, Zero Parameter Alternative to Spatial Convolutions, "
    "arXiv:1711.08141"
)
README = "alvinwan/shiftresnet-cifar, README"

_WIDTHS = (16, 32, 64)


def _build(depth: int, expansion: int) -> nn.Module:
    units_per_stage = (depth - 2) // 6
    inputs = _WIDTHS[0]
    units = []
    for stage, width in enumerate(_WIDTHS):
        for index in range(units_per_stage):
            stride = 2 if stage > 0 and index == 0 else 1
            units.append(_unit(inputs, width, expansion, stride))
            inputs = width
    return layers.named(
        {
            "stem": layers.ConvBnAct(3, _WIDTHS[0], 3, act="relu"),
            "units": layers.chain(*units),
            "pool": layers.GlobalAvgPool(),
            "fc": layers.Linear(inputs, 10),
        }
    )


def _unit(inputs: int, outputs: int, expansion: int, stride: int) -> nn.Module:
    middle = outputs * expansion
    branch = layers.chain(
        layers.ConvBnAct(inputs, middle, 1, act="relu"),
        layers.Shift(middle),
        layers.ConvBnAct(middle, outputs, 1, stride=stride, act="relu"),
    )
    if stride == 1:
        return layers.Residual(branch)
    return layers.Residual(branch, layers.ConvBnAct(inputs, outputs, 1, stride=stride))


class _Card(NamedTuple):
    """One row; accuracies in percent on CIFAR-10 and CIFAR-100."""

    depth: int
    expansion: int
    params: int
    macs: int
    cifar10: float
    cifar100: float


_CARDS = (
    _Card(20, 1, 34_906, 5_948_032, 85.78, 55.05),
    _Card(20, 3, 95_642, 16_433_792, 89.56, 65.83),
    _Card(20, 6, 186_746, 32_162_432, 91.07, 69.73),
    _Card(20, 9, 277_850, 47_891_072, 91.79, 70.77),
    _Card(56, 1, 102_106, 15_385_216, 89.69, 63.2),
    _Card(56, 3, 294_554, 44_745_344, 92.48, 69.77),
    _Card(56, 6, 583_226, 88_785_536, 93.49, 72.33),
    _Card(56, 9, 871_898, 132_825_728, 93.17, 73.43),
    _Card(110, 1, 202_906, 29_540_992, 90.67, 68.01),
    _Card(110, 3, 592_922, 87_212_672, 92.42, 72.1),
    _Card(110, 6, 1_177_946, 173_720_192, 93.03, 73.17),
    _Card(110, 9, 1_762_970, 260_227_712, 93.36, 73.71),
)

# By depth and expansion.
_TRAINED = {(20, 3): cifar10.trained(top1_percent=82.52, epochs=45, weight_decay=5e-4)}

for _card in _CARDS:
    register(
        ModelSpec(
            name=f"shiftresnet{_card.depth}-e{_card.expansion}",
            family="shiftresnet",
            build=partial(_build, _card.depth, _card.expansion),
            input_shape=(1, 3, 32, 32),
            classes=10,
            params=_card.params,
            macs=_card.macs,
            preprocessing=preprocessing.cifar10(),
            paper=PAPER,
            published=(
                Published("top-1", _card.cifar10, "%", "CIFAR-10", README),
                Published("top-1", _card.cifar100, "%", "CIFAR-100", README),
            ),
            trained=_TRAINED.get((_card.depth, _card.expansion)),
        ),
        aliases=("shiftresnet20-e3-cifar10",) if (_card.depth, _card.expansion) == (20, 3) else (),
    )
