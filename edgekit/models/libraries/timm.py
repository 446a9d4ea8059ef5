"""The networks of timm (pytorch-image-models)."""

from __future__ import annotations

import math
from functools import partial
from types import ModuleType
from typing import TYPE_CHECKING, Any, cast

from edgekit.models.libraries.base import Library, LibraryModel, file_name
from edgekit.models.preprocessing import Preprocessing

if TYPE_CHECKING:
    from torch import nn


def _names(module: ModuleType) -> list[str]:
    """The architectures, and each with the tag of its weights: ``resnet18.a1_in1k``."""
    return [*module.list_models(), *module.list_pretrained()]


def _find(module: ModuleType, name: str) -> LibraryModel:
    """The size and preprocessing are those of the tag's weights, by default the library's first."""
    config = module.get_pretrained_cfg(name)
    _, height, width = config.input_size
    return LibraryModel(
        file_name(name),
        partial(_build, module, name),
        (1, 3, int(height), int(width)),
        _preprocessing(config) if height == width else None,
    )


def _preprocessing(config: Any) -> Preprocessing | None:  # noqa: ANN401  # a type of the library's
    if config.interpolation not in ("bilinear", "bicubic") or config.crop_mode != "center":
        return None
    crop = int(config.input_size[1])
    return Preprocessing(
        mean=tuple(config.mean),
        std=tuple(config.std),
        crop=crop,
        resize=math.floor(crop / config.crop_pct),  # rounded as in timm.data.create_transform
        interpolation=config.interpolation,
    )


def _build(module: ModuleType, name: str) -> nn.Module:
    return cast("nn.Module", module.create_model(name, pretrained=False))


LIBRARY = Library(
    requirement="timm",
    module="timm",
    listing="timm.list_models() names all there are",
    names=_names,
    find=_find,
)
