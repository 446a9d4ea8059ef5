"""Bytes become named files: run, compared, described in a sidecar; all of them appear or none."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from edgekit.errors import ParityError
from edgekit.export import artifact as artifacts
from edgekit.export import parity
from edgekit.export.artifact import Artifact, TensorSpec
from edgekit.export.checking import file_runs
from edgekit.export.checking.file_runs import Ran
from edgekit.export.checking.job import Job
from edgekit.export.formats import Format
from edgekit.export.graph import value_ranges
from edgekit.export.judging import decisions, fidelity
from edgekit.export.judging.fidelity import OtherKernels, OutputFidelity
from edgekit.export.parity import Arrays, Parity
from edgekit.export.sources.source import Source
from edgekit.export.stored_weights.held_file import HeldFile
from edgekit.files import digest
from edgekit.files.staging import Staging, staging
from edgekit.runtimes import TensorInfo

_SPREADS = 4
"""Orders of summation differ among runtimes by a few times what they do within one."""

_LARGEST_TOLERANCE = 0.01

_STEADY = 0.0125
"""Spread of a network that rounds to integers as it runs, one step of which is 1/255 of a range."""


@dataclass(frozen=True)
class QuantizationRecord:
    """What stands in the sidecars of quantized files beside what every sidecar has.

    Attributes:
        recipe: in the written grammar; None for files that needed none.
        calibration: what the ranges were taken from; None where nothing was.
        trace: what each step of a search bought and cost.
    """

    recipe: str | None = None
    calibration: str | None = None
    trace: tuple[Mapping[str, Any], ...] = field(default=())


def write(
    source: Source,
    jobs: Sequence[Job],
    folder: Path,
    *,
    record: QuantizationRecord | None = None,
    beside: Mapping[str, bytes] | None = None,
    force: bool = False,
    progress: Callable[[str], None] = lambda _: None,
    settle: Callable[[Job], Job] | None = None,
) -> list[Artifact]:
    """Check every job's file, and only then name them, all or none.

    Args:
        source: the network that the files are of.
        jobs: the files.
        folder: where they go; created if missing.
        record: how quantized files came about.
        beside: further files of the set, content by name.
        force: replace existing files that have other content.
        progress: called with a short line before each step.
        settle: gives a job what its file must answer; called while the files run.

    Raises:
        ParityError: a file does not reproduce its reference, is too far from its yardstick, or
            answers otherwise on its runtime's other kernels; every file of this call is then kept
            under ``<name>.failed.<ext>`` and marked in its sidecar.
        WouldOverwriteError: a name is taken by other content and ``force`` is not set.
        InvalidPathError, StorageError: the folder cannot be written.
    """
    with staging(folder) as stage:
        paths = []
        for job in jobs:
            progress(f"writing {job.target.name} {job.precision}")
            name = f"{source.name}_{job.precision}.{job.target.suffix}"
            data = job.data if isinstance(job.data, bytes) else job.data.write_to
            paths.append(stage.write(name, data))
        # Most of a check is a process of its own: those of several files run side by side, and
        # beside what this process has to do, where none takes twice the memory of a large one.
        is_large = any(isinstance(job.data, HeldFile) for job in jobs)
        run = partial(file_runs.run, source, is_compared=settle is not None)
        with ThreadPoolExecutor(
            1 if is_large else min(len(jobs), os.cpu_count() or 1) or 1
        ) as pool:
            if settle is not None and is_large:
                jobs = [settle(job) for job in jobs]
            running = list(map(partial(pool.submit, run), jobs, paths))
            if settle is not None and not is_large:
                jobs = [settle(job) for job in jobs]
            ran = [each.result() for each in running]
            check = partial(_checked, source, record or QuantizationRecord())
            written = list(pool.map(check, jobs, paths, ran))
        failed = [entry for entry in written if entry.verified == "failed"]
        saved = [_save(entry, folder, stage, failed=bool(failed)) for entry in written]
        for name, data in (beside or {}).items():
            stage.write(name, data)
        stage.commit(force=force or bool(failed))
    if failed:
        job = jobs[written.index(failed[0])]
        raise ParityError(_explain(source, failed[0], job, [entry.path for entry in saved]))
    return saved


def _checked(
    source: Source, record: QuantizationRecord, job: Job, path: Path, ran: Ran
) -> Artifact:
    """Compare what one staged file answered with what it must."""
    target, info = job.target, ran.info
    checked: Parity | None = None
    drift: Parity | None = None
    judged: tuple[OutputFidelity, ...] = ()
    others: tuple[OtherKernels, ...] = ()
    if job.answers is not None:
        answers, judged_by = ran.answers[: len(source.feeds)], ran.answers[len(source.feeds) :]
        checked = parity.compare(
            job.reference, job.answers, answers, job.tolerance, job.least_spans
        )
        if not checked.passed and job.answers is source.answers:
            checked = _compared_with_what_is_held(source, job, answers)
        if job.answers is not source.answers:
            drift = parity.compare(source.reference, source.answers, answers)
        if job.yardstick is not None:
            judged = fidelity.judge(job.yardstick, judged_by)
            others = _on_other_kernels(source, job, ran)
    return Artifact(
        path=path,
        format=target.name,
        precision=job.precision,
        model=source.name,
        weights=source.weights,
        params=source.params,
        macs=source.macs,
        preprocessing=source.preprocessing,
        inputs=_tensor_specs(info.inputs, target, job.maps),
        outputs=_tensor_specs(info.outputs, target, job.maps),
        operators=info.operators,
        partitions=info.partitions,
        operators_outside=info.operators_outside,
        size_bytes=path.stat().st_size,
        sha256=digest.sha256_of(path),
        parity=checked,
        recipe=record.recipe,
        calibration=record.calibration,
        trace=record.trace,
        tools=artifacts.tool_versions(),
        drift=drift,
        fidelity=judged,
        other_kernels=others,
        lowering=job.lowering,
        tuning=job.tuning,
        folded=source.folded,
    )


def _compared_with_what_is_held(source: Source, job: Job, answers: Sequence[Arrays]) -> Parity:
    """Compare with the tolerance that a network of somebody else's asks for, if float32 holds less.

    Where a network that rounds as it runs is not even near to itself, its answers are no evidence,
    and those to other inputs are compared.
    """
    taken, tolerance = list(range(len(answers))), job.tolerance
    if source.original is not None:
        held = source.original.spreads(source.feeds, source.answers)
        largest = _LARGEST_TOLERANCE
        if source.original.reading.is_dynamic and min(held) <= _STEADY:
            taken = [index for index in taken if held[index] <= _STEADY]
            largest = _SPREADS * _STEADY
        elif job.raw_integers:  # integers that ONNX Runtime itself rounds in two ways
            largest = _SPREADS * _STEADY
        tolerance = max(tolerance, min(largest, _SPREADS * max(held[index] for index in taken)))
    return parity.compare(
        job.reference,
        [source.answers[index] for index in taken],
        [answers[index] for index in taken],
        tolerance,
        _ranges_of_sigmoids(source),
    )


def _ranges_of_sigmoids(source: Source) -> dict[str, float]:
    """Return the least range of each output that holds sigmoids, by name."""
    found = filter(value_ranges.is_of_sigmoids, source.graph.graph.outputs)
    return {str(value.name): parity.SHARE_OF_ALL for value in found}


def _on_other_kernels(source: Source, job: Job, ran: Ran) -> tuple[OtherKernels, ...]:
    """Compare what a file answered once on each of its runtime's other kernels.

    They round sums that end half-way otherwise. In a deep network that makes much of each such
    step, either may be as far from the network as rounding takes it, so they may differ by twice
    that; in others by the file's tolerance.
    Outputs that hang on a decision, as the places of peaks do, are left out: one step decides
    otherwise.
    """
    behind = decisions.outputs_behind(source.graph)
    wanted = tuple(_others(each, behind) for each in (job.answers or ())[:1])
    truth = tuple(_others(each, behind) for each in source.answers[: len(wanted)])
    noise = parity.compare(source.reference, truth, wanted).max_rel_error
    tolerance = max(job.tolerance, min(2 * noise, 1.0))
    found = []
    for answer in ran.others:
        error = 0.0
        if not answer.trouble:
            given = file_runs.given(answer.outputs, job, ran.info.outputs)
            error = parity.compare(job.reference, wanted, [given], tolerance).max_rel_error
        found.append(OtherKernels(answer.kernels, error, tolerance, answer.trouble))
    return tuple(found)


def _others(arrays: Arrays, names: Collection[str]) -> Arrays:
    return {name: array for name, array in arrays.items() if name not in names}


def _save(entry: Artifact, folder: Path, stage: Staging, *, failed: bool) -> Artifact:
    """Stage the sidecar; a failed set gets names that no build script looks for."""
    name = entry.path.name
    if failed:
        name = f"{entry.path.stem}.failed{entry.path.suffix}"
        stage.rename(entry.path.name, name)
    saved = replace(entry, path=folder / name)
    stage.write(artifacts.sidecar_path(saved.path).name, saved.sidecar_bytes())
    return saved


def _tensor_specs(
    tensors: Sequence[TensorInfo], target: Format, maps: Collection[str]
) -> tuple[TensorSpec, ...]:
    layouts = {2: "NC", 1: "C"}
    of_maps = "NHWC" if target.channels_last else "NCHW"
    return tuple(
        TensorSpec(
            name=tensor.name,
            shape=tensor.shape,
            dtype=tensor.dtype,
            layout=of_maps if tensor.name in maps else layouts.get(len(tensor.shape), ""),
            scale=tensor.scale,
            zero_point=tensor.zero_point,
        )
        for tensor in tensors
    )


def _explain(source: Source, entry: Artifact, job: Job, kept: list[Path]) -> str:
    checked = entry.parity
    if checked is None:
        raise ValueError("only a compared artifact can fail")
    if not checked.passed:
        found = f"differs from {checked.reference}: {_difference(checked)}"
        if source.original is not None and source.original.reading.is_dynamic:
            found += "; it rounds to integers as it runs, where a last digit decides for a step"
    elif any(not each.passed for each in entry.fidelity):
        found = _too_far(entry, job)
    else:
        found = _otherwise(next(each for each in entry.other_kernels if not each.passed))
    places = ", ".join(str(path) for path in kept)
    what = f"{entry.model} as {entry.precision} {entry.format}"
    return f"{what} {found}; kept for inspection as {places}"


def _difference(checked: Parity) -> str:
    if checked.max_rel_error == parity.INCOMPARABLE:
        found = "an output is missing, of another shape or not finite"
    else:
        found = (
            f"largest error {checked.max_rel_error:.1e} of the output range, allowed "
            f"{checked.tolerance:.2g}"
        )
    if checked.top1_agreement is not None:
        found += f", top-1 agrees on {checked.top1_agreement} of {checked.inputs} inputs"
    return found


def _too_far(entry: Artifact, job: Job) -> str:
    worst = min(entry.fidelity, key=lambda each: each.sqnr_db - each.least_db)
    where = "" if job.yardstick is None else job.yardstick.first_fault()
    return (
        f"is too far from the float32 network: {worst.sqnr_db:.1f} dB at output {worst.output!r}, "
        f"at least {worst.least_db:.1f} dB expected; {where}; --allow-drift "
        f"{math.floor(worst.sqnr_db)} accepts it"
    )


def _otherwise(found: OtherKernels) -> str:
    if found.trouble:
        return f"runs with XNNPACK alone: the {found.kernels} kernels say {found.trouble!r}"
    return (
        f"answers otherwise on the {found.kernels} kernels: largest error "
        f"{found.max_rel_error:.1e} of the output range, allowed {found.tolerance:.2g}"
    )
