"""The networks of pytorchcv (also known as imgclsmob)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from types import ModuleType
from typing import TYPE_CHECKING, cast

import numpy as np

from edgekit.errors import RefusedError
from edgekit.models import preprocessing
from edgekit.models.libraries.base import Library, LibraryModel, file_name

if TYPE_CHECKING:
    from torch import nn

_CROP_SHARE = 0.875  # of the resized image's shorter side, in the library's own evaluation
_CIFAR_SIDE = 32


def _names(module: ModuleType) -> list[str]:
    return list(module._models)


def _find(module: ModuleType, name: str) -> LibraryModel:
    """The input size stands only in the built network, which the meta device makes for nothing."""
    import torch

    build = partial(_build, module, name)
    with torch.device("meta"):
        probe = build()
    size = getattr(probe, "in_size", None)
    if not isinstance(size, tuple) or len(size) != 2 or getattr(probe, "in_channels", 3) != 3:
        raise RefusedError(
            f"pytorchcv:{name} takes no colour image of a fixed size: choose an image network",
            reason_code="not-an-image-network",
        )
    height, width = (int(side) for side in size)
    prepared = None
    if height == width == _CIFAR_SIDE:
        prepared = preprocessing.cifar10()
    elif height == width:
        prepared = preprocessing.imagenet(crop=height, resize=round(height / _CROP_SHARE))
    return LibraryModel(file_name(name), build, (1, 3, height, width), prepared)


def _build(module: ModuleType, name: str) -> nn.Module:
    with _names_of_old_numpy():
        return cast("nn.Module", module.get_model(name, pretrained=False))


@contextmanager
def _names_of_old_numpy() -> Iterator[None]:
    """Lend numpy the name ``np.int``, gone since 1.24, which the RegNets still say."""
    if hasattr(np, "int"):
        yield
        return
    np.int = int  # type: ignore[attr-defined]
    try:
        yield
    finally:
        del np.int  # type: ignore[attr-defined]


# From 0.0.68 on the package imports torchvision, which a CPU build of torch often cannot.
LIBRARY = Library(
    requirement="'pytorchcv<0.0.68'",
    module="pytorchcv.model_provider",
    listing="pytorchcv.model_provider names all there are",
    names=_names,
    find=_find,
)
