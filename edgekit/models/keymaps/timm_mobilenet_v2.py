"""MobileNetV2 checkpoints of timm (mobilenetv2_100)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from edgekit.models import layers
from edgekit.models.keymaps.base import Keymap, Table, conv_bn, linear
from edgekit.models.preprocessing import Preprocessing

if TYPE_CHECKING:
    from torch import nn

_UNITS_PER_STAGE = (1, 2, 3, 4, 3, 3, 1)
# The names of a unit's convolutions: the first unit does not widen.
_NAMES = {
    2: (("conv_dw", "bn1"), ("conv_pw", "bn2")),
    3: (("conv_pw", "bn1"), ("conv_dw", "bn2"), ("conv_pwl", "bn3")),
}


def _table(module: nn.Module) -> Table:
    table = conv_bn("stem", "conv_stem", "bn1") | linear("fc", "classifier")
    places = [(s, u) for s, units in enumerate(_UNITS_PER_STAGE) for u in range(units)]
    units = module.get_submodule("units").children()
    for index, ((stage, number), unit) in enumerate(zip(places, units, strict=True)):
        residual = isinstance(unit, layers.Residual)
        ours = f"units.{index}.branch" if residual else f"units.{index}"
        parts = len(list(module.get_submodule(ours).children()))
        for place, (conv, bn) in enumerate(_NAMES[parts]):
            theirs = f"blocks.{stage}.{number}"
            table |= conv_bn(f"{ours}.{place}", f"{theirs}.{conv}", f"{theirs}.{bn}")
    return table | conv_bn("last", "conv_head", "bn2")


def _preprocessing(card: Preprocessing) -> Preprocessing:
    return replace(card, interpolation="bicubic")


KEYMAP = Keymap(
    source="timm",
    family="mobilenet-v2",
    marker="conv_stem.weight",
    table=_table,
    preprocessing=_preprocessing,
)
