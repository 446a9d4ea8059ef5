"""What workers answer, decoded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from edgekit.devices.reports.comparison import Turns
from edgekit.devices.reports.profile import ProfileRun
from edgekit.devices.reports.run import Run
from edgekit.devices.targets import Target
from edgekit.errors import WorkerError
from edgekit.processes import answers as worker_answers
from edgekit.runtimes import ModelInfo
from edgekit.runtimes.jobs import Job
from edgekit.runtimes.machine import Conditions, Machine
from edgekit.runtimes.operators import Operator
from edgekit.runtimes.timing import TimeWindow


@dataclass(frozen=True)
class LatencyAnswer:
    """To a `MeasureJob`."""

    model: ModelInfo
    machine: Machine
    run: Run

    @property
    def constant(self) -> object:
        """What must be the same in every process."""
        return self.model, self.machine


@dataclass(frozen=True)
class ComparisonAnswer:
    """To a `CompareJob`."""

    models: tuple[ModelInfo, ...]
    machine: Machine
    run: Turns

    @property
    def constant(self) -> object:
        """What must be the same in every process."""
        return self.models, self.machine


@dataclass(frozen=True)
class ProfileAnswer:
    """To a `ProfileJob`."""

    model: ModelInfo
    machine: Machine
    operators: tuple[Operator, ...]
    run: ProfileRun

    @property
    def constant(self) -> object:
        """What must be the same in every process."""
        return self.model, self.machine, self.operators


@dataclass(frozen=True)
class SustainedAnswer:
    """To a `SustainJob`."""

    model: ModelInfo
    machine: Machine
    windows: tuple[TimeWindow, ...]
    states: tuple[Conditions, ...]


@dataclass(frozen=True)
class CountAnswer:
    """To a `CountJob`."""

    model: ModelInfo
    outputs_sha256: str

    @property
    def constant(self) -> object:
        """What must be the same in every process."""
        return self.model


class Repeated(Protocol):
    """An answer of one of several processes that do the same."""

    @property
    def constant(self) -> object:
        """What must be the same in every process."""
        ...


Kind = TypeVar("Kind")


def ask(kind: type[Kind], target: Target, job: Job, timeout_s: float) -> Kind:
    """Give a job to a fresh worker on a target and return its answer.

    Raises:
        WorkerError: the worker died, hung or answered nonsense.
        EdgekitError: whatever the worker itself raised.
    """
    return decoded(kind, target.run(job, timeout_s))


def decoded(kind: type[Kind], answer: Mapping[str, Any]) -> Kind:
    """Decode an answer.

    Raises:
        WorkerError: it is nonsense.
    """
    return worker_answers.decoded(kind, answer)


def check_constant(answers: Sequence[Repeated], about: str) -> None:
    """Check that processes which did the same did it to the same file on the same machine.

    Raises:
        WorkerError: something changed; ``about`` begins its message.
    """
    if any(other.constant != answers[0].constant for other in answers):
        raise WorkerError(f"{about}: a file, a runtime or the machine changed meanwhile")
