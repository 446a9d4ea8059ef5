"""The measuring loop: warm up until the times have settled, then keep every sample."""

from __future__ import annotations

import gc
import math
import random
import resource
import statistics
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter_ns, process_time_ns

_WINDOWS = 3
_WINDOW_SHARE = 0.1  # of the least warm-up time: long enough for a steady median
_TOLERANCE = 0.03  # between window medians; a quiet machine's own scatter is 1 to 2 %
CAP_FACTOR = 5  # of the least warm-up time: a machine that is not steady by then will not be

# A block is long beside what the files do to one another's caches, and short beside the seconds
# over which a machine's speed wanders.
_BLOCK_NS = 20_000_000
_LEAST_IN_BLOCK = 5
_MOST_IN_BLOCK = 200  # keeps the answer small for files that take microseconds
# Of files that take microseconds, most of the time goes to clocks and dropped runs: where this
# many times the asked time has passed, there are ten thousands of samples.
_ELAPSED_FACTOR = 1.5
# Runs dropped at the start of a block, at least one: they fill the caches with this file's data.
_SETTLE_NS = 2_000_000


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
class TimeSamples:
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


@dataclass(frozen=True)
class Block:
    """Consecutive runs of one of several files that take turns.

    Attributes:
        file: number of the file, counted from 0.
        samples: its raw samples; what the block dropped at its start is not among them.
    """

    file: int
    samples: TimeSamples


@dataclass(frozen=True)
class TimeWindow:
    """What a short stretch of a long measurement came to.

    Attributes:
        end_s: seconds from the start of the measurement to the end of this stretch.
        runs: number of runs in it.
        median_ns: median wall time of these.
        undisturbed_median_ns: the same of those during which the kernel took no core away; None
            if there are none.
    """

    end_s: float
    runs: int
    median_ns: float
    undisturbed_median_ns: float | None


def window(samples: TimeSamples, end_s: float) -> TimeWindow:
    """Summarise the samples of a stretch that ended at ``end_s``."""
    pairs = zip(samples.wall_ns, samples.involuntary_switches)  # noqa: B905 -- Python 3.9
    undisturbed = [ns for ns, switches in pairs if not switches]
    return TimeWindow(
        end_s=end_s,
        runs=len(samples.wall_ns),
        median_ns=statistics.median(samples.wall_ns),
        undisturbed_median_ns=statistics.median(undisturbed) if undisturbed else None,
    )


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
) -> TimeSamples:
    """Time runs one by one.

    Takes at least ``num_runs`` samples that last at least ``min_secs`` together, or have taken
    1.5 times that with all between them, and stops early once ``max_secs`` have passed. Only
    ``invoke`` lies between the two clock readings; the process's CPU time and switches are read
    outside them. Python's garbage collector rests.
    """
    log = _Log()
    total_ns = 0
    with _no_garbage_collection():
        start = perf_counter_ns()
        while True:
            total_ns += log.time(invoke)
            elapsed_ns = perf_counter_ns() - start
            is_long = max(total_ns, elapsed_ns / _ELAPSED_FACTOR) >= min_secs * 1e9
            if (len(log.wall_ns) >= num_runs and is_long) or elapsed_ns >= max_secs * 1e9:
                return log.samples()


def sample_in_turns(
    invokes: Sequence[Callable[[], object]],
    num_runs: int,
    min_secs: float,
    max_secs: float,
    seed: int,
) -> tuple[Block, ...]:
    """Time several files in one process, in short blocks that take turns.

    A round is one block of each file in a random order and then one of each in the reverse order
    (A B B A), so that a machine that speeds up or slows down evenly favours none of them. Rounds
    go on until each file has ``num_runs`` samples that last ``min_secs`` together, or the rounds
    have taken 1.5 times that for each file, and stop early once ``max_secs`` have passed; the last
    round is always whole.

    Returns:
        The blocks in the order taken: ``2 * len(invokes)`` a round.
    """
    generator = random.Random(seed)  # noqa: S311 -- an order, not a secret
    blocks: list[Block] = []
    counts, totals_ns = [0] * len(invokes), [0] * len(invokes)
    with _no_garbage_collection():
        start = perf_counter_ns()
        lengths_ns = [_length_ns(invoke) for invoke in invokes]
        while True:
            order = generator.sample(range(len(invokes)), len(invokes))
            for number in [*order, *reversed(order)]:
                samples = _block(invokes[number], lengths_ns[number])
                blocks.append(Block(number, samples))
                counts[number] += len(samples.wall_ns)
                totals_ns[number] += sum(samples.wall_ns)
            elapsed_ns = perf_counter_ns() - start
            each_ns = elapsed_ns / _ELAPSED_FACTOR / len(invokes)
            is_long = max(min(totals_ns), each_ns) >= min_secs * 1e9
            if (min(counts) >= num_runs and is_long) or elapsed_ns >= max_secs * 1e9:
                return tuple(blocks)


def _length_ns(invoke: Callable[[], object]) -> int:
    """Return about how long an undisturbed run takes; at least 1."""
    log = _Log()
    for _ in range(5):
        log.time(invoke)
    return max(1, min(log.wall_ns))


def _block(invoke: Callable[[], object], length_ns: int) -> TimeSamples:
    # Counts, not times, end a block: else a disturbed run would cut its own block short.
    for _ in range(math.ceil(_SETTLE_NS / length_ns)):
        invoke()
    log = _Log()
    for _ in range(max(_LEAST_IN_BLOCK, min(_MOST_IN_BLOCK, math.ceil(_BLOCK_NS / length_ns)))):
        log.time(invoke)
    return log.samples()


class _Log:
    """Raw samples while they are taken."""

    def __init__(self) -> None:
        self.wall_ns: list[int] = []
        self._cpu_ns: list[int] = []
        self._switches: list[int] = []

    def time(self, invoke: Callable[[], object]) -> int:
        """Time one run and return its wall time, ns."""
        switches_before = resource.getrusage(resource.RUSAGE_SELF).ru_nivcsw
        cpu_before = process_time_ns()
        before = perf_counter_ns()
        invoke()
        after = perf_counter_ns()
        cpu_after = process_time_ns()
        switches_after = resource.getrusage(resource.RUSAGE_SELF).ru_nivcsw
        self.wall_ns.append(after - before)
        self._cpu_ns.append(cpu_after - cpu_before)
        self._switches.append(switches_after - switches_before)
        return after - before

    def samples(self) -> TimeSamples:
        """Return what was taken."""
        return TimeSamples(tuple(self.wall_ns), tuple(self._cpu_ns), tuple(self._switches))


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
