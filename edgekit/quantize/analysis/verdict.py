"""What an integer file must come up to: the float network's answers, less what 8 bits cost.

Rounding alone costs a network that makes much of every small difference more than another, so
each is held to what plain rounding of its values does to it
(`edgekit.quantize.analysis.plain_rounding`), and never to more than `LEAST_SQNR_DB`.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from edgekit.export import Source
from edgekit.export.judging.fidelity import OutputFidelity, Yardstick
from edgekit.export.judging.sqnr import EXACT_DB, Noise
from edgekit.export.parity import Arrays
from edgekit.quantize import ranges
from edgekit.quantize.analysis import first_fault, plain_rounding
from edgekit.quantize.candidate import Draft
from edgekit.quantize.running.session import GraphSession

LEAST_SQNR_DB = 15.0
"""Of any output. Faults of encodings seen so far left 2 to 11 dB of some 35."""

MARGIN_DB = 6.0
"""Below plain rounding that a file may stay; the networks that were measured lost at most 2 dB by
what joins their values."""

SAMPLES = 8


@dataclass(frozen=True, eq=False)
class Calibration:
    """How encodings were made.

    Attributes:
        samples: some of those that they were calibrated with; none where nobody knows.
        ranges: method of range estimation.
    """

    samples: Sequence[Arrays] = ()
    ranges: str = "minmax"


def feeds_for(source: Source, draft: Draft, calibration: Calibration) -> tuple[Arrays, ...]:
    """Return the inputs at hand that the encodings were made for, of which there may be none."""
    return tuple(calibration.samples or [feed for feed in source.feeds if _fits(feed, draft)])


def yardstick(
    source: Source,
    draft: Draft,
    feeds: tuple[Arrays, ...],
    method: str,
    allow_drift_db: float | None,
) -> Yardstick | None:
    """Return what the files of a draft are held against.

    Args:
        source: what was quantized.
        draft: its encodings.
        feeds: see `feeds_for`.
        method: of range estimation, that the encodings were made by.
        allow_drift_db: the smallest signal to noise ratio to accept, whatever is usual.

    Returns:
        None where there are no inputs, or no output is a float.
    """
    answers = tuple(GraphSession(source.graph).run_each(feeds))
    outputs = [n for n, v in (answers[0] if answers else {}).items() if v.dtype == np.float32]
    if not outputs:
        return None
    if allow_drift_db is not None:
        least = dict.fromkeys(outputs, allow_drift_db)
    else:
        bits = {affine.bits for affine in draft.encodings.activations.values()}
        rounded_by = ranges.get(method), 16 if 16 in bits else 8
        plain = plain_rounding.answers(source.graph, feeds, *rounded_by)
        least = {name: _least(name, answers, plain) for name in outputs}
    return Yardstick(
        feeds, answers, least, lambda: first_fault.found(source.graph, draft, feeds, LEAST_SQNR_DB)
    )


def doubts(
    judged: Iterable[OutputFidelity],
    allow_drift_db: float | None,
    decided: Container[str] = frozenset(),
) -> list[str]:
    """Return a line for each output that rounding leaves little of, and that passes all the same.

    Args:
        judged: outputs of files, of one precision.
        allow_drift_db: what was said to be accepted; None where nothing was.
        decided: names of the outputs that hang on a decision.
    """
    if allow_drift_db is not None:
        return []
    worst: dict[str, float] = {}
    for each in judged:
        if each.passed and each.sqnr_db < LEAST_SQNR_DB:
            worst[each.output] = min(each.sqnr_db, worst.get(each.output, each.sqnr_db))
    return [_doubt(name, sqnr_db, name in decided) for name, sqnr_db in worst.items()]


def _doubt(name: str, sqnr_db: float, is_decided: bool) -> str:
    if sqnr_db <= -EXACT_DB:
        return (
            f"output {name!r} of the float32 network is zero for all samples, and not the file's: "
            "nothing can be said of it; give real inputs with --calibration-data"
        )
    if is_decided:
        return (
            f"output {name!r} is {sqnr_db:.1f} dB from the float32 network's: it hangs on a "
            "decision, such as which value is the largest, that one step of rounding turns; judge "
            "it on real data by what it is for"
        )
    return (
        f"output {name!r} is {sqnr_db:.1f} dB from the float32 network's: rounding alone costs "
        "that much. Where weights lose it, recipe default learns their rounding; where values that "
        "share a scale with far larger ones do, --precision int16x8 helps; recipe best keeps what "
        "costs most in float32, and `edgekit sensitivity` ranks the layers"
    )


def _least(name: str, wanted: Sequence[Arrays], rounded: Sequence[Arrays]) -> float:
    noise = Noise()
    for exact, given in zip(wanted, rounded, strict=True):
        noise.add(exact[name], given[name])
    return min(LEAST_SQNR_DB, noise.sqnr_db - MARGIN_DB)


def _fits(feed: Arrays, draft: Draft) -> bool:
    """Tell whether inputs are of the size that the encodings are for: neither clipped nor tiny."""
    for name, values in feed.items():
        affine = draft.encodings.activations.get(name)
        if affine is None:
            continue
        low, high = float(values.min(initial=0.0)), float(values.max(initial=0.0))
        is_clipped = low < affine.low - affine.scale or high > affine.high + affine.scale
        if is_clipped or high - low < (affine.high - affine.low) / 4:
            return False
    return True
