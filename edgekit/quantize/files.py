"""Encodings become files of both formats, each checked against the simulation of its integers."""

from __future__ import annotations

import functools
import statistics
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import onnx_ir as ir

from edgekit import export
from edgekit.errors import UsageError
from edgekit.export import (
    Artifact,
    Choices,
    Job,
    QuantizationRecord,
    Source,
    formats,
    jobs,
    lowering,
    parity,
    tflite,
)
from edgekit.export.formats import Format
from edgekit.export.integer import encoded
from edgekit.export.integer.encodings import Encodings
from edgekit.export.onnx_writer import qdq
from edgekit.export.rewriting import rules
from edgekit.export.rewriting.choices import DEFAULT
from edgekit.export.stored_weights import held_file
from edgekit.processes import child
from edgekit.progress import Tell
from edgekit.quantize.analysis import verdict
from edgekit.quantize.analysis.verdict import Calibration
from edgekit.quantize.candidate import Draft
from edgekit.quantize.encodings_file import files
from edgekit.quantize.running import memory
from edgekit.quantize.running.session import GraphSession

TOLERANCE = 0.12
"""Largest difference of a file from the simulation, as a part of the output's range.

Both round alike, but for sums that end half-way between two steps; such a step, carried through
the layers after it, is what remains. Measured over the registered networks; a fault in a writer
is ten times larger.
"""

_SHARE_OF_NOISE = 0.75
"""The same as a part of what quantization itself does to the answers, where that is more: a
network that makes much of every rounding makes as much of that one step."""


@dataclass(frozen=True)
class FileSettings:
    """Where integer files go and how they are made.

    Attributes:
        folder: for the files.
        format_names: formats by name or alias.
        integer_io: inputs and outputs of a .tflite hold stored integers; else float32. An .onnx
            has float32 ones always: ONNX Runtime fuses nothing with an integer input.
        ort_activations: how the .onnx stores activations, ``uint8`` or ``int8``. ONNX Runtime
            has x86 kernels for uint8 alone; it converts int8 where it can, and computes in
            float32 where a value has several readers, as in every residual network.
        lowering: optional rules; of one format. Those of the quantizable graph are already
            in the draft, and only named in the sidecar.
        tuning: what was measured to choose them, for the sidecar.
        force: replace existing files that have other content.
        verify: compare every file with the simulation, and with the float network.
        allow_drift_db: the smallest signal to noise ratio to the float network that an output
            may have; None takes `edgekit.quantize.analysis.verdict`'s.

    Raises:
        UnknownNameError: a format does not exist.
        UsageError: a format holds no integers.
    """

    folder: Path
    format_names: tuple[str, ...] = ("onnx", "tflite")
    integer_io: bool = False
    ort_activations: str = "uint8"
    lowering: Choices = DEFAULT
    tuning: tuple[Mapping[str, Any], ...] = ()
    force: bool = False
    verify: bool = True
    allow_drift_db: float | None = None

    def __post_init__(self) -> None:
        for name in self.format_names:
            if formats.get(name).name not in ("onnx", "tflite"):
                raise UsageError(
                    f"integer files are .onnx or .tflite, not {name}: leave it out of --format"
                )

    @property
    def target(self) -> Format:
        """The only format.

        Raises:
            UsageError: there are several: they share what is calibrated, so a form that suits
                one would be forced upon the other.
        """
        names = {formats.get(name).name for name in self.format_names}
        if len(names) > 1:
            raise UsageError(
                "a lowering is of one format, and both share what is calibrated: name one --format"
            )
        return formats.FORMATS[names.pop()]

    def check_lowering(self, *, of_one: bool = False) -> None:
        """Check that the optional rules are those of the one format.

        Args:
            of_one: there must be one format even without optional rules.

        Raises:
            UnknownNameError: neither the quantizable graph nor the format has such a rule.
            UsageError: there are several formats.
        """
        if of_one or self.lowering != DEFAULT:
            self.lowering.check(lowering.INTEGER, self.target.integer)


def precision_of(encodings: Encodings) -> str:
    """Return the name of the precision: ``int8``, or ``int16x8`` with 16-bit activations."""
    bits = {affine.bits for affine in encodings.activations.values()}
    return "int16x8" if 16 in bits else "int8"


def to_files(
    source: Source,
    draft: Draft,
    record: QuantizationRecord,
    settings: FileSettings,
    progress: Tell = lambda _: None,
    calibration: Calibration | None = None,
) -> list[Artifact]:
    """Write ``draft`` in every format, and its encodings beside them: all files or none.

    Args:
        source: what was quantized.
        draft: its encodings.
        record: recipe, calibration data and search, for the sidecars.
        settings: where to and how.
        progress: called with a short line before each step.
        calibration: by whose samples the files are judged; see `edgekit.quantize.analysis.verdict`.

    Returns:
        One artifact a format, saved with its sidecar.

    Raises:
        ParityError: a file differs from the simulation, or both are too far from the float
            network; all are then kept under ``<name>.failed.<ext>``.
        UnsupportedOperatorError, WouldOverwriteError, StorageError: as `edgekit.export.to_files`.
    """
    names = list(dict.fromkeys(formats.get(name).name for name in settings.format_names))
    runtimes = [formats.FORMATS[name].runtime for name in names] if settings.verify else []
    with child.ahead(*runtimes):
        return _to_files(source, draft, record, settings, progress, calibration or Calibration())


def _to_files(
    source: Source,
    draft: Draft,
    record: QuantizationRecord,
    settings: FileSettings,
    progress: Tell,
    calibration: Calibration,
) -> list[Artifact]:
    names = list(dict.fromkeys(formats.get(name).name for name in settings.format_names))
    precision = precision_of(draft.encodings)
    feeds = verdict.feeds_for(source, draft, calibration) if settings.verify else ()
    whole = encoded.apply(draft.graph, draft.encodings)
    made = [
        replace(
            _job(source, draft, whole.clone(), formats.FORMATS[name], precision, settings),
            yardstick_feeds=feeds,
        )
        for name in names
    ]

    @functools.cache
    def wanted() -> dict[str, Any]:
        progress("judging by the float network")
        memory.let_go()
        answers = _answers(source, draft)
        memory.let_go()
        return {
            "answers": answers,
            "tolerance": _tolerance(source, answers),
            "yardstick": verdict.yardstick(
                source, draft, feeds, calibration.ranges, settings.allow_drift_db
            ),
        }

    document = files.dumps(draft.encodings, draft.graph)
    beside = {files.file_name(source.name, precision): document}
    return jobs.write(
        source,
        made,
        settings.folder,
        record=record,
        beside=beside,
        force=settings.force,
        progress=progress,
        settle=(lambda job: replace(job, **wanted())) if settings.verify else None,
    )


def form(source: Source, draft: Draft, settings: FileSettings) -> bytes:
    """Return the content of the one file that is asked for, which nothing has run yet.

    Raises:
        UnsupportedOperatorError: the writer cannot express a node.
    """
    precision = precision_of(draft.encodings)
    graph = encoded.apply(draft.graph, draft.encodings).clone()  # whose values are named as there
    job = _job(source, draft, graph, settings.target, precision, settings)
    return held_file.whole(job.data)


def _job(
    source: Source,
    draft: Draft,
    graph: ir.Model,
    target: Format,
    precision: str,
    settings: FileSettings,
) -> Job:
    """Return the file of an encoded graph, which is used up."""
    rules.apply(graph, settings.lowering.within(target.integer).rules(target.integer))
    description, maps = export.describe(source, precision), tflite.image_maps(graph)
    if target.name == "onnx":
        data = qdq.to_bytes(
            graph,
            description,
            unsigned=settings.ort_activations == "uint8",
        )
    else:
        data = tflite.to_bytes(graph, description, integer_io=settings.integer_io)
    return Job(
        target=target,
        precision=precision,
        data=data,
        reference="simulation of the integers in float32",
        answers=None,
        lowering=settings.lowering.text,
        tuning=settings.tuning,
        least_spans=_of_one_step(draft),
        integer_io=settings.integer_io and target.name == "tflite",
        maps=maps,
    )


def _of_one_step(draft: Draft) -> dict[str, float]:
    """Return ranges of the outputs of which one step is no more than the tolerance.

    Answers of but two or three steps, as a tiny input has, may differ by one.
    """
    stored = draft.encodings.activations
    names = [str(value.name) for value in draft.graph.graph.outputs]
    return {name: stored[name].scale / TOLERANCE for name in names if name in stored}


def _tolerance(source: Source, answers: tuple[parity.Arrays, ...]) -> float:
    """Return a share of what rounding does to the answers, if that is more than `TOLERANCE`.

    A score that falls from one end of its range to the other on one input, as one of many softmaxes
    does, says little of the others: then the typical input counts. Where that is no better, nothing
    does.
    """
    noise = parity.compare(source.reference, source.answers, answers).max_rel_error
    if noise >= 1:
        pairs = zip(source.answers, answers, strict=True)
        each = [parity.compare(source.reference, [a], [b]).max_rel_error for a, b in pairs]
        noise = statistics.median_low(each)
    return TOLERANCE if noise >= 1 else max(TOLERANCE, _SHARE_OF_NOISE * noise)


def _answers(source: Source, draft: Draft) -> tuple[parity.Arrays, ...]:
    """Return what the simulation answers to the parity inputs."""
    session = GraphSession(draft.simulation())
    names = [str(value.name) for value in draft.graph.graph.outputs]
    answers = session.run_each(source.feeds)
    return tuple(dict(zip(names, each.values(), strict=True)) for each in answers)
