"""One process at a time, for whoever keeps the answers and goes on after being killed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, TypeAlias

from edgekit.devices.measuring import instruction_counts, latency
from edgekit.devices.measuring.answers import LatencyAnswer, decoded
from edgekit.devices.measuring.request import FileFacts, ModelFile
from edgekit.devices.reports.instruction_counts import CountReport
from edgekit.devices.reports.latency import LatencyReport
from edgekit.devices.settings import CountSettings, MeasureSettings
from edgekit.devices.targets import BenchmarkTarget, Counted, CountingTarget, Target
from edgekit.emulation.instruction_counts import Counts
from edgekit.errors import UsageError
from edgekit.files import documents

Settings: TypeAlias = MeasureSettings | CountSettings


def settings_for(target: Target, wanted: MeasureSettings) -> Settings:
    """Return how a target is measured: an emulated one is counted, in one thread.

    Raises:
        UsageError: the target keeps no samples, or counts and shall use several threads.
    """
    if isinstance(target, BenchmarkTarget):
        raise UsageError(
            f"{target.name} measures with benchmark_model, which keeps no samples: measure there "
            "with `edgekit latency`, or reach the phone with ssh (see docs/devices.md)"
        )
    if not isinstance(target, CountingTarget):
        return wanted
    if wanted.threads != 1:
        raise UsageError(f"{target.name} counts in one thread, not in {wanted.threads}")
    return CountSettings(children=wanted.children, seed=wanted.seed)


def ask(target: Target, file: ModelFile, settings: Settings) -> dict[str, Any]:
    """Measure a file in one fresh process and return what it answered, ready for JSON.

    Raises:
        WorkerError: the process died, hung or answered nonsense.
        EdgekitError: whatever it raised itself.
    """
    if isinstance(settings, CountSettings):
        assert isinstance(target, CountingTarget)  # noqa: S101 -- settings_for says so
        counted = target.count(
            instruction_counts.job_of(file.for_job, settings), settings.timeout_s
        )
        return {"answer": counted.answer, "runs": [asdict(run) for run in counted.runs]}
    answer = target.run(latency.job_of(file.for_job, settings), settings.child_timeout_s)
    decoded(LatencyAnswer, answer)
    return answer


def report_of(
    target: Target,
    facts: FileFacts,
    settings: Settings,
    answers: Sequence[Mapping[str, Any]],
) -> LatencyReport | CountReport:
    """Return the report on a file from what `ask` returned, once for each process.

    Raises:
        WorkerError: an answer is nonsense, or something changed between them.
    """
    if isinstance(settings, CountSettings):
        assert isinstance(target, CountingTarget)  # noqa: S101 -- settings_for says so
        found = [
            Counted(each["answer"], tuple(documents.decode(Counts, run) for run in each["runs"]))
            for each in answers
        ]
        return instruction_counts.report_of(facts, target, settings, found)
    return latency.report_of(
        facts, target, settings, [decoded(LatencyAnswer, each) for each in answers]
    )
