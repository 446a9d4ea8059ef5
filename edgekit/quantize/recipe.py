"""Recipes: what to quantize how, by name, in a written grammar, or from a TOML file.

    recipe  = ranges [ ":" weights ] [ "/tensor" ] { "+" rung } [ "#" samples ]
              [ "@" operator { "," operator } ]
    ranges  = "auto" | "minmax" | "moving-average" | "percentile" | "entropy" | "mse"
    weights = "max" | "mse"
    rung    = a name of `edgekit.quantize.rungs`

``mse:mse+equalize+bias`` reads: activation ranges and weight scales by least squared error, then
equalize channels, then correct biases. ``/tensor`` gives a weight one scale in all, ``#64`` takes
64 calibration samples at most, ``minmax@Gemm`` quantizes fully connected layers alone. The named
recipes are texts of this grammar, so that whoever types the text of one gets the same encodings.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, get_args

from edgekit.errors import InvalidPathError, RefusedError, UnknownNameError, UsageError
from edgekit.files import parsing, reading
from edgekit.quantize import ranges, rungs
from edgekit.quantize.ranges import WeightMethod
from edgekit.registry import Registry

AUTO = "auto"
_PER_TENSOR = "/tensor"


@dataclass(frozen=True)
class Recipe:
    """What to quantize how.

    Attributes:
        name: as the user gave it.
        ranges: method for activation ranges; ``auto`` tries ``minmax`` and ``moving-average`` and
            keeps the one whose outputs are closer to the float network's.
        weights: method for weight scales.
        rungs: names of measures against loss, in the order of `edgekit.quantize.rungs`.
        per_channel: one scale for each output channel of a weight, else one in all.
        activation_bits: 8 or 16.
        samples: most calibration samples used; None takes all that are given.
        seven_bit: names of layers whose weights get 7 bits.
        operators: ONNX types of the operators to quantize; the others stay float32. None
            quantizes all that can be.

    Raises:
        UnknownNameError: a method or rung does not exist.
        UsageError: a number is out of range.
    """

    name: str
    ranges: str = "minmax"
    weights: WeightMethod = "max"
    rungs: tuple[str, ...] = ()
    per_channel: bool = True
    activation_bits: int = 8
    samples: int | None = None
    seven_bit: frozenset[str] = field(default_factory=frozenset)
    operators: frozenset[str] | None = None

    def __post_init__(self) -> None:
        if self.ranges != AUTO:
            ranges.get(self.ranges)
        if self.weights not in get_args(WeightMethod):
            raise UnknownNameError("weight range method", self.weights, get_args(WeightMethod))
        asked = {rungs.RUNGS.name_of(rung) for rung in self.rungs}
        if self.activation_bits not in (8, 16):
            raise UsageError(f"activations have 8 or 16 bits, not {self.activation_bits}")
        if self.samples is not None and self.samples < 1:
            raise UsageError(f"a recipe uses 1 calibration sample or more, not {self.samples}")
        ordered = tuple(name for name in rungs.RUNGS if name in asked)
        object.__setattr__(self, "rungs", ordered)

    @property
    def text(self) -> str:
        """The recipe in the written grammar."""
        weights = "" if self.weights == "max" else f":{self.weights}"
        scales = "" if self.per_channel else _PER_TENSOR
        rungs = "".join(f"+{name}" for name in self.rungs)
        most = "" if self.samples is None else f"#{self.samples}"
        only = "" if self.operators is None else f"@{','.join(sorted(self.operators))}"
        return f"{self.ranges}{weights}{scales}{rungs}{most}{only}"

    def with_rungs(self, names: tuple[str, ...]) -> Recipe:
        """Return the recipe with other rungs."""
        return replace(self, rungs=names)


def parse(text: str) -> Recipe:
    """Return the recipe that a text of the grammar describes.

    Raises:
        UnknownNameError: a word is no method and no rung.
        UsageError: a number of samples is none.
    """
    steps, at, only = text.partition("@")
    steps, counted, most = steps.partition("#")
    head, *names = [part.strip() for part in steps.split("+")]
    plain = head.removesuffix(_PER_TENSOR)
    method, _, weights = plain.partition(":")
    if method != AUTO and method not in ranges.METHODS:
        raise NAMED.unknown(text, (AUTO, *ranges.METHODS))
    kind: Any = weights or "max"  # checked by Recipe
    return Recipe(
        text,
        method,
        kind,
        tuple(names),
        per_channel=plain == head,
        samples=_count(most) if counted else None,
        operators=_operators(only) if at else None,
    )


def _count(text: str) -> int:
    if not text.strip().isdecimal():
        raise UsageError(f"a recipe's # takes a number of calibration samples, not {text!r}")
    return int(text)


def _operators(text: str) -> frozenset[str]:
    return frozenset(part.strip() for part in text.split(",") if part.strip())


_TEXTS = {
    "fast": "moving-average+equalize+bias#64",
    "default": "auto+equalize+adaround+bias#256",
    "best": "auto+equalize+adaround+bias+mixed",
}

NAMED: Registry[Recipe] = Registry(
    "recipe", ((name, replace(parse(text), name=name)) for name, text in _TEXTS.items())
)
"""``fast`` in seconds, ``default`` in minutes; ``best`` gives up speed for accuracy as well."""


def get(what: str) -> Recipe:
    """Return a recipe: a named one, a text of the grammar, or a ``.toml`` file.

    Raises:
        UnknownNameError: there is no such name, method or rung.
        InvalidPathError: there is no such file.
        RefusedError: the file is not TOML or has unknown keys (reason "bad-recipe").
    """
    if what.lower().endswith(".toml"):
        return _from_file(Path(what))
    name, at, only = what.partition("@")
    if NAMED.knows(name):
        return replace(NAMED.find(name), name=what, operators=_operators(only) if at else None)
    return parse(what)


def _from_file(path: Path) -> Recipe:
    try:
        document = parsing.toml_of(reading.text(path))
    except OSError as error:
        raise InvalidPathError(f"cannot read the recipe {path}: {error.strerror}") from error
    except ValueError as error:
        raise RefusedError(f"{path} is not TOML: {error}", reason_code="bad-recipe") from error
    checked: dict[str, Any] = {}
    for key, value in document.items():
        kind = _KEYS.get(key)
        if kind is None:
            raise RefusedError(
                f"{path}: a recipe has no key {key!r}; known: {', '.join(_KEYS)}",
                reason_code="bad-recipe",
            )
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise RefusedError(
                f"{path}: {key} is a {_WORDS[kind]}, not {value!r}", reason_code="bad-recipe"
            )
        checked[key] = value
    for key, kind in (("rungs", tuple), ("seven_bit", frozenset), ("operators", frozenset)):
        if key in checked:
            if not all(isinstance(item, str) for item in checked[key]):
                raise RefusedError(f"{path}: {key} is a list of names", reason_code="bad-recipe")
            checked[key] = kind(checked[key])
    return Recipe(**{"name": path.name, **checked})


_KEYS: Mapping[str, type] = {
    "name": str,
    "ranges": str,
    "weights": str,
    "rungs": list,
    "per_channel": bool,
    "activation_bits": int,
    "samples": int,
    "seven_bit": list,
    "operators": list,
}
_WORDS = {str: "string", list: "list", bool: "boolean", int: "number"}
