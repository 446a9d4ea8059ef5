"""What the reports of several benchmarks share."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

_INT8_FLAGS = ("avx512_vnni", "avx_vnni", "amx_int8", "asimddp", "i8mm")


def line(cells: Sequence[str], widths: Sequence[int]) -> str:
    """Return one line of a table; the last cell may be wider than its column."""
    padded = [cell.ljust(width) for cell, width in zip(cells, widths, strict=False)]
    return "  ".join(padded).rstrip()


def interval(values: Sequence[float]) -> tuple[float, float]:
    """Return the 95 % bootstrap interval of the median."""
    array = np.array(values)
    picks = np.random.default_rng(0).integers(0, len(array), (10_000, len(array)))
    low, high = np.percentile(np.median(array[picks], axis=1), [2.5, 97.5])
    return float(low), float(high)


def int8_instructions() -> list[str] | None:
    """Return the processor's int8 dot products; None where they cannot be read."""
    info = Path("/proc/cpuinfo")
    if not info.is_file():
        return None
    words = set(info.read_text().split())
    return [flag for flag in _INT8_FLAGS if flag in words]
