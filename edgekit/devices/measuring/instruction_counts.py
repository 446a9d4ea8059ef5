"""Count the instructions that model files execute on an emulated processor.

The number is the same on every machine and under any load, so that a gate on it never flakes. It
is no time: it knows nothing of clocks, caches or how many instructions a core does at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from statistics import median_low
from typing import Any

from edgekit import __version__
from edgekit.devices.measuring.latency import Progress, Request, identify
from edgekit.devices.reports import file_report
from edgekit.devices.reports.file_report import FileReport
from edgekit.devices.targets import Counted, CountingTarget
from edgekit.emulation.instruction_counts import Counts
from edgekit.errors import UsageError, WorkerError
from edgekit.files import documents
from edgekit.processes import child
from edgekit.runtimes import ModelInfo
from edgekit.runtimes.count_marks import EMPTY_RUNS


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
        for field in fields(self):
            least = 0 if field.name in ("seed", "warmup_runs") else 1
            if getattr(self, field.name) < least:
                value = getattr(self, field.name)
                raise UsageError(f"{field.name} must be at least {least}, not {value}")


@dataclass(frozen=True)
class CountedRuns:
    """What one process executed.

    Attributes:
        runs: counts of each run of the model, in order.
        outputs_sha256: hash of what the model computed from the seeded inputs.
    """

    runs: tuple[Counts, ...]
    outputs_sha256: str

    @property
    def instructions(self) -> int:
        """Median over the runs (the lower of two)."""
        return median_low(run.instructions for run in self.runs)


@dataclass(frozen=True)
class CountReport(FileReport):
    """What one file executes per inference on one emulated processor.

    Attributes:
        processor: what was emulated.
        settings: how it was counted.
        info: what the runtime says about the file.
        children: what each process executed.
    """

    schema = "edgekit.instruction-counts"
    schema_version = 1

    processor: str
    settings: CountSettings
    info: ModelInfo
    children: tuple[CountedRuns, ...]

    @property
    def label(self) -> str:
        """What the number is."""
        return f"executed AArch64 instructions under emulated {self.processor}, not a time"

    @property
    def instructions(self) -> int:
        """The headline: median of the processes' medians (the lower of two)."""
        return median_low(child.instructions for child in self.children)

    @property
    def counts(self) -> Counts:
        """All classes of the run that the headline is of."""
        every = (run for child in self.children for run in child.runs)
        return next(run for run in every if run.instructions == self.instructions)

    @property
    def spread(self) -> float:
        """Largest less smallest count over the processes, as a part of the headline."""
        each = [child.instructions for child in self.children]
        return (max(each) - min(each)) / self.instructions

    @property
    def instructions_per_mac(self) -> float | None:
        """The headline over the multiply-accumulates; None where they are unknown or none."""
        return self.instructions / self.macs if self.macs else None

    def summary(self) -> dict[str, Any]:
        """Return the derived numbers, ready for JSON."""
        return {
            "label": self.label,
            "instructions": self.instructions,
            "spread": self.spread,
            "instructions_per_mac": self.instructions_per_mac,
            **asdict(self.counts),
        }


def counts_from_json(text: str) -> CountReport:
    """Read a report that `CountReport.to_json` wrote; its ``summary`` is derived anew.

    Raises:
        RefusedError: the text is no such report, is of another version, or is damaged.
    """
    return file_report.read(CountReport, text, "instruction count")


def count(
    requests: Sequence[Request],
    settings: CountSettings,
    target: CountingTarget,
    progress: Callable[[Progress], None] | None = None,
) -> list[CountReport]:
    """Count what each file executes per inference, in one thread; return one report a file.

    What Python itself executes between two marks with nothing in between is taken off.

    Args:
        requests: what to count.
        settings: how.
        target: the emulated processor.
        progress: called before each process.

    Raises:
        InvalidPathError: a file does not exist.
        UnreadableModelError: a runtime rejects a file.
        EnvironmentMissingError: nothing can be counted here; says what is missing.
        WorkerError: a process died, hung or answered nonsense.
    """
    jobs = [_job(request, settings) for request in requests]
    total = len(requests) * settings.children
    reports = []
    for number, (request, job) in enumerate(zip(requests, jobs, strict=True)):
        found = []
        for index in range(settings.children):
            if progress is not None:
                progress(Progress(request, number * settings.children + index, total))
            found.append(target.count(job, settings.timeout_s))
        reports.append(_report(request, settings, target, found))
    return reports


def _job(request: Request, settings: CountSettings) -> dict[str, Any]:
    job = child.make_job("count", request.path, request.runtime, threads=1)
    more = ("seed", "warmup_runs", "num_runs")
    return {**job, **{name: getattr(settings, name) for name in more}}


def _report(
    request: Request, settings: CountSettings, target: CountingTarget, found: Sequence[Counted]
) -> CountReport:
    path, file = request.path, identify(request.path)
    infos = [documents.decode(ModelInfo, each.answer["model"]) for each in found]
    if any(info != infos[0] for info in infos):
        raise WorkerError(f"{path}: the file or the runtime changed meanwhile")
    return CountReport(
        file=str(path),
        sha256=file.sha256,
        size_bytes=file.size_bytes,
        model=request.model,
        precision=request.precision,
        macs=request.macs,
        target=target.name,
        processor=target.processor,
        edgekit_version=__version__,
        settings=settings,
        info=infos[0],
        children=tuple(_counted(path, each, settings) for each in found),
    )


def _counted(path: Path, counted: Counted, settings: CountSettings) -> CountedRuns:
    if len(counted.runs) != EMPTY_RUNS + settings.num_runs:
        raise WorkerError(
            f"{path}: {len(counted.runs)} counts came for {EMPTY_RUNS + settings.num_runs} runs"
        )
    empty = counted.runs[EMPTY_RUNS - 1]
    runs = tuple(run - empty for run in counted.runs[EMPTY_RUNS:])
    return CountedRuns(runs, counted.answer["outputs_sha256"])
