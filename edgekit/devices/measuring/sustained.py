"""Run one file without a pause for long, to see what heat does to it."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from edgekit import __version__
from edgekit.devices.measuring.latency import Request, identify, runtime_of
from edgekit.devices.reports.sustained import SustainedReport
from edgekit.devices.settings import SustainSettings
from edgekit.devices.targets import Target, refuse_emulated
from edgekit.errors import WorkerError
from edgekit.files import documents
from edgekit.runtimes import ModelInfo
from edgekit.runtimes.machine import Conditions, Machine
from edgekit.runtimes.timing import Window

_TIMEOUT_S = 300.0  # beyond the planned time, to start, load and finish the last run


@dataclass(frozen=True)
class _Answer:
    model: ModelInfo
    machine: Machine
    windows: tuple[Window, ...]
    states: tuple[Conditions, ...]


def sustain(request: Request, settings: SustainSettings, target: Target) -> SustainedReport:
    """Run a file without a pause in one fresh process, and keep the time series.

    Raises:
        InvalidPathError: the file does not exist or cannot be read.
        UsageError: its suffix belongs to no runtime, and none was named.
        RefusedError: the target is an emulated machine, on which time means nothing.
        WorkerError: the process died, hung or answered nonsense.
        EdgekitError: whatever the worker itself raised.
    """
    refuse_emulated(target)
    file = identify(request.path)
    job = {
        "task": "sustain",
        "runtime": runtime_of(request),
        "path": str(request.path.absolute()),
        **asdict(settings),
    }
    answer = target.run(job, settings.secs + _TIMEOUT_S)
    try:
        found = documents.decode(_Answer, answer)
        return SustainedReport(
            file=str(request.path),
            sha256=file.sha256,
            size_bytes=file.size_bytes,
            model=request.model,
            precision=request.precision,
            macs=request.macs,
            target=target.name,
            edgekit_version=__version__,
            settings=settings,
            info=found.model,
            machine=found.machine,
            windows=found.windows,
            states=found.states,
        )
    except ValueError as error:
        raise WorkerError(f"the worker's answer is not understood: {error}") from error
