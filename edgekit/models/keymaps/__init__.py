"""Checkpoints of other sources, one file a source."""

from __future__ import annotations

from collections.abc import Mapping

from edgekit.models.keymaps import (
    keras_mobilenet_v1,
    megvii_shufflenet_v1,
    micronet_authors,
    shiftresnet_cifar,
    slim_mobilenet_v1,
    timm_mobilenet_v1,
    timm_mobilenet_v2,
    torchvision_mobilenet_v2,
)
from edgekit.models.keymaps.base import Keymap, StoredTensor, Table

KEYMAPS = (
    micronet_authors.KEYMAP,
    megvii_shufflenet_v1.KEYMAP,
    shiftresnet_cifar.KEYMAP,
    slim_mobilenet_v1.KEYMAP,
    keras_mobilenet_v1.KEYMAP,
    timm_mobilenet_v1.KEYMAP,
    torchvision_mobilenet_v2.KEYMAP,
    timm_mobilenet_v2.KEYMAP,
)

__all__ = ["KEYMAPS", "Keymap", "StoredTensor", "Table", "find"]


def find(family: str, keys: Mapping[str, object]) -> Keymap | None:
    """Return the key map of the source that a checkpoint is of; None for our own names."""
    return next((each for each in KEYMAPS if each.recognizes(family, keys)), None)
