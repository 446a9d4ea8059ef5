"""All files of one network, runtime and precision, timed in turns in the same processes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edgekit.processes import child
from edgekit.runtimes.jobs import CompareJob, JobFile

_RUNS, _LEAST_SECS, _MOST_SECS = 50, 0.5, 60.0  # of each file in each process
_WARM_UP_RUNS, _WARM_UP_SECS = 5, 0.2
_TIMEOUT_S = 900.0
_RESAMPLES = 4000


@dataclass(frozen=True)
class Estimate:
    """A median and its 95 % bootstrap interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Turns:
    """Times of several files.

    Attributes:
        times_ms: for each process an array (rounds, files): the median processor time of a run.
            On one thread this is the elapsed time less what other programs took of the core.
        undisturbed: share of the runs during which no other program took the core.
    """

    times_ms: tuple[npt.NDArray[np.float64], ...]
    undisturbed: float

    def median_ms(self, file: int) -> float:
        """Return the median time of one file over all rounds."""
        return float(np.median(np.concatenate(self.times_ms)[:, file]))

    def ratio(self, file: int, other: int) -> Estimate:
        """Return the time of one file divided by that of another in the same round.

        The interval is by bootstrap over processes, and over the rounds of each.
        """
        ratios = [times[:, file] / times[:, other] for times in self.times_ms]
        generator = np.random.default_rng(0)
        medians = []
        for _ in range(_RESAMPLES):
            chosen = [ratios[i] for i in generator.integers(0, len(ratios), len(ratios))]
            picked = [each[generator.integers(0, len(each), len(each))] for each in chosen]
            medians.append(np.median(np.concatenate(picked)))
        low, high = np.percentile(medians, [2.5, 97.5])
        return Estimate(float(np.median(np.concatenate(ratios))), float(low), float(high))


def measure(paths: Sequence[Path], processes: int) -> Turns:
    """Time files that run on the same runtime, on one thread.

    In each fresh process all files are loaded, in random order, and take turns in short blocks:
    a round is a block of each file in random order, and one of each in the reverse order.

    Args:
        paths: the files; one may come more than once.
        processes: how many processes.

    Raises:
        EdgekitError: a process failed.
    """
    times, undisturbed, runs = [], 0, 0
    for number in range(processes):
        job = CompareJob(
            files=tuple(JobFile(*child.located(path, None)) for path in paths),
            threads=1,
            seed=0,
            order_seed=number,
            warmup_runs=_WARM_UP_RUNS,
            warmup_secs=_WARM_UP_SECS,
            num_runs=_RUNS,
            min_secs=_LEAST_SECS,
            max_secs=_MOST_SECS,
        )
        blocks = child.call(job, _TIMEOUT_S)["run"]["blocks"]
        times.append(_times_ms(blocks, len(paths)))
        switches = [n for block in blocks for n in block["samples"]["involuntary_switches"]]
        undisturbed += sum(n == 0 for n in switches)
        runs += len(switches)
    return Turns(tuple(times), undisturbed / runs)


def _times_ms(blocks: list[dict[str, Any]], files: int) -> npt.NDArray[np.float64]:
    rounds = len(blocks) // (2 * files)
    table = np.empty((rounds, files))
    for number in range(rounds):
        own = blocks[2 * files * number : 2 * files * (number + 1)]
        for file in range(files):
            table[number, file] = _median_ms([b["samples"] for b in own if b["file"] == file])
    return table


def _median_ms(samples: list[dict[str, list[int]]]) -> float:
    """Return the median processor time of a run, of undisturbed runs where there are any."""
    taken = [
        (cpu, switches)
        for each in samples
        for cpu, switches in zip(each["cpu_ns"], each["involuntary_switches"], strict=True)
    ]
    quiet = [cpu for cpu, switches in taken if switches == 0]
    return float(np.median(quiet or [cpu for cpu, _ in taken])) / 1e6
