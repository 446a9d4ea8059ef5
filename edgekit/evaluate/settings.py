"""How to evaluate, and how pixels become the input of a file that does not say so itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from edgekit.errors import UsageError
from edgekit.models import Preprocessing, preprocessing
from edgekit.registry import Registry


def _cifar10(crop: int, resize: int) -> Preprocessing:
    return replace(preprocessing.cifar10(), crop=crop, resize=resize)


def _raw(crop: int, resize: int) -> Preprocessing:
    return Preprocessing((0.0, 0.0, 0.0), (1.0, 1.0, 1.0), crop, resize, scale=1.0)


PRESETS: Registry[Callable[[int, int], Preprocessing]] = Registry(
    "preprocessing",
    (
        ("imagenet", preprocessing.imagenet),
        ("cifar10", _cifar10),
        ("minus-one-to-one", preprocessing.minus_one_to_one),
        ("raw", _raw),
    ),
)
"""From crop and resize, in pixels, to a preprocessing, by the name that users type."""

_CROP_SHARE = 0.875  # of the shorter side: 224 of 256


@dataclass(frozen=True)
class Settings:
    """Settings of one evaluation; both sides of a comparison share them.

    Attributes:
        threads: threads a runtime may compute with.
        resize: shorter side of an image before the centre crop, in pixels; None takes what the
            preprocessing says.
        preprocessing: name of the preprocessing of files that have none on record.
        label_offset: outputs before the one for label 0, in those same files: 1 where the first
            class is "background".

    Raises:
        UsageError: a value is out of its range.
        UnknownNameError: no preprocessing is called that.
    """

    threads: int = 1
    resize: int | None = None
    preprocessing: str | None = None
    label_offset: int = 0

    def __post_init__(self) -> None:
        if self.threads < 1:
            raise UsageError(f"a model runs on 1 thread or more, not {self.threads}")
        if self.resize is not None and self.resize < 1:
            raise UsageError(f"--resize takes a number of pixels, not {self.resize}")
        if self.label_offset < 0:
            raise UsageError(f"a label offset is 0 or more, not {self.label_offset}")
        if self.preprocessing is not None:
            PRESETS.find(self.preprocessing)

    def preset(self, name: str, crop: int) -> Preprocessing:
        """Return the named preprocessing for a file whose input is ``crop`` pixels wide.

        Raises:
            UsageError: none was named.
        """
        if self.preprocessing is None:
            raise UsageError(
                f"{name} has no record of its preprocessing (a sidecar {name}.json of "
                f"`edgekit export`): say it with --preprocessing {'|'.join(PRESETS)}"
            )
        return PRESETS.find(self.preprocessing)(crop, round(crop / _CROP_SHARE))

    def resized(self, wanted: Preprocessing, name: str) -> Preprocessing:
        """Return a model's preprocessing with ``resize`` in place of its own, if that is set.

        Raises:
            UsageError: the crop would not fit.
        """
        if self.resize is None:
            return wanted
        if self.resize < wanted.crop:
            raise UsageError(
                f"{name} sees {wanted.crop} pixels: --resize {self.resize} is too small"
            )
        return replace(wanted, resize=self.resize)


def is_raw(wanted: Preprocessing) -> bool:
    """Tell whether pixels go in as they are, 0 to 255."""
    return wanted == _raw(wanted.crop, wanted.resize)
