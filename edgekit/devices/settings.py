"""How long and how often to measure."""

from __future__ import annotations

import math
from dataclasses import dataclass

from edgekit.errors import UsageError
from edgekit.runtimes import timing
from edgekit.runtimes.machine import Conditions

# The interval of the headline comes from resampling children; of two there is nothing to resample.
LEAST_CHILDREN = 3
WARMER_C = 3.0
"""Degrees Celsius within which a machine counts as cool as before."""


@dataclass(frozen=True)
class MeasureSettings:
    """Settings of one measurement; every file measured together shares them.

    Attributes:
        threads: threads the runtime may compute with.
        children: fresh processes a file is measured in; at least 3.
        num_runs: least number of timed runs in each child.
        min_secs: least total time of the timed runs in each child.
        max_secs: time after which a child stops sampling, whatever it has.
        warmup_runs: least number of untimed runs before.
        warmup_secs: least time of the untimed runs; they go on until the times stand still, for
            at most five times as long (see `edgekit.runtimes.timing.warm_up`).
        seed: of the random inputs and of the order in which files take turns.
        timeout_s: seconds a child may take beyond that, to start, to load the file and to finish
            slow runs, before it is given up.
        cpus: processors to run on: ``big``, ``little``, or numbers such as ``0,1``; None leaves
            that to the system.
        cool_down_secs: longest wait before each child but the first, for the hottest thermal zone
            to be at most `WARMER_C` warmer than before that one.

    Raises:
        UsageError: a value is out of its range, or two contradict each other.
    """

    threads: int = 1
    children: int = LEAST_CHILDREN
    num_runs: int = 50
    min_secs: float = 1.0
    max_secs: float = 30.0
    warmup_runs: int = 5
    warmup_secs: float = 1.0
    seed: int = 0
    timeout_s: float = 300.0
    cpus: str | None = None
    cool_down_secs: float = 0.0

    def __post_init__(self) -> None:
        _at_least("threads", self.threads, 1)
        _at_least("children", self.children, LEAST_CHILDREN)
        _at_least("num_runs", self.num_runs, 1)
        _at_least("min_secs", self.min_secs, 0)
        _at_least("max_secs", self.max_secs, self.min_secs)
        _at_least("warmup_runs", self.warmup_runs, 1)
        _at_least("warmup_secs", self.warmup_secs, 0)
        _at_least("seed", self.seed, 0)
        _at_least("timeout_s", self.timeout_s, 1)
        _at_least("cool_down_secs", self.cool_down_secs, 0)

    @property
    def child_timeout_s(self) -> float:
        """Seconds after which a child is given up."""
        warm_up_secs = timing.CAP_FACTOR * self.warmup_secs
        return self.cool_down_secs + warm_up_secs + self.max_secs + self.timeout_s

    def cooling(self, first: Conditions | None) -> dict[str, float]:
        """Return what a job says of cooling down; nothing if it shall not.

        Args:
            first: the state of the machine before the first child; None for that child.
        """
        if first is None or not self.cool_down_secs:
            return {}
        start_c = first.hottest_c or 0.0
        return {"cool_to_c": start_c + WARMER_C, "cool_down_secs": self.cool_down_secs}


def _at_least(name: str, value: float, least: float) -> None:
    if not (math.isfinite(value) and value >= least):
        raise UsageError(f"{name} must be at least {least:g}, not {value:g}")
