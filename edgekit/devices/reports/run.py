"""What one child process measured."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from edgekit.runtimes.machine import Conditions
from edgekit.runtimes.timing import TimeSamples, WarmUp


@dataclass(frozen=True)
class Run:
    """One child's raw samples and the circumstances they were taken in.

    Attributes:
        samples: wall time, CPU time and involuntary switches of every timed run.
        warm_up: how the untimed runs before them went.
        load_ms: time to load the file and prepare it to run.
        first_run_ms: time of the very first run.
        memory_before_load_bytes: peak resident memory with the runtime imported and no model.
        peak_memory_bytes: peak resident memory after the warm-up.
        outputs_sha256: hash of what the model computed from the seeded inputs.
        cooled_secs: how long the child waited for the machine to cool down first.
        connections_lost: how often a child before was cut short with the connection to the device,
            and what it measured dropped.
        before: the machine's state when the child then started.
        after: the machine's state when it had finished.
    """

    samples: TimeSamples
    warm_up: WarmUp
    load_ms: float
    first_run_ms: float
    memory_before_load_bytes: int
    peak_memory_bytes: int
    outputs_sha256: str
    cooled_secs: float
    connections_lost: int
    before: Conditions
    after: Conditions

    @cached_property
    def wall_ms(self) -> NDArray[np.float64]:
        """Wall time of every timed run, in the order taken."""
        return np.array(self.samples.wall_ns) / 1e6

    @cached_property
    def undisturbed_ms(self) -> NDArray[np.float64]:
        """Wall times of the runs during which the kernel never took the core away."""
        kept: NDArray[np.float64] = self.wall_ms[np.array(self.samples.involuntary_switches) == 0]
        return kept

    @property
    def median_ms(self) -> float:
        """Median wall time."""
        return float(np.median(self.wall_ms))
