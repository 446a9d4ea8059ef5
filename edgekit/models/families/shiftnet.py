"""ShiftNet: no spatial convolution after the stem; shifts move the data instead.

A unit is conv-shift-conv with batch norm and ReLU ahead of each 1x1 convolution. A unit of
stride 2 concatenates its branch with the average-pooled input, and its expansion counts from
the channels that the branch adds. This reading gives the published costs of A and B.

C is a reading that nobody has confirmed: its first unit keeps 32 channels, so it cannot
concatenate. Units of stride 2 without a shortcut give the published number of parameters.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from edgekit.models import layers, preprocessing
from edgekit.models.registry import register
from edgekit.models.spec import ModelSpec, Published

if TYPE_CHECKING:
    from torch import nn

PAPER = (
    "Wu et al., Shift: A Zero FLOP, Zero Parameter Alternative to Spatial Convolutions, "
    "arXiv:1711.08141"
)
SOURCE = "paper (as quoted by other texts)"


class _Group(NamedTuple):
    """Units of one resolution; the first has stride 2 and an expansion of its own."""

    kernel: int
    channels: int
    first_expansion: int
    expansion: int
    units: int


_A = (
    _Group(5, 64, 4, 4, 5),
    _Group(5, 128, 4, 3, 6),
    _Group(3, 256, 3, 2, 7),
    _Group(3, 512, 2, 1, 3),
)
_B = tuple(group._replace(channels=group.channels // 2) for group in _A)
_C = (
    _Group(3, 32, 1, 1, 1),
    _Group(3, 64, 1, 1, 4),
    _Group(3, 128, 1, 1, 4),
    _Group(3, 256, 1, 1, 3),
)


def _build(stem: int, groups: tuple[_Group, ...], concatenate: bool) -> nn.Module:
    inputs = stem
    stages = []
    for group in groups:
        units = [_downsample(inputs, group, concatenate)]
        middle = group.channels * group.expansion
        for _ in range(group.units - 1):
            body = layers.csc(group.channels, middle, group.channels, kernel=group.kernel)
            units.append(layers.Residual(body))
        stages.append(layers.chain(*units))
        inputs = group.channels
    return layers.named(
        {
            "stem": layers.Conv2d(3, stem, 7, stride=2, padding=3, bias=False),
            "stages": layers.chain(*stages),
            "norm": layers.BnAct(inputs),
            "pool": layers.GlobalAvgPool(),
            "fc": layers.Linear(inputs, 1000),
        }
    )


def _downsample(inputs: int, group: _Group, concatenate: bool) -> nn.Module:
    outputs = group.channels - inputs if concatenate else group.channels
    middle = outputs * group.first_expansion
    branch = layers.csc(inputs, middle, outputs, kernel=group.kernel, stride=2)
    if not concatenate:
        return branch
    return layers.ConcatShortcut(branch, layers.AvgPool2d(3, stride=2, padding=1))


class _Card(NamedTuple):
    """One row: what is built, its exact counts, and published (metric, value, unit)."""

    size: str
    stem: int
    groups: tuple[_Group, ...]
    concatenate: bool
    params: int
    macs: int
    published: tuple[tuple[str, float, str], ...]
    note: str = ""


_CARDS = (
    _Card(
        "a", 32, _A, True, 4_188_680, 1_424_306_176,
        (("top-1", 70.1, "%"), ("top-5", 89.7, "%"), ("params", 4.1, "M"), ("macs", 1400, "M")),
    ),
    _Card(
        "b", 16, _B, True, 1_183_480, 370_956_288,
        (("top-1", 61.2, "%"), ("top-5", 83.6, "%"), ("params", 1.1, "M"), ("macs", 371, "M")),
    ),
    _Card(
        "c", 32, _C, False, 784_136, 155_600_896,
        (("top-1", 58.8, "%"), ("top-5", 82.0, "%"), ("params", 0.78, "M")),
        note="unverified reading of the paper: only the number of parameters is confirmed",
    ),
)  # fmt: skip

for _card in _CARDS:
    register(
        ModelSpec(
            name=f"shiftnet-{_card.size}",
            family="shiftnet",
            build=partial(_build, _card.stem, _card.groups, _card.concatenate),
            input_shape=(1, 3, 224, 224),
            classes=1000,
            params=_card.params,
            macs=_card.macs,
            preprocessing=preprocessing.imagenet(),
            paper=PAPER,
            published=tuple(
                Published(metric, value, unit, "ImageNet" if unit == "%" else "", SOURCE)
                for metric, value, unit in _card.published
            ),
            note=_card.note,
        )
    )
