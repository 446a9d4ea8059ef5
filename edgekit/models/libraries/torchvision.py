"""The classification networks of torchvision."""

from __future__ import annotations

from functools import partial
from types import ModuleType
from typing import TYPE_CHECKING, Any, cast

from edgekit.models.libraries.base import Library, LibraryModel, file_name
from edgekit.models.preprocessing import Preprocessing

if TYPE_CHECKING:
    from torch import nn

# Without the classifiers that only training uses, and with initialization left to edgekit.
_INCEPTION = {"aux_logits": False, "transform_input": False, "init_weights": False}
_OPTIONS: dict[str, dict[str, bool]] = {"googlenet": _INCEPTION, "inception_v3": _INCEPTION}

# These two were trained on pixels in [-1, 1]. torchvision converts ImageNet's normal form to that
# inside the network (transform_input); here the preprocessing does it.
_CENTRED = (0.5, 0.5, 0.5)


def _names(module: ModuleType) -> list[str]:
    return list(module.list_models(module=module))


def _find(module: ModuleType, name: str) -> LibraryModel:
    """The size and preprocessing are those of the library's default weights."""
    transforms = module.get_model_weights(name).DEFAULT.transforms()
    (crop,), (resize,) = transforms.crop_size, transforms.resize_size
    interpolation = transforms.interpolation.value
    prepared = None
    if interpolation in ("bilinear", "bicubic") and resize >= crop:
        centred = name in _OPTIONS
        prepared = Preprocessing(
            mean=_CENTRED if centred else _three(transforms.mean),
            std=_CENTRED if centred else _three(transforms.std),
            crop=crop,
            resize=resize,
            interpolation=interpolation,
        )
    return LibraryModel(
        file_name(name), partial(_build, module, name), (1, 3, crop, crop), prepared
    )


def _build(module: ModuleType, name: str) -> nn.Module:
    options = _OPTIONS.get(name, {})
    return cast("nn.Module", module.get_model(name, weights=None, **options))


def _three(values: Any) -> tuple[float, float, float]:  # noqa: ANN401  # a list of the library's
    red, green, blue = (float(value) for value in values)
    return red, green, blue


LIBRARY = Library(
    requirement="torchvision",
    module="torchvision.models",
    listing="torchvision.models.list_models() names all there are",
    names=_names,
    find=_find,
)
