"""What a step of the search costs in time: the integer file beside the float one, here and now."""

from __future__ import annotations

import statistics
from pathlib import Path

_PROCESSES = 5


def of_float(float_file: Path, integer_file: Path) -> dict[str, float | int]:
    """Return the integer file's latency as a part of the float file's, on this machine.

    Fresh processes of both take turns, one thread. ``ratio`` is the median of the ratios of
    neighbouring processes' medians, ``ratio_low`` and ``ratio_high`` are the extremes.
    """
    from edgekit.devices import MeasureSettings, Request, measure, resolve_target

    settings = MeasureSettings(
        children=_PROCESSES, num_runs=20, min_secs=0.3, max_secs=5, warmup_runs=3, warmup_secs=0.3
    )
    requests = [Request(float_file), Request(integer_file)]
    base, changed = measure(requests, settings, resolve_target("local"))
    pairs = zip(changed.child_medians_ms, base.child_medians_ms, strict=True)
    ratios = [after / before for after, before in pairs]
    return {
        "ratio": statistics.median(ratios),
        "ratio_low": min(ratios),
        "ratio_high": max(ratios),
        "processes": _PROCESSES,
        "median_ms": changed.median_ms,
        "float32_median_ms": base.median_ms,
        "threads": settings.threads,
    }
