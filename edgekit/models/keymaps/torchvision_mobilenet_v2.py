"""MobileNetV2 checkpoints of torchvision (mobilenet_v2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgekit.models import layers
from edgekit.models.keymaps.base import Keymap, Table, conv_bn, linear

if TYPE_CHECKING:
    from torch import nn


def _table(module: nn.Module) -> Table:
    table = conv_bn("stem", "features.0.0", "features.0.1") | linear("fc", "classifier.1")
    units = list(module.get_submodule("units").children())
    for index, unit in enumerate(units):
        residual = isinstance(unit, layers.Residual)
        ours = f"units.{index}.branch" if residual else f"units.{index}"
        theirs = f"features.{index + 1}.conv"
        # The last convolution has no activation, and so no block of its own.
        last = len(list(module.get_submodule(ours).children())) - 1
        for place in range(last):
            table |= conv_bn(f"{ours}.{place}", f"{theirs}.{place}.0", f"{theirs}.{place}.1")
        table |= conv_bn(f"{ours}.{last}", f"{theirs}.{last}", f"{theirs}.{last + 1}")
    place = len(units) + 1
    return table | conv_bn("last", f"features.{place}.0", f"features.{place}.1")


KEYMAP = Keymap(
    source="torchvision",
    family="mobilenet-v2",
    marker="features.0.0.weight",
    table=_table,
)
