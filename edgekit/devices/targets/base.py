"""What a place that runs models can do."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from edgekit.devices.targets.benchmark_output import Outcome
from edgekit.devices.targets.phone_facts import BenchmarkProgram, Phone, PhoneState
from edgekit.emulation.instruction_counts import Counts
from edgekit.errors import RefusedError
from edgekit.progress import Progress
from edgekit.runtimes.jobs import CountJob, Job
from edgekit.runtimes.machine import Machine

if TYPE_CHECKING:
    from edgekit.devices.settings import MeasureSettings


@dataclass(frozen=True)
class Probe:
    """What a target offers.

    Attributes:
        machine: its fixed facts.
        runtimes: canonical runtime name to package and version; None where not installed.
    """

    machine: Machine | Phone
    runtimes: dict[str, str | None]


class Target(Protocol):
    """A machine that runs worker jobs, each in a fresh process."""

    @property
    def name(self) -> str:
        """The text that `edgekit.devices.resolve_target` takes for this target."""
        ...

    def probe(self) -> Probe:
        """Ask what the machine is and which runtimes it has.

        Raises:
            WorkerError: it does not answer.
        """
        ...

    def run(self, job: Job, timeout_s: float) -> dict[str, Any]:
        """Give a job to a fresh worker there and return its answer.

        Args:
            job: its files are on this machine, and bringing them over is the target's business.
            timeout_s: seconds after which the worker is given up.

        Raises:
            WorkerError: the worker died, hung or gave no answer.
            EdgekitError: whatever the worker itself raised.
        """
        ...


@runtime_checkable
class InstallingTarget(Target, Protocol):
    """A machine on which the runtimes can be installed from here."""

    def install(self, progress: Progress) -> None:
        """Install what the worker needs, for good.

        Args:
            progress: told what is installed.

        Raises:
            EnvironmentMissingError: that failed; says why.
        """
        ...


@dataclass(frozen=True)
class Counted:
    """A job's answer, and what its marked runs executed.

    Attributes:
        answer: of the worker.
        runs: counts of each pair of marks, in order.
    """

    answer: dict[str, Any]
    runs: tuple[Counts, ...]


@runtime_checkable
class CountingTarget(Target, Protocol):
    """An emulated machine, on which instructions are counted and time means nothing."""

    @property
    def processor(self) -> str:
        """What is emulated, as part of a sentence: ``Cortex-A76``."""
        ...

    def count(self, job: CountJob, timeout_s: float) -> Counted:
        """Give a job to a fresh worker there and count what its marked runs execute.

        Raises:
            EnvironmentMissingError: nothing can be counted here.
            WorkerError: as for `Target.run`.
        """
        ...


def refuse_emulated(target: Target) -> None:
    """Refuse to time anything on an emulated machine.

    Raises:
        RefusedError: ``target`` is one (reason "emulated-time").
    """
    if isinstance(target, CountingTarget):
        raise RefusedError(
            f"{target.name} is an emulated machine, on which time means nothing: count "
            f"instructions there with `edgekit latency --target {target.name}`",
            reason_code="emulated-time",
        )


@dataclass(frozen=True)
class Benchmarked:
    """What one process of ``benchmark_model`` found, and on what.

    Attributes:
        tool: the program.
        phone: the phone's fixed facts.
        outcome: what it printed.
        before: the phone's state before.
        after: the phone's state after.
    """

    tool: BenchmarkProgram
    phone: Phone
    outcome: Outcome
    before: PhoneState
    after: PhoneState


@runtime_checkable
class BenchmarkTarget(Target, Protocol):
    """A phone on which TFLite's ``benchmark_model`` measures, which keeps no samples."""

    def benchmark(self, path: Path, settings: MeasureSettings) -> Benchmarked:
        """Run ``benchmark_model`` on a file in a fresh process there.

        Raises:
            EnvironmentMissingError: the phone or the program cannot be used.
            WorkerError: the program failed, or what it printed is not understood.
        """
        ...
