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

import numpy as np

from edgekit.errors import ParityError
from edgekit.export import artifact as artifacts
from edgekit.export import parity
from edgekit.export.artifact import Artifact, TensorSpec
from edgekit.export.formats import Format
from edgekit.export.graph import value_ranges
from edgekit.export.judging import decisions, fidelity
from edgekit.export.judging.fidelity import OtherKernels, OutputFidelity, Yardstick
from edgekit.export.parity import Arrays, Parity
from edgekit.export.sources.source import Source
from edgekit.export.stored_weights.held_file import HeldFile
from edgekit.files import digest
from edgekit.files.staging import Staging, staging
from edgekit.processes import child
from edgekit.runtimes import ModelInfo, TensorInfo

_SPREADS = 4
"""Orders of summation differ among runtimes by a few times what they do within one."""

_LARGEST_TOLERANCE = 0.01

_STEADY = 0.0125
"""Spread of a network that rounds to integers as it runs, one step of which is 1/255 of a range."""


@dataclass(frozen=True, eq=False)
class Job:
    """One file to be.

    Attributes:
        target: its format.
        precision: of the file, as its name says it.
        data: its content, which may wait in an unnamed file.
        reference: what gave ``answers``.
        answers: what it must answer to the source's feeds; None skips the comparison.
        tolerance: largest error that passes, as a part of the output's range.
        lowering: rules beside the default ones; see `edgekit.export.rewriting.choices`.
        tuning: what was measured to choose them.
        integer_io: the file's inputs or outputs are stored integers.
        yardstick: float32 answers that those of an integer file must come close to; None skips
            that, and the check of the runtime's other kernels with it.
        maps: names of the inputs and outputs that are image maps, NCHW in .onnx, NHWC in .tflite.
        least_spans: the least range of an output that its errors are taken as parts of, by name.
        raw_integers: inputs and outputs that are integers are so in the source too, and mean the
            same steps.
    """

    target: Format
    precision: str
    data: bytes | HeldFile
    reference: str
    answers: tuple[Arrays, ...] | None
    tolerance: float = parity.MAX_RELATIVE_ERROR
    lowering: str = ""
    tuning: tuple[Mapping[str, Any], ...] = ()
    integer_io: bool = False
    maps: frozenset[str] = frozenset()
    yardstick: Yardstick | None = None
    least_spans: Mapping[str, float] = field(default_factory=dict)
    raw_integers: bool = False


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
        # Most of a check is a process of its own: those of several files run side by side, where
        # each does not take twice the memory of a large one.
        is_large = any(isinstance(job.data, HeldFile) for job in jobs)
        check = partial(_checked, source, record or QuantizationRecord())
        with ThreadPoolExecutor(
            1 if is_large else min(len(jobs), os.cpu_count() or 1) or 1
        ) as pool:
            written = list(pool.map(check, jobs, paths))
        failed = [entry for entry in written if entry.verified == "failed"]
        saved = [_save(entry, folder, stage, failed=bool(failed)) for entry in written]
        for name, data in (beside or {}).items():
            stage.write(name, data)
        stage.commit(force=force or bool(failed))
    if failed:
        job = jobs[written.index(failed[0])]
        raise ParityError(_explain(source, failed[0], job, [entry.path for entry in saved]))
    return saved


def _checked(source: Source, record: QuantizationRecord, job: Job, path: Path) -> Artifact:
    """Run one staged file and compare."""
    target = job.target
    checked: Parity | None = None
    drift: Parity | None = None
    judged: tuple[OutputFidelity, ...] = ()
    others: tuple[OtherKernels, ...] = ()
    if job.answers is None:
        info = child.describe(path, runtime=target.runtime)
    else:
        more = () if job.yardstick is None else job.yardstick.feeds
        info, answers = _run(source, (*source.feeds, *more), job, path)
        answers, judged_by = answers[: len(source.feeds)], answers[len(source.feeds) :]
        checked = parity.compare(
            job.reference, job.answers, answers, job.tolerance, job.least_spans
        )
        if not checked.passed and job.answers is source.answers:
            checked = _compared_with_what_is_held(source, job, answers)
        if job.answers is not source.answers:
            drift = parity.compare(source.reference, source.answers, answers)
        if job.yardstick is not None:
            judged = fidelity.judge(job.yardstick, judged_by)
            others = _on_other_kernels(source, job, path, info)
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


def _run(
    source: Source, feeds: Sequence[Arrays], job: Job, path: Path
) -> tuple[ModelInfo, list[dict[str, np.ndarray]]]:
    """Run a file on inputs of the source, in its own layout and number types."""
    expected = child.describe(path, runtime=job.target.runtime).inputs if job.integer_io else ()
    taken = [_taken(source, feed, job, expected) for feed in feeds]
    info, answers = child.run(path, taken, runtime=job.target.runtime)
    return info, [_given(answer, job, info.outputs) for answer in answers]


def _on_other_kernels(
    source: Source, job: Job, path: Path, info: ModelInfo
) -> tuple[OtherKernels, ...]:
    """Run a file once on each of its runtime's other kernels.

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
    taken = _taken(source, source.feeds[0], job, info.inputs if job.integer_io else ())
    found = []
    for answer in child.run_on_other_kernels(path, taken, runtime=job.target.runtime):
        error = 0.0
        if not answer.trouble:
            given = _given(answer.outputs, job, info.outputs)
            error = parity.compare(job.reference, wanted, [given], tolerance).max_rel_error
        found.append(OtherKernels(answer.kernels, error, tolerance, answer.trouble))
    return tuple(found)


def _others(arrays: Arrays, names: Collection[str]) -> Arrays:
    return {name: array for name, array in arrays.items() if name not in names}


def _taken(
    source: Source, feed: Arrays, job: Job, tensors: Sequence[TensorInfo]
) -> dict[str, np.ndarray]:
    """Return inputs of the source as the file takes them."""
    if job.target.channels_last:
        arrays: Arrays = parity.to_nhwc(feed, job.maps)
    else:
        (arrays,) = source.stored([feed])
    return _stored(arrays, tensors)


def _given(answer: Arrays, job: Job, tensors: Sequence[TensorInfo]) -> dict[str, np.ndarray]:
    """Return what the file answers as the source would."""
    real = dict(answer) if job.raw_integers else _real(answer, tensors)
    return parity.to_nchw(real, job.maps) if job.target.channels_last else real


def _stored(feed: Arrays, tensors: Sequence[TensorInfo]) -> dict[str, np.ndarray]:
    """Return inputs as a quantized file takes them."""
    result = dict(feed)
    for tensor in tensors:
        if tensor.scale is not None and tensor.zero_point is not None:
            limits = np.iinfo(tensor.dtype)
            steps = np.rint(feed[tensor.name] / tensor.scale) + tensor.zero_point
            result[tensor.name] = np.clip(steps, limits.min, limits.max).astype(tensor.dtype)
    return result


def _real(answer: Arrays, tensors: Sequence[TensorInfo]) -> dict[str, np.ndarray]:
    """Return outputs as the real values that a quantized file means."""
    result = dict(answer)
    for tensor in tensors:
        if tensor.scale is not None and tensor.zero_point is not None:
            steps = answer[tensor.name].astype(np.float32) - tensor.zero_point
            result[tensor.name] = steps * np.float32(tensor.scale)
    return result


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
