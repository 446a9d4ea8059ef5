"""What a key map is: where each of our tensors lies in the checkpoint of another source."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgekit.models.preprocessing import Preprocessing

if TYPE_CHECKING:
    from torch import Tensor, nn

_BATCH_NORM = ("weight", "bias", "running_mean", "running_var")


def as_it_is(tensor: Tensor) -> Tensor:
    """Take a tensor unchanged."""
    return tensor


@dataclass(frozen=True)
class StoredTensor:
    """Where a checkpoint holds one of our tensors.

    Attributes:
        key: its key in the checkpoint.
        take: what turns the checkpoint's tensor into ours.
    """

    key: str
    take: Callable[[Tensor], Tensor] = as_it_is


Table = dict[str, StoredTensor]


def same_arrangement(module: nn.Module) -> None:
    """Leave the network as it is built."""


def same_preprocessing(preprocessing: Preprocessing) -> Preprocessing:
    """Leave the preprocessing of the card."""
    return preprocessing


@dataclass(frozen=True)
class Keymap:
    """How the checkpoints of one source fit the networks of one family.

    Attributes:
        source: who writes such checkpoints.
        family: the family that they fit.
        marker: a key that all of them have, and no other source's have.
        table: for a built network, where each of its tensors is stored. A tensor that is left out
            is zero.
        arrange: changes a built network where the source computes something else than ours.
        preprocessing: from the card's preprocessing to the source's.
        ignored: pattern of keys that training leaves behind and inference does not read.
        normalize: from a key as stored to the key that the table has.
    """

    source: str
    family: str
    marker: str
    table: Callable[[nn.Module], Table]
    arrange: Callable[[nn.Module], None] = same_arrangement
    preprocessing: Callable[[Preprocessing], Preprocessing] = same_preprocessing
    ignored: re.Pattern[str] = re.compile(r".*num_batches_tracked")
    normalize: Callable[[str], str] = str

    def recognizes(self, family: str, keys: Mapping[str, object]) -> bool:
        """Tell whether a checkpoint with these keys, for a network of ``family``, is of here."""
        return family == self.family and any(self.normalize(key) == self.marker for key in keys)


def conv_bn(ours: str, conv: str, bn: str) -> Table:
    """Origins of a `ConvBnAct` from a torch checkpoint.

    Args:
        ours: prefix of the `ConvBnAct`.
        conv: prefix of the convolution in the checkpoint.
        bn: prefix of the batch norm in the checkpoint.
    """
    return {
        f"{ours}.conv.weight": StoredTensor(f"{conv}.weight"),
        **{f"{ours}.bn.{part}": StoredTensor(f"{bn}.{part}") for part in _BATCH_NORM},
    }


def batch_norm(ours: str, theirs: str) -> Table:
    """Origins of a batch norm from a torch checkpoint."""
    return {f"{ours}.{part}": StoredTensor(f"{theirs}.{part}") for part in _BATCH_NORM}


def linear(ours: str, theirs: str) -> Table:
    """Origins of a fully connected layer from a torch checkpoint."""
    return {f"{ours}.{part}": StoredTensor(f"{theirs}.{part}") for part in ("weight", "bias")}
