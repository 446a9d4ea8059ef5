"""The room's door: from a request to verified integer files."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeAlias

from edgekit.errors import UsageError
from edgekit.export import QuantizationRecord
from edgekit.export.forms import Tuner
from edgekit.export.judging import decisions
from edgekit.export.rewriting.choices import DEFAULT
from edgekit.progress import Tell
from edgekit.quantize import drafting, files, network, recipe
from edgekit.quantize.analysis import verdict
from edgekit.quantize.analysis.verdict import Calibration
from edgekit.quantize.budget.climb import Outcome
from edgekit.quantize.budget.score import Latency
from edgekit.quantize.candidate import Context, Draft, Say
from edgekit.quantize.encoding import coarse, faint, float_by_default, unlike
from edgekit.quantize.files import FileSettings
from edgekit.quantize.forms import IntegerForms
from edgekit.quantize.network import Network
from edgekit.quantize.request import QuantizeRequest
from edgekit.quantize.result import QuantizeResult, trace_documents
from edgekit.quantize.samples import held_out, reading

_JUDGED_ON_NOISE = (
    "no images are left to judge by: the drop is that of agreement on synthetic ones; give --data, "
    "or fewer --calibration-samples"
)
_TUNING_SAMPLES = 4

_Calibrated: TypeAlias = tuple[
    Draft,
    QuantizationRecord,
    Outcome | None,
    tuple[str, ...],  # warnings
    Calibration,
]


def run(
    request: QuantizeRequest,
    *,
    tuner: Tuner | None = None,
    latency: Latency | None = None,
    progress: Tell = lambda _: None,
) -> QuantizeResult:
    """Quantize a network: calibrate it, write every file, run it, compare it, then name them all.

    Args:
        request: what to quantize, and how.
        tuner: measures which optional lowering rules are fastest; None takes the request's.
        latency: what a search measures of each step beside the loss; None measures nothing.
        progress: called with a short line before each step.

    Returns:
        The files and how they came about; its ``check`` says whether a budget was kept.

    Raises:
        UsageError: the request contradicts itself, a seven-bit layer does not exist, or images
            were given and nobody knows the preprocessing.
        UnknownNameError: no network is called that, or it has no operator of a type asked for.
        InvalidPathError: a file or folder is not there.
        RefusedError: weights, samples or encodings cannot be used; see the ``reason_code``.
        ParityError: a file differs from the simulation, or both are too far from the float
            network; all are then kept under ``<name>.failed.<ext>``.
        WouldOverwriteError: a name is taken by other content and ``force`` is not set.
    """
    settings = request.files
    if tuner is not None:
        settings.check_lowering(of_one=True)
        if settings.lowering != DEFAULT or request.encodings is not None:
            raise UsageError("--tune chooses the lowering itself, and calibrates for it")
    found = network.prepare(
        request.model,
        weights=request.weights,
        seed=request.seed,
        asked=request.shapes,
        said=request.said,
        folded=request.fold_preprocessing,
        progress=progress,
    )
    if tuner is not None:
        settings = _tuned(found, request, settings, tuner, progress)
    found = found.lowered(settings.lowering)
    if request.encodings is not None:
        draft = drafting.read_encodings(request.encodings, found)
        record = QuantizationRecord(f"encodings {request.encodings.name}")
        outcome: Outcome | None = None
        warned: tuple[str, ...] = ()
        calibration = Calibration()
    else:
        draft, record, outcome, warned, calibration = _calibrated(found, request, latency, progress)
    if request.encodings is None and request.asked.operators is None:
        warned = (*warned, *float_by_default.of(draft.graph)[1])
    for rule in (unlike, faint, coarse):
        warned = (*warned, *rule.kept_float(draft.graph, draft.encodings))
    artifacts = files.to_files(found.source, draft, record, settings, progress, calibration)
    judged = [output for artifact in artifacts for output in artifact.fidelity]
    decided = decisions.outputs_behind(found.source.graph)
    warned = (*warned, *verdict.doubts(judged, request.allow_drift_db, decided))
    return QuantizeResult(
        artifacts=tuple(artifacts),
        recipe=record.recipe or "",
        calibration=record.calibration,
        trace=() if outcome is None else outcome.trace,
        max_drop=request.max_drop,
        within_budget=None if outcome is None else outcome.within,
        warnings=warned,
    )


def _calibrated(
    found: Network, request: QuantizeRequest, latency: Latency | None, say: Say
) -> _Calibrated:
    """Calibrate, and search if the request says so."""
    given = reading.read(
        request.calibration_data,
        found.inputs,
        found.source.preprocessing,
        request.most_samples,
        found.kinds,
    )
    warned = reading.warnings_about(given)
    images = held_out.images(request.data, request.calibration_data, given)
    if request.max_drop is not None and images is None:
        warned = (*warned, _JUDGED_ON_NOISE)
    draft, outcome = drafting.draft_of(
        found, request.asked, given, images, request.max_drop, say, latency
    )
    final = request.asked if outcome is None else outcome.chosen.recipe
    trace = () if outcome is None else trace_documents(outcome.trace)
    record = QuantizationRecord(final.text, given.description, trace)
    few = Context(given, given.sets, final.per_channel, say).few(verdict.SAMPLES)
    calibration = Calibration(few, "minmax" if final.ranges == recipe.AUTO else final.ranges)
    return draft, record, outcome, warned, calibration


def _tuned(
    found: Network, request: QuantizeRequest, settings: FileSettings, tuner: Tuner, say: Say
) -> FileSettings:
    """Return the settings with the fastest lowering; ranges of a few samples serve to find it."""
    quick = replace(
        recipe.get("minmax"),
        per_channel=request.asked.per_channel,
        activation_bits=request.asked.activation_bits,
        operators=request.asked.operators,
    )
    known = found.source.preprocessing
    few = reading.read(None, found.inputs, known, _TUNING_SAMPLES, found.kinds)
    (tuned,) = tuner([IntegerForms(found, quick, few, settings)], say)
    return replace(settings, lowering=tuned.choices, tuning=tuned.steps)
