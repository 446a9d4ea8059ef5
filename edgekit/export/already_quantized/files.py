"""The files of a network that is quantized already, each checked against its original."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from edgekit.errors import UsageError
from edgekit.export import formats, jobs, parity, tflite
from edgekit.export.already_quantized import encodings
from edgekit.export.already_quantized.encodings import Given
from edgekit.export.artifact import Artifact
from edgekit.export.checking.job import Job
from edgekit.export.files import describe
from edgekit.export.formats import Format
from edgekit.export.jobs import QuantizationRecord
from edgekit.export.judging.fidelity import Yardstick
from edgekit.export.onnx_writer import qdq
from edgekit.export.rewriting import rules
from edgekit.export.rewriting.choices import DEFAULT, Choices
from edgekit.export.sources.source import Source

TOLERANCE = 0.03
"""Largest difference from the original, as a part of the output's range.

An integer kernel rounds a sum that ends half-way between two steps otherwise than float32 does;
that step, carried through the layers behind it, is what remains.
"""

_STEPS = 2  # of an output that hardly varies, which may be more than that

_LEAST_DB = 20.0  # of the same differences, over all of an output; a wrong scale leaves a few dB
_RECIPE = "as it was given"


def read(source: Source) -> Given:
    """Return the integers of a source whose file holds them."""
    stored = () if source.original is None else source.original.reading.stored
    return encodings.read(source.graph, stored, source.name)


def to_files(
    source: Source,
    given: Given,
    format_names: Sequence[str],
    folder: Path,
    *,
    choices: Mapping[str, Choices] | None = None,
    force: bool = False,
    verify: bool = True,
    progress: Callable[[str], None] = lambda _: None,
) -> list[Artifact]:
    """Write the network in every format, check each file, then name all or none.

    Args:
        source: the network; its original answers for it.
        given: its integers.
        format_names: formats by name or alias, in the order wanted.
        folder: where the files go; created if missing.
        choices: rules beside the default ones, by canonical format name.
        force: replace existing files that have other content.
        verify: compare every file with the original.
        progress: called with a short line before each step.

    Raises:
        UsageError: a format holds no integers.
        UnsupportedOperatorError, ParityError, WouldOverwriteError, StorageError: as
            `edgekit.export.to_files`.
    """
    targets = list(dict.fromkeys(formats.get(name).name for name in format_names))
    if any(name not in ("onnx", "tflite") for name in targets):
        raise UsageError(
            f"{source.name} is quantized already, and its files are .onnx or .tflite: leave out "
            "the other --format"
        )
    made = [
        _job(
            source, given, formats.FORMATS[name], (choices or {}).get(name, DEFAULT), verify=verify
        )
        for name in targets
    ]
    record = QuantizationRecord(_RECIPE)
    return jobs.write(source, made, folder, record=record, force=force, progress=progress)


def _job(source: Source, given: Given, target: Format, chosen: Choices, *, verify: bool) -> Job:
    graph = given.apply()
    rules.apply(graph, chosen.within(target.integer).rules(target.integer))
    precision = given.precision
    description, maps = describe(source, precision), tflite.image_maps(graph)
    if target.name == "onnx":
        data = qdq.to_bytes(graph, description, unsigned=given.unsigned)
    else:
        data = tflite.to_bytes(graph, description)
    return Job(
        target=target,
        precision=precision,
        data=data,
        reference=source.reference,
        answers=source.answers if verify else None,
        tolerance=_tolerance(source, given),
        lowering=chosen.text,
        maps=maps,
        yardstick=_yardstick(source) if verify else None,
        yardstick_feeds=source.feeds if verify else (),
        raw_integers=True,
    )


def _tolerance(source: Source, given: Given) -> float:
    shares = [TOLERANCE]
    for answer in source.answers:
        for name, array in answer.items():
            affine = given.encodings.activations.get(name)
            step = 1.0 if array.dtype.kind != "f" else 0.0 if affine is None else affine.scale
            shares.append(_STEPS * step / parity.span(array.astype(np.float64)))
    return min(max(shares), 1.0)


def _yardstick(source: Source) -> Yardstick:
    least = dict.fromkeys(source.answers[0], _LEAST_DB)
    return Yardstick(
        source.feeds, source.answers, least, lambda: f"the original is {source.reference}"
    )
