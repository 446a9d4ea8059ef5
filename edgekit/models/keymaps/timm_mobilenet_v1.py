"""MobileNetV1 checkpoints of timm (mobilenetv1_100): symmetric padding, batch norm epsilon 1e-5."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from edgekit.models import layers
from edgekit.models.keymaps.base import Keymap, Table, conv_bn, linear
from edgekit.models.preprocessing import Preprocessing

if TYPE_CHECKING:
    from torch import nn

_UNITS_PER_STAGE = (1, 2, 2, 6, 2)


def _table(_: nn.Module) -> Table:
    table = conv_bn("features.0", "conv_stem", "bn1") | linear("fc", "classifier")
    index = 1
    for stage, units in enumerate(_UNITS_PER_STAGE):
        for unit in range(units):
            theirs = f"blocks.{stage}.{unit}"
            table |= conv_bn(f"features.{index}", f"{theirs}.conv_dw", f"{theirs}.bn1")
            table |= conv_bn(f"features.{index + 1}", f"{theirs}.conv_pw", f"{theirs}.bn2")
            index += 2
    return table


def _arrange(module: nn.Module) -> None:
    for part in module.modules():
        if isinstance(part, layers.ConvBnAct):
            part.pad_symmetrically()
            part.bn.eps = 1e-5


def _preprocessing(card: Preprocessing) -> Preprocessing:
    """The pixels to [-1, 1] as on the card; timm resizes by bicubic interpolation."""
    return replace(card, interpolation="bicubic")


KEYMAP = Keymap(
    source="timm",
    family="mobilenet-v1",
    marker="conv_stem.weight",
    table=_table,
    arrange=_arrange,
    preprocessing=_preprocessing,
)
