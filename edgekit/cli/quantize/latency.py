"""What a step of the search costs in time: the integer file beside the float one, here and now."""

from __future__ import annotations

from pathlib import Path

_PROCESSES = 5


def of_float(float_file: Path, integer_file: Path) -> dict[str, float | int]:
    """Return the integer file's latency as a part of the float file's, on this machine.

    The files take turns within each of five fresh processes, one thread. ``ratio_low`` and
    ``ratio_high`` are the ends of the ratio's 95 % interval.
    """
    from edgekit.devices import CompareRequest, MeasureSettings, ModelFile, compare

    settings = MeasureSettings(
        children=_PROCESSES, num_runs=20, min_secs=0.3, max_secs=5, warmup_runs=3, warmup_secs=0.1
    )
    candidates = (ModelFile(integer_file),)
    result = compare(CompareRequest(ModelFile(float_file), candidates, settings))
    (found,) = result.contrasts
    return {
        "ratio": found.ratio,
        "ratio_low": found.interval[0],
        "ratio_high": found.interval[1],
        "processes": found.processes,
        "typical_ms": found.candidate_ms,
        "float32_typical_ms": found.base_ms,
        "threads": settings.threads,
    }
