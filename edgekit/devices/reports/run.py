"""What one child process measured."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from edgekit.files import documents
from edgekit.runtimes.machine import Conditions
from edgekit.runtimes.timing import TimeSamples, WarmUp

_PAGE_BYTES = 4096


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
        load_cpu_ms: processor time of loading, of all threads; None in older reports, as all below.
        first_run_cpu_ms: processor time of the very first run.
        private_memory_before_load_bytes: memory of the process alone, with the runtime imported
            and no model; None also where the system does not say.
        private_memory_bytes: the same after the first run.
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
    load_cpu_ms: float | None = documents.added(None)
    first_run_cpu_ms: float | None = documents.added(None)
    private_memory_before_load_bytes: int | None = documents.added(None)
    private_memory_bytes: int | None = documents.added(None)

    @property
    def first_answer_ms(self) -> float:
        """Time from the file to its first answer."""
        return self.load_ms + self.first_run_ms

    @property
    def first_answer_cpu_ms(self) -> float | None:
        """Processor time of that."""
        if self.load_cpu_ms is None or self.first_run_cpu_ms is None:
            return None
        return self.load_cpu_ms + self.first_run_cpu_ms

    @property
    def added_private_bytes(self) -> int | None:
        """Private memory that the file's first answer added to the process, a page at least."""
        before, after = self.private_memory_before_load_bytes, self.private_memory_bytes
        return None if before is None or after is None else max(after - before, _PAGE_BYTES)

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
