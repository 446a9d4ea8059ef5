"""The room's door: from a request to verified files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from edgekit.errors import EdgekitError, RefusedError, UnsupportedOperatorError, UsageError
from edgekit.export import coverage, precisions
from edgekit.export.already_quantized import files as already_quantized
from edgekit.export.artifact import Artifact
from edgekit.export.coverage import Coverage
from edgekit.export.files import to_files
from edgekit.export.forms import FloatForms, Tuner
from edgekit.export.request import ExportRequest
from edgekit.export.sources import folded, source
from edgekit.export.sources.source import Source
from edgekit.files import text_table
from edgekit.files.documents import Document


@dataclass(frozen=True, repr=False)
class ExportResult(Document):
    """What an export has written.

    Attributes:
        artifacts: the files, by precision, then by format.
        coverage: what each operator became; None unless the request asked for it.
        notes: what a user should know about the files, a line each.
    """

    schema = "edgekit.export"
    schema_version = 1

    artifacts: tuple[Artifact, ...]
    coverage: Coverage | None = None
    notes: tuple[str, ...] = ()

    def document(self) -> dict[str, Any]:
        """Return the document; the files' own stand in it whole."""
        report = None if self.coverage is None else self.coverage.document()
        files = [entry.document() for entry in self.artifacts]
        return {**super().document(), "artifacts": files, "coverage": report}

    def __repr__(self) -> str:
        return table(self.artifacts)


def run(
    request: ExportRequest,
    *,
    tuner: Tuner | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> ExportResult:
    """Export a network: write every file, run it, compare it, and only then name them all.

    Args:
        request: what to export, and how.
        tuner: measures which optional lowering rules are fastest, and decides on the precision
            where the request leaves it open; None takes the default rules.
        progress: called with a short line before each step.

    Raises:
        UnknownNameError: no network is called that.
        UsageError: the request contradicts itself, ``tuner`` is given and the rules are too, or
            it is not and the precision is left open.
        UnsupportedOperatorError: a writer cannot express a node; nothing is written.
        ParityError: a file does not reproduce its source; every file of this call is then kept
            under ``<name>.failed.<ext>`` and marked in its sidecar.
        WouldOverwriteError: a name is taken by other content and ``force`` is not set.
        EdgekitError: what reading weights or a file, or the user's own code, raises. If the
            request asks for a report, the error's ``details`` have it under ``coverage``.
    """
    if tuner is not None and (request.choices or len(request.precisions) > 1):
        raise UsageError("--tune chooses the lowering itself, for one --precision at a time")
    if tuner is None and request.is_precision_open:
        raise UsageError("the precision auto is decided by measuring: give `tuner`")
    report = None
    try:
        prepared = source.resolve(
            request.model,
            weights=request.weights,
            seed=request.seed,
            asked=request.shapes,
            said=request.said,
            progress=progress,
        )
        if prepared.is_quantized and request.fold_preprocessing:
            raise RefusedError(
                f"{request.model} is quantized already, and its integers stay as they are: leave "
                "out --fold-preprocessing",
                reason_code="cannot-fold",
            )
        if prepared.is_quantized:
            return _of_quantized(prepared, request, progress)
        for name in request.precisions:
            if not request.is_precision_open:
                precisions.get(name)
        if request.fold_preprocessing:
            prepared = folded.fold(prepared)
        if request.report:
            report = coverage.of_graph(prepared.name, prepared.graph, request.formats)
        chosen = request.choices
        steps: dict[str, tuple[Mapping[str, Any], ...]] = {}
        decided: dict[str, str] = {}
        if tuner is not None:
            every = _forms(prepared, request)
            found = dict(zip(request.targets, tuner(every, progress), strict=True))
            chosen = {name: tuned.choices for name, tuned in found.items()}
            steps = {name: tuned.steps for name, tuned in found.items()}
            decided = {name: each.precision for name, each in found.items() if each.precision}
        artifacts = to_files(
            prepared,
            request.formats,
            request.folder,
            precision_names=() if decided else request.precisions,
            decided=decided,
            choices=chosen,
            tuning=steps,
            force=request.force,
            verify=request.verify,
            progress=progress,
        )
    except EdgekitError as error:
        if not request.report:
            raise
        if report is None and isinstance(error, UnsupportedOperatorError):
            report = coverage.of_error(request.model, error)
        if isinstance(error, UnsupportedOperatorError):
            error.is_reported = True
        if report is not None:
            error.details = {"coverage": report.document()}
        raise
    return ExportResult(tuple(artifacts), report)


def _of_quantized(
    prepared: Source, request: ExportRequest, progress: Callable[[str], None]
) -> ExportResult:
    """Write a network that holds integers already with those integers."""
    given = already_quantized.read(prepared)
    asked = {precisions.calibrated(name) for name in request.precisions}
    if asked != {given.precision}:
        raise RefusedError(
            f"{request.model} is already quantized: --precision {given.precision} writes its own "
            "integers and scales as they are",
            reason_code="already-quantized",
        )
    report = None
    if request.report:
        report = coverage.of_graph(prepared.name, given.graph, request.formats)
    artifacts = already_quantized.to_files(
        prepared,
        given,
        request.formats,
        request.folder,
        choices=request.choices,
        force=request.force,
        verify=request.verify,
        progress=progress,
    )
    return ExportResult(tuple(artifacts), report, given.notes)


def table(artifacts: tuple[Artifact, ...]) -> str:
    """Return artifacts as a small table in plain text."""
    return text_table.text(
        ["file", "precision", "bytes>", "max error>", "verified"],
        [
            [
                str(entry.path),
                entry.precision,
                f"{entry.size_bytes:,}",
                "" if entry.parity is None else f"{entry.parity.max_rel_error:.1e}",
                entry.verified,
            ]
            for entry in artifacts
        ],
    )


def _forms(prepared: Source, request: ExportRequest) -> list[FloatForms]:
    precision = precisions.AUTO if request.is_precision_open else request.precisions[0]
    return [FloatForms(prepared, target, precision) for target in request.targets.values()]
