"""Measure .tflite files on a phone with TFLite's ``benchmark_model``: statistics, no samples.

Its report is of a kind of its own. What rests on samples (an interval of the median, percentiles,
which runs were disturbed) cannot be had, and no result of it can be compared with one that has it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from edgekit import __version__
from edgekit.devices.measuring.latency import Progress, Request, identify, runtime_of, turns
from edgekit.devices.reports.phone_benchmark import BenchmarkReport, BenchmarkRun
from edgekit.devices.settings import MeasureSettings
from edgekit.devices.targets import Benchmarked, BenchmarkTarget
from edgekit.errors import UsageError, WorkerError


def benchmark(
    requests: Sequence[Request],
    settings: MeasureSettings,
    target: BenchmarkTarget,
    progress: Callable[[Progress], None] | None = None,
) -> list[BenchmarkReport]:
    """Have each file measured in ``settings.children`` fresh processes; return one report a file.

    The files take turns, as in `edgekit.devices.measure`. To cool down is to wait the whole time.

    Args:
        requests: what to measure; .tflite files only.
        settings: how.
        target: the phone.
        progress: called before each process.

    Raises:
        InvalidPathError: a file does not exist or cannot be read.
        UsageError: a file is no .tflite file, or the phone lacks the processors asked for.
        EnvironmentMissingError: the phone or ``benchmark_model`` cannot be used.
        WorkerError: ``benchmark_model`` failed, or the phone went away; says of which file.
    """
    for request in requests:
        if runtime_of(request) != "tflite":
            raise UsageError(f"{request.path}: benchmark_model runs .tflite files only")
    files = [identify(request.path) for request in requests]
    found: list[list[Benchmarked]] = [[] for _ in requests]
    total = len(requests) * settings.children
    for done, number in enumerate(turns(len(requests), settings.children, settings.seed)):
        request = requests[number]
        if progress is not None:
            progress(Progress(request, done, total))
        if done:
            time.sleep(settings.cool_down_secs)
        try:
            found[number].append(target.benchmark(request.path, settings))
        except WorkerError as error:
            raise WorkerError(f"{request.path}: {error}", reason_code=error.reason_code) from error
    first = found[0][0]
    if any((e.tool, e.phone) != (first.tool, first.phone) for each in found for e in each):
        raise WorkerError("the phone or its benchmark_model changed meanwhile: measure again")
    return [
        BenchmarkReport(
            file=str(request.path),
            sha256=file.sha256,
            size_bytes=file.size_bytes,
            model=request.model,
            precision=request.precision,
            macs=request.macs,
            target=target.name,
            edgekit_version=__version__,
            settings=settings,
            tool=first.tool,
            phone=first.phone,
            runs=tuple(BenchmarkRun(each.outcome, each.before, each.after) for each in runs),
        )
        for request, file, runs in zip(requests, files, found, strict=True)
    ]
