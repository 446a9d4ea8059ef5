"""ShuffleNet v1 checkpoints of megvii-model/ShuffleNet-Series, ShuffleNetV1.

Their units shuffle after the depthwise convolution, by the inverse of our permutation. A
permutation passes a depthwise convolution if its channels are reordered with it, so our units
take the inverse permutation and reordered depthwise weights: the same sums in the same order.
Their classifier has no bias. Their input is blue, green, red in 0..255, without normalization.

Their 1.5x networks keep a stem of 24 channels, which ours do not: they do not fit.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from edgekit.models import layers
from edgekit.models.keymaps.base import Keymap, StoredTensor, Table, conv_bn
from edgekit.models.preprocessing import Preprocessing

if TYPE_CHECKING:
    from torch import Tensor, nn


def _table(module: nn.Module) -> Table:
    table = conv_bn("stem", "first_conv.0", "first_conv.1")
    unit = 0
    for name, body in module.named_modules():
        if not name.endswith(".branch"):
            continue
        theirs = f"features.{unit}"
        unit += 1
        (_, first), *between, (middle, _), (last, _) = body.named_children()
        table |= conv_bn(f"{name}.0", f"{theirs}.branch_main_1.0", f"{theirs}.branch_main_1.1")
        depthwise = conv_bn(
            f"{name}.{middle}", f"{theirs}.branch_main_1.3", f"{theirs}.branch_main_1.4"
        )
        if between:
            take = partial(_shuffled, groups=_inverse(between[0][1], first))
            depthwise = {ours: StoredTensor(stored.key, take) for ours, stored in depthwise.items()}
        table |= depthwise
        table |= conv_bn(f"{name}.{last}", f"{theirs}.branch_main_2.0", f"{theirs}.branch_main_2.1")
    table["fc.weight"] = StoredTensor("classifier.0.weight")
    return table


def _shuffled(tensor: Tensor, groups: int) -> Tensor:
    """Reorder the first axis as a channel shuffle reorders channels."""
    rest = tensor.shape[1:]
    return tensor.reshape(groups, -1, *rest).transpose(0, 1).reshape(tensor.shape)


def _inverse(shuffle: nn.Module, before: nn.Module) -> int:
    """The groups of the shuffle that undoes ``shuffle``, or of itself if it is undone already."""
    if not isinstance(shuffle, layers.ChannelShuffle) or not isinstance(before, layers.ConvBnAct):
        raise TypeError("a unit is a convolution, a shuffle and two convolutions")
    return before.conv.out_channels // shuffle.groups


def _arrange(module: nn.Module) -> None:
    """Shuffle by the inverse permutation."""
    for name, body in module.named_modules():
        if name.endswith(".branch"):
            first, shuffle = list(body.children())[:2]
            if isinstance(shuffle, layers.ChannelShuffle):
                shuffle.groups = _inverse(shuffle, first)


def _preprocessing(card: Preprocessing) -> Preprocessing:
    return Preprocessing(
        mean=(0.0, 0.0, 0.0),
        std=(1.0, 1.0, 1.0),
        crop=card.crop,
        resize=card.resize,
        scale=1.0,
        channel_order="BGR",
        interpolation="bilinear",
    )


KEYMAP = Keymap(
    source="megvii-model/ShuffleNet-Series",
    family="shufflenet-v1",
    marker="first_conv.0.weight",
    table=_table,
    arrange=_arrange,
    preprocessing=_preprocessing,
)
