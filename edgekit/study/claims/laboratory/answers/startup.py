"""What it takes until a file is ready, in one process."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class StartUp:
    """Of one process.

    Attributes:
        load_ms: loading the file and preparing it to run.
        first_run_ms: the very first run.
        median_ms: median of the timed runs.
    """

    load_ms: float
    first_run_ms: float
    median_ms: float
