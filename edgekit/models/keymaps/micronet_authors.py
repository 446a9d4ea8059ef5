"""MicroNet checkpoints of the authors' repository, liyunsheng13/micronet.

A block there is a list of layers with fixed places, empty ones included. A depthwise pair, like
the pair of the stem, is one layer with two convolutions and their batch norms.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgekit.models import layers
from edgekit.models.keymaps.base import Keymap, StoredTensor, Table, batch_norm, conv_bn, linear

if TYPE_CHECKING:
    from torch import nn

# The places of a block's convolutions, in our order: micro-block A, micro-blocks B and C, and
# the group convolution that ends the network.
_PLACES = {3: (0, 0, 4), 4: (0, 3, 3, 7), 1: (0,)}
# The place of a dynamic shift-max, by the convolution ahead of it and the block's convolutions.
_ACTIVATION_PLACES = {(3, 0): 1, (3, 4): 5, (4, 0): 1, (4, 3): 5, (4, 7): 8, (1, 0): 1}


def _table(module: nn.Module) -> Table:
    table = conv_bn("stem.0", "features.0.stem.0.conv.0", "features.0.stem.0.conv.1")
    table |= conv_bn("stem.1", "features.0.stem.0.conv.2", "features.0.stem.0.conv.3")
    for index, block in enumerate(module.get_submodule("blocks").children()):
        inside = block.branch if isinstance(block, layers.Residual) else block
        ours = f"blocks.{index}.branch" if inside is not block else f"blocks.{index}"
        table |= _block(inside, ours, f"features.{index + 1}.layers")
    table |= linear("head.fc1", "classifier.0.linear.0")
    table |= batch_norm("head.bn1", "classifier.0.linear.1")
    table |= linear("head.fc2", "classifier.2.linear.0")
    return table | batch_norm("head.bn2", "classifier.2.linear.1")


def _block(block: nn.Module, ours: str, theirs: str) -> Table:
    parts = list(block.named_children())
    places = _PLACES[sum(isinstance(part, layers.ConvBnAct) for _, part in parts)]
    table: Table = {}
    seen = 0
    for name, part in parts:
        if isinstance(part, layers.ConvBnAct):
            place = places[seen]
            inside = 2 * places[:seen].count(place)  # 2 for the second of a pair
            prefix = f"{theirs}.{place}.conv"
            table |= conv_bn(f"{ours}.{name}", f"{prefix}.{inside}", f"{prefix}.{inside + 1}")
            seen += 1
        elif isinstance(part, layers.DynamicShiftMax):
            place = _ACTIVATION_PLACES[len(places), places[seen - 1]]
            for layer, number in (("squeeze", 0), ("excite", 2)):
                for tensor in ("weight", "bias"):
                    stored = StoredTensor(f"{theirs}.{place}.fc.{number}.{tensor}")
                    table[f"{ours}.{name}.{layer}.{tensor}"] = stored
    return table


KEYMAP = Keymap(
    source="liyunsheng13/micronet",
    family="micronet",
    marker="features.0.stem.0.conv.0.weight",
    table=_table,
)
