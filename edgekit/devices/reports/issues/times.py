"""Doubts about times: too few runs, too much scatter, a machine that had not settled."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from edgekit.devices.reports.issues.issue import Issue
from edgekit.devices.statistics import samples
from edgekit.devices.statistics.ratio import Clock

# Below this many samples even the median of one process scatters by a good part of the spread.
LEAST_RUNS = 30
# A 95 % interval wider than this cannot tell apart two files that differ by 5 %.
WIDEST_INTERVAL = 0.05
# As a part of the mean; other benchmark tools also start to warn there.
WIDEST_STD = 0.10
# About that standard deviation.
WIDEST_MAD = 0.07
# Fresh processes on a quiet machine differ by up to 6 % (memory layout); this is clearly more.
WIDEST_PROCESSES = 0.10
# A processor that slows by more than this from first to last third is throttling.
LARGEST_DRIFT = 0.05
# With one run in ten interrupted, the upper percentiles measure the scheduler.
LARGEST_INTERRUPTED = 0.10
# One Python call and one clock reading take about 1 us together: 2 % of this.
SHORTEST_MS = 0.05


def few_runs(fewest: int, wanted: int) -> Iterator[Issue]:
    """Yield that a process made fewer timed runs than were wanted, or than a median needs."""
    if fewest < max(LEAST_RUNS, wanted):
        yield Issue(
            "few-runs", f"a process made only {fewest} runs", "raise --max-secs or --num-runs"
        )


def wide_interval(interval_ms: tuple[float, float], median_ms: float) -> Iterator[Issue]:
    """Yield that the 95 % interval of the headline is wide."""
    low, high = interval_ms
    width = (high - low) / median_ms
    if width > WIDEST_INTERVAL:
        yield Issue(
            "wide-interval",
            f"the 95 % interval is {width:.0%} of the median wide",
            "measure on a quieter machine, or raise --min-secs",
        )


def wide_mad(mad_ms: float, median_ms: float) -> Iterator[Issue]:
    """Yield that the runs' median absolute deviation is large."""
    spread = mad_ms / median_ms
    if spread > WIDEST_MAD:
        yield Issue(
            "wide-spread",
            f"the median deviation is {spread:.0%} of the median",
            "stop other programs, or fix the processor's frequency",
        )


def wide_std(std_ms: float, mean_ms: float) -> Iterator[Issue]:
    """Yield that the runs' standard deviation is large."""
    spread = std_ms / mean_ms
    if spread > WIDEST_STD:
        yield Issue(
            "wide-spread",
            f"the standard deviation is {spread:.0%} of the mean",
            "take --cpus big, close other apps, or let the phone cool down",
        )


def processes_differ(times_ms: Collection[float], headline_ms: float) -> Iterator[Issue]:
    """Yield that the processes' medians, or means, lie far apart."""
    spread = (max(times_ms) - min(times_ms)) / headline_ms
    if spread > WIDEST_PROCESSES:
        yield Issue(
            "children-differ",
            f"the processes' times lie {spread:.0%} apart",
            "measure again when nothing else runs",
        )


def drift(processes_ms: Sequence[NDArray[np.float64]]) -> Iterator[Issue]:
    """Yield that the times rose or fell within a process; its runs are in the order taken."""
    worst = max((samples.drift(wall_ms) for wall_ms in processes_ms), key=abs)
    if abs(worst) > LARGEST_DRIFT:
        yield Issue(
            "drift",
            f"within a process the times changed by {worst:+.0%} from first to last third",
            "let the machine cool down" if worst > 0 else "warm up for longer",
        )


def warm_up(settled: Sequence[bool]) -> Iterator[Issue]:
    """Yield in how many processes the times still changed when the warm-up ended."""
    restless = settled.count(False)
    if restless:
        yield Issue(
            "warm-up",
            f"the times were still changing at the end of the warm-up in {restless} of "
            f"{len(settled)} process{'es' if len(settled) > 1 else ''}",
            "stop other programs, or warm up for longer",
        )


def interrupted(fraction: float) -> Iterator[Issue]:
    """Yield that the kernel interrupted many of the runs."""
    if fraction > LARGEST_INTERRUPTED:
        yield Issue(
            "busy",
            f"{fraction:.0%} of the runs were interrupted by other processes",
            "stop other programs, or read the undisturbed median",
        )


def clocks(used: Collection[Clock]) -> Iterator[Issue]:
    """Yield that a ratio is not of the wall times of undisturbed runs, as there were too few."""
    if "CPU" in used:
        yield Issue(
            "cpu-time",
            "other processes interrupted nearly every run, so the ratio is of CPU times",
            "read it as the ratio on a machine that runs nothing else",
            doubtful=False,
        )
    if "wall" in used:
        yield Issue(
            "busy",
            "other processes interrupted nearly every run, and the ratio is of those times",
            "stop other programs, or use one thread",
        )


def timer(shortest_ms: float) -> Iterator[Issue]:
    """Yield that runs are so short that reading the clock is a part of them."""
    if shortest_ms < SHORTEST_MS:
        yield Issue(
            "timer",
            f"a run takes {1000 * shortest_ms:.0f} us, of which about 1 us is reading the clock",
            "do not rely on differences of a few per cent: the true ones are larger",
        )
