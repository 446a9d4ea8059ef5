"""ShiftResNet checkpoints of alvinwan/shiftresnet-cifar.

The repository saves whole modules by pickle, which is never loaded here: save the
``state_dict()`` of the module first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgekit.models import layers
from edgekit.models.keymaps.base import Keymap, Table, conv_bn, linear

if TYPE_CHECKING:
    from torch import nn

_STAGES = 3


def _table(module: nn.Module) -> Table:
    table = conv_bn("stem", "conv1", "bn1") | linear("fc", "linear")
    units = list(module.get_submodule("units").children())
    per_stage = len(units) // _STAGES
    for index, unit in enumerate(units):
        ours = f"units.{index}"
        theirs = f"layer{index // per_stage + 1}.{index % per_stage}"
        table |= conv_bn(f"{ours}.branch.0", f"{theirs}.conv1", f"{theirs}.bn1")
        table |= conv_bn(f"{ours}.branch.2", f"{theirs}.conv2", f"{theirs}.bn2")
        if isinstance(unit.get_submodule("shortcut"), layers.ConvBnAct):
            table |= conv_bn(f"{ours}.shortcut", f"{theirs}.shortcut.0", f"{theirs}.shortcut.1")
    return table


KEYMAP = Keymap(
    source="alvinwan/shiftresnet-cifar",
    family="shiftresnet",
    marker="layer1.0.conv1.weight",
    table=_table,
)
