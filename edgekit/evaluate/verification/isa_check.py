"""Does a file give the same answers under every instruction set?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgekit.emulation.isa import NATIVE
from edgekit.errors import CheckFailedError, RefusedError
from edgekit.evaluate import tensors
from edgekit.evaluate.distance import Distance
from edgekit.evaluate.statistics import Share
from edgekit.evaluate.verification import quantized_step
from edgekit.export.parity import Arrays
from edgekit.processes import child
from edgekit.runtimes import ModelInfo

ROUNDING = 1e-3
"""Differences up to this part of an output's range are rounding, where outputs have no steps.

Float kernels add in different orders, and a dynamically quantized activation may fall on the
other side of a half. One step of an 8-bit output is at least 1/255 of its range.
"""

_HALF_STEP = 0.5


@dataclass(frozen=True)
class IsaReport:
    """Answers of one file under one instruction set, beside this processor's own.

    Attributes:
        file: the path as it was given.
        isa: the instruction set.
        sets: number of inputs that were run.
        bit_equal: whether all outputs are equal to the last bit.
        largest_steps: largest difference in quantized steps; None if an output has none.
        distance: of its outputs from the native ones.
        same_top1: inputs with the same top-1; None for a file that gives no class scores.
    """

    file: str
    isa: str
    sets: int
    bit_equal: bool
    largest_steps: float | None
    distance: Distance
    same_top1: int | None

    @property
    def agreement(self) -> Share | None:
        """Inputs with the same top-1; None for a file that gives no class scores."""
        return None if self.same_top1 is None else Share(self.same_top1, self.sets)

    @property
    def same(self) -> bool:
        """Whether the answers are the same: not a step apart, or else only rounding."""
        if self.bit_equal:
            return True
        if self.largest_steps is not None:
            return self.largest_steps < _HALF_STEP
        return self.distance.max_rel_error <= ROUNDING


def check(
    name: str,
    info: ModelInfo,
    feeds: Sequence[Arrays],
    others: Sequence[str],
    threads: int = 1,
    say: Callable[[str], None] = lambda _: None,
) -> tuple[IsaReport, ...]:
    """Run a file on the same inputs here and under other instruction sets.

    Args:
        name: path of the file as it was given.
        info: what its runtime says about it.
        feeds: sets of inputs, at least one.
        others: instruction sets to compare with ``native``, by name.
        threads: number of threads the runtime may compute with.
        say: called with a short line before each run.

    Returns:
        One report for each of ``others``.

    Raises:
        CheckFailedError: an answer is NaN or infinite (reason "not-finite").
        EdgekitError: what `edgekit.processes.child.run` raises.
    """
    path = Path(name)
    step_sizes = quantized_step.of_outputs(path, info)

    def answers(isa: str) -> list[dict[str, np.ndarray]]:
        say(f"{path.name} under {isa}")
        _, outputs = child.run(path, feeds, threads=threads, isa=isa, exact_sums=False)
        for array in (array for each in outputs for array in each.values()):
            if array.dtype.kind == "f" and not np.isfinite(array).all():
                raise CheckFailedError(
                    f"{name} answers NaN or infinity under {isa}", reason_code="not-finite"
                )
        return outputs

    native = answers(NATIVE)
    scores = _class_scores(info, name)
    return tuple(_report(name, isa, native, answers(isa), step_sizes, scores) for isa in others)


def _report(
    name: str,
    isa: str,
    native: Sequence[Arrays],
    other: Sequence[Arrays],
    step_sizes: Mapping[str, float],
    scores: tensors.ClassOutput | None,
) -> IsaReport:
    distance, bit_equal, largest, same_top1 = Distance(), True, 0.0, 0
    for left, right in zip(native, other, strict=True):
        for key in left:
            reference, found = left[key].astype(np.float64), right[key].astype(np.float64)
            distance = distance.plus(reference.ravel(), found.ravel())
            bit_equal = bit_equal and left[key].tobytes() == right[key].tobytes()
            step = step_sizes.get(key)
            if step is not None:
                largest = max(largest, float(np.abs(found - reference).max()) / step)
        if scores is not None:
            tops = [int(scores.decode(each[scores.tensor.name]).argmax()) for each in (left, right)]
            same_top1 += tops[0] == tops[1]
    has_steps = set(native[0]) <= set(step_sizes)
    return IsaReport(
        file=name,
        isa=isa,
        sets=len(native),
        bit_equal=bit_equal,
        largest_steps=round(largest, 3) if has_steps else None,
        distance=distance,
        same_top1=None if scores is None else same_top1,
    )


def _class_scores(info: ModelInfo, name: str) -> tensors.ClassOutput | None:
    try:
        return tensors.class_output(info, name, offset=0)
    except RefusedError:
        return None
