"""Between the arrays of a network, NCHW and float32, and the tensors of one of its files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from edgekit.data import ArraySamples, arrays
from edgekit.data.arrays import Rows, bad
from edgekit.errors import UsageError
from edgekit.export import Artifact
from edgekit.runtimes import ModelInfo, TensorInfo
from edgekit.runtimes.base import batch_one

Arrays = Mapping[str, np.ndarray]

_TO_NHWC, _TO_NCHW = (0, 2, 3, 1), (0, 3, 1, 2)


@dataclass(frozen=True)
class TensorForm:
    """One input or output of a file.

    Attributes:
        tensor: as the runtime describes it.
        shape: as the network has it, NCHW, an open batch as 1.
        is_turned: it is NHWC in the file.
    """

    tensor: TensorInfo
    shape: tuple[int, ...]
    is_turned: bool

    @property
    def dtype(self) -> np.dtype:
        """Element type of the network's array: that of the file, but real values are float32."""
        own = np.dtype(self.tensor.dtype)
        return np.dtype(np.float32) if own.kind == "f" or self.tensor.scale is not None else own

    def stored(self, values: np.ndarray) -> npt.NDArray[np.generic]:
        """Return the network's array as the file holds it, a quantized one in its nearest steps."""
        own = np.dtype(self.tensor.dtype)
        if self.tensor.scale is not None and self.tensor.zero_point is not None:
            limits = np.iinfo(own)
            steps = np.rint(values / np.float32(self.tensor.scale)) + self.tensor.zero_point
            values = np.clip(steps, limits.min, limits.max)
        elif own.kind in "iu" and values.dtype != own:
            values = arrays.as_integers(values, own, f"the input {self.tensor.name!r}")
        ordered = values.transpose(_TO_NHWC) if self.is_turned else values
        return np.asarray(ordered, dtype=own, order="C")

    def real(self, values: np.ndarray) -> npt.NDArray[np.generic]:
        """Return the file's array as the network has it; real values as float64."""
        if self.tensor.scale is not None and self.tensor.zero_point is not None:
            values = (values.astype(np.float64) - self.tensor.zero_point) * self.tensor.scale
        elif values.dtype.kind == "f":
            values = values.astype(np.float64)
        return values.transpose(_TO_NCHW) if self.is_turned else values


@dataclass(frozen=True)
class FileForm:
    """Inputs and outputs of a file, in its order; made by `of`.

    Attributes:
        name: the file as it was given.
        inputs: its inputs.
        outputs: its outputs.
    """

    name: str
    inputs: tuple[TensorForm, ...]
    outputs: tuple[TensorForm, ...]

    @property
    def batch(self) -> int:
        """Samples in one set of inputs: the first size, where all inputs have the same."""
        firsts = {each.shape[:1] for each in self.inputs}
        return firsts.pop()[0] if len(firsts) == 1 and firsts != {()} else 1

    @property
    def samples(self) -> dict[str, tuple[int, ...]]:
        """Shape of one sample by input: without the batch, where there is one."""
        firsts = {each.shape[:1] for each in self.inputs}
        start = 1 if len(firsts) == 1 and firsts != {()} else 0
        return {each.tensor.name: each.shape[start:] for each in self.inputs}

    def feed(self, values: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
        """Return the network's arrays, in the order of the inputs, as the file takes them."""
        return {
            form.tensor.name: form.stored(array)
            for form, array in zip(self.inputs, values, strict=True)
        }

    def answer(self, outputs: Arrays) -> list[np.ndarray]:
        """Return the file's answers as the network has them, in the order of the outputs."""
        return [form.real(outputs[form.tensor.name]) for form in self.outputs]

    def check(self, found: ArraySamples) -> None:
        """Raise RefusedError if arrays are of another type or shape than the inputs."""
        for part in found.parts:
            for form in self.inputs:
                _check(form, part[form.tensor.name], self.samples[form.tensor.name])


def of(name: str, info: ModelInfo, known: Artifact | None) -> FileForm:
    """Return the form of a file; its record says which of its tensors are NHWC.

    Raises:
        RefusedError: an input's size is open (reason "dynamic-shape").
    """
    turned = set()
    if known is not None:
        turned = {s.name for s in (*known.inputs, *known.outputs) if s.layout == "NHWC"}
    return FileForm(
        name,
        tuple(_form(each, batch_one(each), each.name in turned) for each in info.inputs),
        tuple(_form(each, each.shape, each.name in turned) for each in info.outputs),
    )


def alike(form: FileForm, other: FileForm) -> FileForm:
    """Return ``form`` with inputs and outputs in the order, and of the layout, of ``other``'s.

    Raises:
        UsageError: the two take or give different things.
    """
    return replace(
        form,
        inputs=_matched(form, form.inputs, other, other.inputs, "inputs"),
        outputs=_matched(form, form.outputs, other, other.outputs, "outputs"),
    )


def _form(tensor: TensorInfo, shape: tuple[int, ...], is_turned: bool) -> TensorForm:
    ordered = tuple(shape[axis] for axis in _TO_NCHW) if is_turned else shape
    return TensorForm(tensor, ordered, is_turned)


def _matched(
    form: FileForm,
    mine: Sequence[TensorForm],
    other: FileForm,
    theirs: Sequence[TensorForm],
    noun: str,
) -> tuple[TensorForm, ...]:
    """Match by name, else by place."""
    by_name = {each.tensor.name: each for each in mine}
    pairs = list(zip(mine, theirs, strict=False))
    if by_name.keys() == {each.tensor.name for each in theirs}:
        pairs = [(by_name[each.tensor.name], each) for each in theirs]
    found = [_laid_like(one, wanted) for one, wanted in pairs]
    if len(mine) != len(theirs) or None in found:
        raise UsageError(
            f"{form.name} and {other.name} cannot be compared: their {noun} are "
            f"{_listed(mine)} and {_listed(theirs)}"
        )
    return tuple(each for each in found if each is not None)


def _laid_like(form: TensorForm, wanted: TensorForm) -> TensorForm | None:
    if _fits(form.shape, wanted.shape):
        return form
    turned = _form(form.tensor, form.shape, is_turned=True) if len(form.shape) == 4 else form
    return turned if not form.is_turned and _fits(turned.shape, wanted.shape) else None


def _fits(shape: tuple[int, ...], wanted: tuple[int, ...]) -> bool:
    """Tell whether two shapes are the same; what one leaves open may be anything."""
    return len(shape) == len(wanted) and all(
        -1 in (left, right) or left == right for left, right in zip(shape, wanted, strict=True)
    )


def _check(form: TensorForm, rows: Rows, sample: tuple[int, ...]) -> None:
    row, wanted = rows.shape[1:], form.dtype
    fits = row == sample or (1, *row) == sample
    if fits and (rows.dtype == wanted or (rows.dtype.kind in "iu" and wanted.kind in "iu")):
        return
    advice = ""
    if fits:
        advice = f": save it with .astype('{wanted}')"
    elif len(row) == 3 and (row[2], *row[:2]) == sample:
        advice = ": save it with .transpose(0, 3, 1, 2) and np.ascontiguousarray"
    raise bad(
        f"{rows.label} is {rows.dtype} {_sizes(rows.shape[0], row)}, but the input "
        f"{form.tensor.name!r} takes {wanted} {_sizes('N', sample)}{advice}"
    )


def _sizes(count: int | str, shape: tuple[int, ...]) -> str:
    return f"({', '.join(map(str, (count, *shape)))})"


def _listed(forms: Sequence[TensorForm]) -> str:
    return ", ".join(f"{each.tensor.name} {list(each.shape)}" for each in forms)
