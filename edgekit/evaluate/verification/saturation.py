"""Which layers of an int8 .onnx file saturate under an instruction set?

The file is cut so that every layer of weights gets an input of its own, the one that it gets in
the whole file, and gives an output of its own; both hold quantized steps. The pieces run side by
side under two instruction sets. As each layer's input is the same in both runs, a layer whose
outputs differ computes otherwise itself; it does not pass on the difference of one before it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import onnx

from edgekit.emulation.isa import NATIVE
from edgekit.errors import UnreadableModelError
from edgekit.evaluate.verification.isa_check import ROUNDING
from edgekit.files import scratch
from edgekit.modelfile import onnx_cut
from edgekit.modelfile.onnx_cut import Piece
from edgekit.processes import child


@dataclass(frozen=True)
class SaturatingLayer:
    """A layer whose outputs differ under an instruction set though its inputs are equal.

    Attributes:
        file: the path as it was given.
        name: the ONNX node's name, or its output's name where it has none.
        operator: ONNX operator type.
        isa: the instruction set that saturates.
        share: part of the output elements that differ, over all inputs.
        largest_steps: largest difference in quantized steps of the output; None for an output
            that is not quantized.
    """

    file: str
    name: str
    operator: str
    isa: str
    share: float
    largest_steps: float | None


def find(
    name: str,
    feeds: Sequence[Mapping[str, np.ndarray]],
    isa: str,
    reference: str = NATIVE,
    threads: int = 1,
    say: Callable[[str], None] = lambda _: None,
) -> tuple[SaturatingLayer, ...]:
    """Name the layers of an .onnx file that compute otherwise under an instruction set.

    Args:
        name: path of the file as it was given, int8 in QDQ or QLinear form.
        feeds: sets of inputs of the file, at least one.
        isa: the suspect instruction set.
        reference: one that does not saturate.
        threads: number of threads the runtime may compute with.
        say: called with a short line before each run.

    Returns:
        The layers in the file's order; empty if none differs, or the file has no int8 layer.

    Raises:
        UnreadableModelError: the file is damaged.
        EdgekitError: what `edgekit.processes.child.run` raises.
    """
    try:
        model = onnx.load(name)
    except Exception as error:  # protobuf's errors share no base class
        raise UnreadableModelError(f"{name}: cannot read this file: {error}") from error
    pieces = onnx_cut.pieces(model)
    if not pieces:
        return ()
    with scratch.folder() as folder:
        whole, cut = folder / "whole.onnx", folder / "cut.onnx"
        sources = sorted({each for piece in pieces for each in piece.sources})
        say("taking each layer's input")
        onnx.save(onnx_cut.showing(model, sources), whole)
        _, shown = child.run(whole, feeds, threads=threads, exact_sums=False)
        values = [{**given, **seen} for given, seen in zip(feeds, shown, strict=True)]
        onnx.save(onnx_cut.apart(model, pieces, values[0]), cut)
        pieces_feeds = [_feeds(pieces, each) for each in values]
        runs = []
        for each in (reference, isa):
            say(f"{len(pieces)} layers under {each}")
            runs.append(
                child.run(cut, pieces_feeds, threads=threads, isa=each, exact_sums=False)[1]
            )
    found = []
    for piece in pieces:
        share, largest = _difference(piece, *([s[piece.target] for s in run] for run in runs))
        if share > 0:
            found.append(SaturatingLayer(name, piece.name, piece.operator, isa, share, largest))
    return tuple(found)


def _feeds(pieces: Sequence[Piece], values: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {
        given: values[source]
        for piece in pieces
        for given, source in zip(piece.inputs, piece.sources, strict=True)
    }


def _difference(
    piece: Piece, references: Sequence[np.ndarray], found: Sequence[np.ndarray]
) -> tuple[float, float | None]:
    """Return the share of elements that differ, and the largest difference in steps."""
    integers = references[0].dtype.kind in "iu"
    step = 1.0 if integers else piece.step
    differing, total, largest = 0, 0, 0.0
    for reference, other in zip(references, found, strict=True):
        real = reference.astype(np.float64)
        distance = np.abs(other.astype(np.float64) - real)
        allowed = ROUNDING * float(np.ptp(real)) if step is None else step / 2
        differing += int((distance > allowed).sum())
        total += distance.size
        largest = max(largest, float(distance.max(initial=0.0)))
    return differing / max(total, 1), None if step is None else round(largest / step, 3)
