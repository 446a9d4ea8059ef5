"""The measuring loop: warm up until the times stand still, then keep every sample."""

from __future__ import annotations

import gc
import math
import resource
import statistics
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter_ns, process_time_ns

_WINDOWS = 3
_WINDOW_SHARE = 0.1  # of the least warm-up time: long enough for a steady median
_TOLERANCE = 0.03  # between window medians; a quiet machine's own scatter is 1 to 2 %
CAP_FACTOR = 5  # of the least warm-up time: a machine that is not steady by then will not be


@dataclass(frozen=True)
class WarmUp:
    """How the warm-up went.

    Attributes:
        runs: number of untimed runs.
        secs: how long they took together.
        stationary: whether the last three windows' medians agreed within 3 %.
    """

    runs: int
    secs: float
    stationary: bool


@dataclass(frozen=True)
class Samples:
    """Raw samples, one entry a run, in the order taken.

    Attributes:
        wall_ns: elapsed time of the run.
        cpu_ns: processor time of the whole process (all threads) over the run.
        involuntary_switches: how often the kernel took a core away during the run.
    """

    wall_ns: tuple[int, ...]
    cpu_ns: tuple[int, ...]
    involuntary_switches: tuple[int, ...]

    def __post_init__(self) -> None:
        if not len(self.wall_ns) == len(self.cpu_ns) == len(self.involuntary_switches):
            raise ValueError("every sample has a wall time, a CPU time and a switch count")
        if not self.wall_ns:
            raise ValueError("a measurement has at least one sample")


def warm_up(invoke: Callable[[], object], min_runs: int, min_secs: float) -> WarmUp:
    """Run until the clock, the caches and the processor's frequency have settled.

    Runs at least ``min_runs`` times and ``min_secs`` seconds, then until three consecutive
    windows have the same median within 3 %, for at most five times ``min_secs``.
    """
    wall_ns: list[int] = []
    next_check = min_runs
    start = perf_counter_ns()
    while True:
        before = perf_counter_ns()
        invoke()
        after = perf_counter_ns()
        wall_ns.append(after - before)
        secs = (after - start) / 1e9
        if len(wall_ns) < next_check or secs < min_secs:
            continue
        window = max(1, math.ceil(len(wall_ns) * _WINDOW_SHARE * min_secs / secs))
        next_check = len(wall_ns) + window
        stationary = _is_stationary(wall_ns, window)
        if stationary or secs >= CAP_FACTOR * min_secs:
            return WarmUp(len(wall_ns), secs, stationary)


def _is_stationary(wall_ns: list[int], window: int) -> bool:
    if len(wall_ns) < _WINDOWS * window:
        return False
    ends = range(len(wall_ns), len(wall_ns) - _WINDOWS * window, -window)
    medians = [statistics.median(wall_ns[end - window : end]) for end in ends]
    return max(medians) <= min(medians) * (1 + _TOLERANCE)


def sample(
    invoke: Callable[[], object], num_runs: int, min_secs: float, max_secs: float
) -> Samples:
    """Time runs one by one.

    Takes at least ``num_runs`` samples that last at least ``min_secs`` together, and stops early
    once ``max_secs`` have passed. Only ``invoke`` lies between the two clock readings; the
    process's CPU time and switches are read outside them. Python's garbage collector rests.
    """
    wall_ns: list[int] = []
    cpu_ns: list[int] = []
    switches: list[int] = []
    total_ns = 0
    gc.collect()
    gc.disable()
    try:
        deadline = perf_counter_ns() + int(max_secs * 1e9)
        while True:
            switches_before = resource.getrusage(resource.RUSAGE_SELF).ru_nivcsw
            cpu_before = process_time_ns()
            before = perf_counter_ns()
            invoke()
            after = perf_counter_ns()
            cpu_after = process_time_ns()
            switches_after = resource.getrusage(resource.RUSAGE_SELF).ru_nivcsw
            wall_ns.append(after - before)
            cpu_ns.append(cpu_after - cpu_before)
            switches.append(switches_after - switches_before)
            total_ns += after - before
            enough = len(wall_ns) >= num_runs and total_ns >= min_secs * 1e9
            if enough or after >= deadline:
                return Samples(tuple(wall_ns), tuple(cpu_ns), tuple(switches))
    finally:
        gc.enable()
