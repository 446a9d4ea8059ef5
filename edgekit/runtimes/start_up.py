"""Load a file and run it once, and say what starting took: time, and memory of the process."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter_ns, process_time_ns
from typing import TypeVar

from edgekit import runtimes
from edgekit.errors import EnvironmentMissingError
from edgekit.runtimes import jobs, machine
from edgekit.runtimes.base import Session

Loader = Callable[[], Session]
Found = TypeVar("Found")


@dataclass(frozen=True)
class StartUp:
    """What starting took.

    Attributes:
        load_ms: time to load the file and prepare it to run.
        load_cpu_ms: processor time of that, of all threads.
        first_run_ms: time of the very first run.
        first_run_cpu_ms: processor time of that.
        memory_before_load_bytes: peak resident memory with the runtime imported and no model.
        private_memory_before_load_bytes: private memory at that moment; None where the system
            does not say.
        private_memory_bytes: the same after the first run.
    """

    load_ms: float
    load_cpu_ms: float
    first_run_ms: float
    first_run_cpu_ms: float
    memory_before_load_bytes: int
    private_memory_before_load_bytes: int | None
    private_memory_bytes: int | None


def start(job: jobs.MeasureJob, set_inputs: Callable[[Session], None]) -> tuple[Session, StartUp]:
    """Load the file of a job, hand it inputs, and run it once.

    Args:
        job: what to load, and with what weight cache.
        set_inputs: hands them over, untimed.

    Returns:
        The session, which goes on to run, and what this took.
    """
    with _loader(job) as load:
        runtimes.import_runtime(job.runtime)
        if job.weight_cache:
            from edgekit.runtimes.litert import compiled

            compiled.environment()  # an app makes it once, whatever it loads
        before, private_before = machine.peak_memory_bytes(), machine.private_memory_bytes()
        session, load_ms, load_cpu_ms = _timed(load)
        set_inputs(session)
        _, first_run_ms, first_run_cpu_ms = _timed(session.invoke)
        private = machine.private_memory_bytes()
    return session, StartUp(
        load_ms, load_cpu_ms, first_run_ms, first_run_cpu_ms, before, private_before, private
    )


@contextmanager
def _loader(job: jobs.MeasureJob) -> Iterator[Loader]:
    """Yield what loads the file of a job; a weight cache lasts as long as the ``with`` block."""
    if not job.weight_cache:
        yield lambda: runtimes.load(job.runtime, job.path, job.threads)
        return
    with tempfile.TemporaryDirectory() as folder:
        cache = None if job.weight_cache == "off" else Path(folder) / "weights"

        def load() -> Session:
            from edgekit.runtimes.litert import compiled

            return compiled.load(Path(job.path), job.threads, weight_cache=cache)

        if job.weight_cache == "warm":
            _in_another_process(load)
            if cache is None or not cache.is_file():
                raise EnvironmentMissingError(
                    f"{job.path}: this LiteRT made no weight cache: measure without it"
                )
        yield load


def _in_another_process(load: Loader) -> None:
    """Load a file as an earlier start of an app would have, and leave no trace in this process."""
    number = os.fork()
    if number:
        os.waitpid(number, 0)
        return
    try:
        load()
    finally:
        os._exit(0)


def _timed(does: Callable[[], Found]) -> tuple[Found, float, float]:
    start_ns, start_cpu_ns = perf_counter_ns(), process_time_ns()
    found = does()
    end_ns, end_cpu_ns = perf_counter_ns(), process_time_ns()
    return found, (end_ns - start_ns) / 1e6, (end_cpu_ns - start_cpu_ns) / 1e6
