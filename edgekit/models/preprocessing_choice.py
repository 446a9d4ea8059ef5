"""What a user says of the preprocessing, over what is on record of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal

from edgekit.errors import InvalidPathError, UsageError
from edgekit.files import parsing, reading
from edgekit.models import preprocessing
from edgekit.models.preprocessing import Preprocessing
from edgekit.registry import Registry


def raw(crop: int, resize: int) -> Preprocessing:
    """Pixels as they are, 0 to 255."""
    return Preprocessing((0.0, 0.0, 0.0), (1.0, 1.0, 1.0), crop, resize, scale=1.0)


def _cifar10(crop: int, resize: int) -> Preprocessing:
    return replace(preprocessing.cifar10(), crop=crop, resize=resize)


PRESETS: Registry[Callable[[int, int], Preprocessing]] = Registry(
    "preprocessing",
    (
        ("imagenet", preprocessing.imagenet),
        ("cifar10", _cifar10),
        ("minus-one-to-one", preprocessing.minus_one_to_one),
        ("raw", raw),
    ),
)
"""From crop and resize, in pixels, to a preprocessing, by the name that users type."""

Source = Literal["option", "sidecar", "card"]

_CROP_SHARE = 0.875  # of the shorter side: 224 of 256
_NORMALIZATION = ("mean", "std", "scale", "channel_order")


def _one_of(name: str, value: str | None, allowed: tuple[str, ...]) -> None:
    if value is not None and value not in allowed:
        raise UsageError(f"{_option(name)} is {' or '.join(allowed)}, not {value!r}")


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _all_finite(values: tuple[float, ...]) -> bool:
    """Tell whether no value is NaN or infinite."""
    return all(math.isfinite(value) for value in values)


@dataclass(frozen=True)
class PreprocessingChoice:
    """What is said of a preprocessing; None leaves it as it is on record.

    Attributes:
        preset: a name of `PRESETS`, which says mean, std, scale and channel order.
        mean: three numbers, or one for all channels, on the scaled pixels.
        std: likewise, above 0.
        scale: factor on the 8-bit pixel, above 0.
        channel_order: ``RGB`` or ``BGR``.
        resize: shorter side before the crop, in pixels.
        crop: side of the square that the network sees, in pixels.
        interpolation: ``bilinear`` or ``bicubic``.

    Raises:
        UsageError: a value is impossible, or something is said twice.
        UnknownNameError: no preset is called that.
    """

    preset: str | None = None
    mean: tuple[float, ...] | None = None
    std: tuple[float, ...] | None = None
    scale: float | None = None
    channel_order: str | None = None
    resize: int | None = None
    crop: int | None = None
    interpolation: str | None = None

    def __post_init__(self) -> None:
        if self.preset is not None:
            PRESETS.find(self.preset)
            said = [name for name in _NORMALIZATION if getattr(self, name) is not None]
            if said:
                raise UsageError(
                    f"--preprocessing {self.preset} says {_option(said[0])} already: give either"
                )
        for name in ("mean", "std"):
            values = getattr(self, name)
            if values is not None and (len(values) not in (1, 3) or not _all_finite(values)):
                raise UsageError(
                    f"{_option(name)} takes three numbers, one for each channel, or one for all, "
                    f"not {list(values)}"
                )
        if self.std is not None and min(self.std) <= 0:
            raise UsageError(f"--std divides by its numbers, so they are above 0, not {self.std}")
        if self.scale is not None and not (math.isfinite(self.scale) and self.scale > 0):
            raise UsageError(f"--scale is a factor above 0, such as 1/255, not {self.scale:g}")
        _one_of("channel_order", self.channel_order, ("RGB", "BGR"))
        _one_of("interpolation", self.interpolation, ("bilinear", "bicubic"))
        for name in ("resize", "crop"):
            pixels = getattr(self, name)
            if pixels is not None and pixels < 1:
                raise UsageError(f"{_option(name)} takes a number of pixels, not {pixels}")
        if self.resize is not None and self.crop is not None and self.resize < self.crop:
            raise UsageError(
                f"--resize {self.resize} is too small to cut --crop {self.crop} pixels out"
            )

    @property
    def given(self) -> bool:
        """Whether anything is said."""
        return self != NOTHING

    @property
    def normalizes(self) -> bool:
        """Whether anything is said of the numbers that pixels become."""
        return any(getattr(self, name) is not None for name in ("preset", *_NORMALIZATION))

    def over(self, known: Preprocessing | None, side: int, subject: str) -> Preprocessing:
        """Return the preprocessing: what is said, else what is known.

        Args:
            known: on record; None if nothing is.
            side: rows and columns of the network's input.
            subject: what to call the network in messages.

        Raises:
            UsageError: too little is said, or it contradicts the network's input.
        """
        found = known or self._new(side, subject)
        if known is not None and self.preset is not None:
            named = PRESETS.find(self.preset)(known.crop, known.resize)
            found = replace(named, interpolation=known.interpolation)
        if self.crop is not None and self.crop != side:
            raise UsageError(f"--crop {self.crop}, but {subject} sees {side} pixels: leave it out")
        if self.resize is not None and self.resize < found.crop:
            raise UsageError(
                f"{subject} sees {found.crop} pixels: --resize {self.resize} is too small"
            )
        changes: dict[str, Any] = {
            name: value
            for name in ("scale", "channel_order", "resize", "interpolation")
            if (value := getattr(self, name)) is not None
        }
        for name in ("mean", "std"):
            values = getattr(self, name)
            if values is not None:
                changes[name] = values * 3 if len(values) == 1 else values
        made = replace(found, **changes)
        if self.normalizes:
            _check_range(made)
        return made

    def _new(self, side: int, subject: str) -> Preprocessing:
        resize = round(side / _CROP_SHARE)
        if self.preset is not None:
            return PRESETS.find(self.preset)(side, resize)
        if self.mean is None or self.std is None:
            raise UsageError(
                f"{subject} has no record of its preprocessing (a sidecar {subject}.json of "
                f"`edgekit export`): say it with --preprocessing {'|'.join(PRESETS)}, or with both "
                "--mean and --std"
            )
        return replace(preprocessing.imagenet(side, resize), mean=(0.0,) * 3, std=(1.0,) * 3)


NOTHING = PreprocessingChoice()


def choice_of(said: str | PreprocessingChoice | None) -> PreprocessingChoice:
    """Return what a name, a .toml file or values say; see `read`."""
    return said if isinstance(said, PreprocessingChoice) else read(said)


def is_raw(wanted: Preprocessing) -> bool:
    """Tell whether pixels go in as they are, 0 to 255."""
    plain = raw(wanted.crop, wanted.resize)
    return all(getattr(wanted, name) == getattr(plain, name) for name in _NORMALIZATION)


def read(where: str | None, said: PreprocessingChoice = NOTHING) -> PreprocessingChoice:
    """Return what a preset's name or a .toml file says, with what is said beside it.

    The file has the keys ``mean``, ``std``, ``scale``, ``channel_order``, ``resize``, ``crop`` and
    ``interpolation``, or some of them, and perhaps ``preset``.

    Raises:
        InvalidPathError: there is no such file.
        UsageError: the file is damaged, or says what is said beside it.
        UnknownNameError: no preset is called that.
    """
    if where is None:
        return said
    if not where.lower().endswith(".toml"):
        return replace(said, preset=where)
    try:
        table = parsing.toml_of(reading.text(Path(where)))
    except OSError as error:
        raise InvalidPathError(f"cannot read {where}: {error.strerror}") from error
    except ValueError as error:
        raise UsageError(f"{where} is no TOML file: {error}") from error
    return _joined(where, table, said)


def _joined(
    where: str, table: Mapping[str, object], said: PreprocessingChoice
) -> PreprocessingChoice:
    names = [each.name for each in fields(PreprocessingChoice)]
    changes: dict[str, Any] = {}
    for name, value in table.items():
        if name not in names:
            raise UsageError(f"{where}: there is no {name!r} to say; there are {', '.join(names)}")
        if getattr(said, name) is not None:
            raise UsageError(f"{where} says {name}, and so does {_option(name)}: give either")
        changes[name] = _value(where, name, value)
    return replace(said, **changes)


def _value(where: str, name: str, value: Any) -> object:  # noqa: ANN401 -- what TOML holds
    listed: list[Any] = value if isinstance(value, list) else [value]
    if name in ("mean", "std") and all(_is_number(each) for each in listed):
        return tuple(float(each) for each in listed)
    if name == "scale" and _is_number(value):
        return value
    if name in ("resize", "crop") and type(value) is int:
        return value
    if name in ("preset", "channel_order", "interpolation") and isinstance(value, str):
        return value
    raise UsageError(f"{where}: {name} cannot be {value!r}")


def _is_number(value: object) -> bool:
    return type(value) in (int, float)


def _check_range(made: Preprocessing) -> None:
    """Refuse means that no pixel comes near: they are of pixels with another scale."""
    largest = 255 * made.scale
    if not all(0 <= value <= largest * 1.001 for value in made.mean):
        raise UsageError(
            f"the mean {list(made.mean)} lies outside of the scaled pixels, 0 to {largest:g}: it "
            "is of pixels with another --scale (1 for 0 to 255, 1/255 for 0 to 1)"
        )
