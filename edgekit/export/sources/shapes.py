"""Which input sizes, fixed values and ends the user asks for, and what a network makes of them.

A network declares for each input what it knows: sizes, None where a size is open, or nothing
at all. The request fills what is open and may not contradict what is fixed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from edgekit.errors import RefusedError, UnknownNameError, UsageError

Shape: TypeAlias = tuple[int, ...]
Declared: TypeAlias = Sequence[int | None] | None

BATCH = -1
"""In declared sizes, beyond the first: open, and called as an open first size is."""

_STATE, _MOST_LAYERS = 3, 16
LARGEST = 2**31 - 1  # a .tflite keeps sizes as int32


@dataclass(frozen=True)
class InputShapes:
    """The sizes that the user asks for, and what else of a file's interface.

    Attributes:
        batch: of every input whose first size is open; None means 1.
        in_order: shapes without a name, for the inputs in their order.
        named: shapes by input name; then none is without a name.
        fixed: by input name, the number that all of it holds: the input becomes a constant.
        ends: tensors that become the outputs; none leaves the file its own.
    """

    batch: int | None = None
    in_order: tuple[Shape, ...] = ()
    named: Mapping[str, Shape] = field(default_factory=dict)
    fixed: Mapping[str, float] = field(default_factory=dict)
    ends: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.batch is not None and not 1 <= self.batch <= LARGEST:
            raise UsageError(f"a batch is a number from 1 to {LARGEST}, not {self.batch}")
        if self.in_order and self.named:
            raise UsageError("--input-shape is given with and without an input's name: name all")
        for shape in self.given:
            if not all(1 <= size <= LARGEST for size in shape):
                raise UsageError(f"the input shape {text(shape)} has a size below 1 or too large")
            if self.batch is not None and shape and shape[0] != self.batch:
                raise UsageError(
                    f"--batch {self.batch} contradicts the input shape {text(shape)}: give one"
                )

    @property
    def given(self) -> tuple[Shape, ...]:
        """Every shape that is asked for, with or without a name."""
        return (*self.in_order, *self.named.values())


USUAL = InputShapes()
"""Nothing in particular: batch 1, and the network's own sizes."""


def parse(
    texts: Sequence[str],
    batch: int | None = None,
    values: Sequence[str] = (),
    ends: Sequence[str] = (),
) -> InputShapes:
    """Read ``1,3,224,224`` or ``name:1,3,224,224``, any number of either, and ``name=16000``.

    Tensors to end at, ``ends``, are names already.

    Raises:
        UsageError: a text is none of these, a name comes twice, or the two forms of shapes are
            mixed.
    """
    in_order: list[Shape] = []
    named: dict[str, Shape] = {}
    for item in texts:
        name, _, sizes = item.rpartition(":")  # ONNX names may hold colons themselves
        try:
            shape = tuple(int(size) for size in sizes.split(","))
        except ValueError:
            raise UsageError(
                f"{item!r} is no input shape: write 1,3,224,224 or name:1,3,224,224"
            ) from None
        if not name:
            in_order.append(shape)
        elif name in named:
            raise UsageError(f"the input {name!r} is given two shapes: give one")
        else:
            named[name] = shape
    return InputShapes(batch, tuple(in_order), named, _values(values), tuple(dict.fromkeys(ends)))


def _values(texts: Sequence[str]) -> dict[str, float]:
    found: dict[str, float] = {}
    for item in texts:
        name, _, number = item.rpartition("=")
        try:
            value = float(number)
        except ValueError:
            value = math.nan
        if not name or not math.isfinite(value):
            raise UsageError(f"{item!r} is no value of an input: write name=16000")
        if name in found:
            raise UsageError(f"the input {name!r} is given two values: give one")
        found[name] = value
    return found


def settle(asked: InputShapes, declared: Mapping[str, Declared], subject: str) -> dict[str, Shape]:
    """Return one static shape an input.

    Args:
        asked: what the user wants.
        declared: what the network says about each input, in its order.
        subject: what to call the network in messages.

    Raises:
        UsageError: a name or a number of shapes that the network does not have, or a size other
            than the fixed one.
        RefusedError: a size stays open (``dynamic-shape``).
    """
    chosen = _by_name(asked, declared, subject)
    for name, shape in chosen.items():
        _check(shape, declared[name], name, subject)
    open_batches = [
        name for name, sizes in declared.items() if sizes is None or (sizes and sizes[0] is None)
    ]
    batch = next((chosen[name][0] for name in open_batches if chosen.get(name)), 1)
    settled = {}
    for name, sizes in declared.items():
        if name in chosen:
            settled[name] = chosen[name]
            continue
        if sizes is None or None in sizes[1:]:
            missing = {
                other: each
                for other, each in declared.items()
                if other not in chosen and (each is None or None in each[1:])
            }
            options = " ".join(
                f"--input-shape {'' if len(declared) == 1 else f'{other}:'}{_example(each)}"
                for other, each in missing.items()
            )
            raise RefusedError(
                f"{subject} leaves {'the shape' if sizes is None else 'sizes'} of input {name!r} "
                f"open{'' if sizes is None else f' {text(sizes)}'}: "
                f"give {options}, with the sizes that you need",
                reason_code="dynamic-shape",
            )
        open_sizes = {None: asked.batch or 1, BATCH: asked.batch or batch}
        settled[name] = tuple(open_sizes.get(size, size or 0) for size in sizes)
    found = {shape[0] for shape in settled.values() if shape}
    if asked.batch is not None and not open_batches and asked.batch not in found:
        raise UsageError(
            f"--batch {asked.batch}: {subject} fixes its input sizes, "
            + ", ".join(f"{name} {text(shape)}" for name, shape in settled.items())
            + "; export it again with an open batch"
        )
    return settled


def text(sizes: Sequence[int | None]) -> str:
    """Return sizes as a message shows them: ``1,3,?,?``."""
    return ",".join("?" if size in (None, BATCH) else str(size) for size in sizes)


def _by_name(
    asked: InputShapes, declared: Mapping[str, Declared], subject: str
) -> dict[str, Shape]:
    names = list(declared)
    for name in asked.named:
        if name not in declared:
            raise UnknownNameError(f"input of {subject}", name, names)
    if len(asked.in_order) > len(names):
        raise UsageError(
            f"{len(asked.in_order)} input shapes are given, and {subject} has "
            f"{len(names)} input{'' if len(names) == 1 else 's'}: {', '.join(names)}"
        )
    return dict(asked.named) or dict(zip(names, asked.in_order, strict=False))


def _check(shape: Shape, sizes: Declared, name: str, subject: str) -> None:
    if sizes is None:
        return
    fits = len(shape) == len(sizes) and all(
        size in (None, BATCH, wanted) for wanted, size in zip(shape, sizes, strict=True)
    )
    if not fits:
        raise UsageError(
            f"the input shape {text(shape)} does not fit {subject}: its input {name!r} is "
            f"{text(sizes)}" + (", where ? may be chosen" if "?" in text(sizes) else ", all fixed")
        )


def _example(sizes: Declared) -> str:
    """Return a shape to imitate, with 1 for the batch and 224 for what else is open."""
    if sizes is None:
        return "1,3,224,224 for an image, or 1,40 for a vector"
    batch = _batch_of_state(sizes)
    return ",".join(
        str(1 if size == BATCH or axis == batch else 224) if size in (None, BATCH) else str(size)
        for axis, size in enumerate(sizes)
    )


def _batch_of_state(sizes: Sequence[int | None]) -> int:
    """Return the axis of the batch: the second of a state (layers, batch, hidden), else the first.

    A state has few layers, each of one or two directions.
    """
    is_state = len(sizes) == _STATE and sizes[1] is None and None not in (sizes[0], sizes[2])
    return 1 if is_state and 1 < (sizes[0] or 0) <= _MOST_LAYERS else 0
