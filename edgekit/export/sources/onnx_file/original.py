"""The answers of a file itself: what every file made of it must reproduce."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx

from edgekit.errors import (
    CheckFailedError,
    EdgekitError,
    RefusedError,
    UnreadableModelError,
    WorkerError,
)
from edgekit.export import parity
from edgekit.export.parity import Arrays
from edgekit.export.sources import parity_inputs
from edgekit.export.sources.onnx_file import last_digits
from edgekit.export.sources.onnx_file.isolated import FileReading
from edgekit.processes import child

_NODE_FAILED = "Non-zero status code returned while running"
"""How ONNX Runtime begins to say which node cannot be computed."""

_OWN_SOURCES = re.compile(r"\S*onnxruntime_src.*was false\. |\S*onnxruntime_src\S* ")

_HALF_TOLERANCE = 0.02
"""How far float32 may be from half precision, as a part of the output's range.

Eleven bits hold 5e-4 of a number; sums over some hundred of them lose more."""


@dataclass(frozen=True)
class Original:
    """A file of somebody else's that can be asked.

    Attributes:
        path: the file.
        reading: what was read from it; where that ends early, only that part is asked.
    """

    path: Path
    reading: FileReading

    def answers(self, feeds: Sequence[Arrays]) -> tuple[str, tuple[Arrays, ...]]:
        """Return who answers, and the answers, float32 where the file has other floats.

        ONNX Runtime runs the unchanged file, node by node. Where it cannot, because the file's
        opset is too old or too new, or should not, because half precision holds too few digits
        to compare with, it runs the file in the canonical opset and in float32.

        Args:
            feeds: inputs by name, in the canonical graph's types.

        Raises:
            WorkerError, UnreadableModelError: ONNX Runtime cannot run the file.
            CheckFailedError: float32 gives other answers than half precision.
        """
        if "bfloat16" in self.reading.dtypes.values():  # which no runtime can be fed from Python
            return self._said_anew(feeds)
        if self.reading.from_half:
            return self._instead_of_half(feeds)
        try:
            return self._as_it_is(feeds)
        except (UnreadableModelError, WorkerError):
            if self.reading.faithful is None:
                raise
            return self._said_anew(feeds)

    def refusal(self, error: UnreadableModelError | WorkerError) -> EdgekitError:
        """Return what to raise where `answers` failed: ``error`` itself if a process died."""
        _, failed, text = str(error).partition(_NODE_FAILED)
        if not failed and not isinstance(error, UnreadableModelError):
            return error
        what = "does not run on ONNX Runtime" if failed else "is nothing that ONNX Runtime takes"
        plain = (text or str(error).rpartition(" : ")[2]).replace("node. Name:", "")
        plain = _OWN_SOURCES.sub("", plain.replace(" Status Message", "")).strip()
        return RefusedError(
            f"{self.path} {what} ({plain}): check how it was made", reason_code="runs-nowhere"
        )

    def spreads(self, feeds: Sequence[Arrays], answers: Sequence[Arrays]) -> list[float]:
        """Return how far the file is from its own answers, for each set of inputs.

        The same network, its sums in another order, or, where it rounds to integers as it runs,
        its last digits rounded otherwise: what float32 holds of it, as a part of the output's
        range. Zeros where the other form does not run.
        """
        own = self._own(feeds)
        found = [0.0] * len(feeds)
        with child.scratch_folder() as folder, self._file() as itself:
            for path in self._other_forms(itself, folder):
                try:
                    _, others = child.run(path, own, as_written=path != itself)
                except (UnreadableModelError, WorkerError):
                    continue
                for index, other in enumerate(map(_float32, others)):
                    error = parity.compare("", [answers[index]], [other]).max_rel_error
                    if error != parity.INCOMPARABLE:
                        found[index] = max(found[index], error)
        return found

    @contextmanager
    def _file(self) -> Iterator[Path]:
        if self.reading.cut is None:
            yield self.path
            return
        with child.scratch_folder() as folder:
            path = folder / self.path.name
            with path.open("wb") as file:
                self.reading.cut.write_to(file)
            yield path

    def _other_forms(self, itself: Path, folder: Path) -> Iterator[Path]:
        if not self.reading.is_dynamic:
            yield itself
            return
        path = folder / "copy.onnx"
        for copy in last_digits.copies(onnx.load(itself)):
            onnx.save(copy, path)
            yield path

    def _own(self, feeds: Sequence[Arrays]) -> list[dict[str, np.ndarray]]:
        """Return inputs in the file's own types, with those that became constants."""
        dtypes, fixed = self.reading.dtypes, self.reading.fixed
        return [{**{k: v.astype(dtypes[k]) for k, v in feed.items()}, **fixed} for feed in feeds]

    def _as_it_is(self, feeds: Sequence[Arrays]) -> tuple[str, tuple[Arrays, ...]]:
        with self._file() as path:
            info, answers = child.run(path, self._own(feeds), as_written=True)
        return f"{info.runtime_version} on {self.path.name}", tuple(map(_float32, answers))

    def _said_anew(self, feeds: Sequence[Arrays]) -> tuple[str, tuple[Arrays, ...]]:
        with child.scratch_folder() as folder:
            path = folder / "faithful.onnx"
            if self.reading.faithful is not None:
                with path.open("wb") as file:
                    self.reading.faithful.write_to(file)
            info, answers = child.run(path, feeds, as_written=True)
        retyped = self.reading.from_half or self.reading.from_double
        said = "in float32" if retyped else "in a newer opset"
        return f"{info.runtime_version} on {self.path.name} {said}", tuple(map(_float32, answers))

    def _instead_of_half(self, feeds: Sequence[Arrays]) -> tuple[str, tuple[Arrays, ...]]:
        half = [_float32(answer) for answer in self._as_it_is(feeds)[1]]
        reference, answers = self._said_anew(feeds)
        found = parity.compare(reference, half, answers)
        if not found.max_rel_error <= _HALF_TOLERANCE:
            raise CheckFailedError(
                f"{self.path} read as float32 differs by {found.max_rel_error:.1e} of the output "
                "range from itself in float16: its numbers leave float16's range; export it in "
                "float32 from its source"
            )
        return reference, answers


def answered(
    original: Original, feeds: tuple[Arrays, ...]
) -> tuple[tuple[Arrays, ...], str, tuple[Arrays, ...]]:
    """Return those of the inputs that the file takes, who answers, and the answers.

    What an input may hold cannot always be told from the graph, and large numbers overflow.
    """
    try:
        reference, answers = original.answers(feeds)
    except WorkerError:
        taken: list[tuple[Arrays, Arrays]] = []
        for tried in (feeds, parity_inputs.with_small_integers(feeds)):
            for feed in () if taken else tried:
                with suppress(WorkerError):
                    reference, (answer,) = original.answers([feed])
                    taken.append((feed, answer))
        if not taken:
            raise
        feeds, answers = (tuple(each) for each in zip(*taken, strict=True))
    finite = [
        index
        for index, answer in enumerate(answers)
        if all(np.isfinite(array).all() for array in answer.values())
    ]
    if finite:
        feeds, answers = (tuple(each[i] for i in finite) for each in (feeds, answers))
    return feeds, reference, answers


def _float32(arrays: Arrays) -> dict[str, np.ndarray]:
    return {
        name: array.astype(np.float32) if array.dtype.kind == "f" else array
        for name, array in arrays.items()
    }
