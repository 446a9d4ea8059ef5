"""How long and how often to measure, profile, count and sustain."""

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
        warmup_secs: least time of the untimed runs; they go on until the times have settled,
            for at most five times as long (see `edgekit.runtimes.timing.warm_up`).
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
        if self.children < LEAST_CHILDREN:
            raise UsageError(
                f"children must be at least {LEAST_CHILDREN}, not {self.children}: the interval of "
                "a time is of what processes differ by; --profile and instruction counts take 1"
            )
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

    def cool_to_c(self, first: Conditions | None) -> float | None:
        """Return to what temperature the machine shall cool down first; None if it need not.

        Args:
            first: the state of the machine before the first child; None for that child.
        """
        if first is None or not self.cool_down_secs:
            return None
        return (first.hottest_c or 0.0) + WARMER_C


@dataclass(frozen=True)
class ProfileSettings:
    """How long and how often to profile.

    Attributes:
        threads: threads the runtime may compute with.
        children: fresh processes a file is profiled in.
        num_runs: timed runs of the whole, at least, and runs kept of ONNX Runtime's profile.
        min_secs: least seconds of the timed runs of the whole.
        max_secs: seconds after which a process stops timing the whole.
        warmup_runs: least untimed runs before.
        warmup_secs: least seconds of these.
        operator_secs: of an operator alone, least seconds of each of four stretches of runs.
        seed: of the random inputs and of the order in which files take turns.
        cpus: processors to run on, as in `edgekit.devices.MeasureSettings`.
        timeout_s: seconds after which a process is given up.

    Raises:
        UsageError: a value is out of its range.
    """

    threads: int = 1
    children: int = 3
    num_runs: int = 50
    min_secs: float = 0.5
    max_secs: float = 30.0
    warmup_runs: int = 5
    warmup_secs: float = 0.5
    operator_secs: float = 0.01
    seed: int = 0
    cpus: str | None = None
    timeout_s: float = 1800.0

    def __post_init__(self) -> None:
        for name in ("threads", "children", "num_runs", "warmup_runs"):
            _at_least(name, getattr(self, name), 1)
        for name in ("min_secs", "max_secs", "warmup_secs", "operator_secs", "timeout_s"):
            _at_least(name, getattr(self, name), 0)


@dataclass(frozen=True)
class CountSettings:
    """Settings of one count.

    Attributes:
        children: fresh processes a file is counted in.
        num_runs: counted runs in each; their median counts for the process.
        warmup_runs: runs before, in which a runtime packs weights and finds its memory.
        seed: of the random inputs.
        timeout_s: seconds a process may take before it is given up.

    Raises:
        UsageError: a number is too small.
    """

    children: int = 3
    num_runs: int = 5
    warmup_runs: int = 3
    seed: int = 0
    timeout_s: float = 3600.0

    def __post_init__(self) -> None:
        _at_least("children", self.children, 1)
        _at_least("num_runs", self.num_runs, 1)
        _at_least("warmup_runs", self.warmup_runs, 0)
        _at_least("seed", self.seed, 0)
        _at_least("timeout_s", self.timeout_s, 1)


@dataclass(frozen=True)
class SustainSettings:
    """How long to run.

    Attributes:
        secs: seconds without a pause.
        window_secs: of one entry of the time series.
        threads: threads the runtime may compute with.
        cpus: processors to run on, as in `edgekit.devices.MeasureSettings`.
        seed: of the random inputs.

    Raises:
        UsageError: a value is out of its range.
    """

    secs: float
    window_secs: float = 1.0
    threads: int = 1
    cpus: str | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        if not (math.isfinite(self.secs) and 0 < 2 * self.window_secs <= self.secs):
            raise UsageError(
                f"a sustained run takes at least {2 * self.window_secs:g} s, not {self.secs:g}"
            )
        _at_least("threads", self.threads, 1)


def _at_least(name: str, value: float, least: float) -> None:
    if not (math.isfinite(value) and value >= least):
        raise UsageError(f"{name} must be at least {least:g}, not {value:g}")
