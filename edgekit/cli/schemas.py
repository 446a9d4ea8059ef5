"""The one list of documents: every ``edgekit.*`` id, its version, and its JSON Schema.

The schemas are published under docs/schemas by `make docs`. Adding a document: its dataclass, one
line here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from edgekit.bundle import Bundle, CheckReport
from edgekit.cli.doctor import InstructionSet, Package
from edgekit.devices import (
    BenchmarkReport,
    Comparison,
    CountReport,
    LatencyReport,
    Prediction,
    Probe,
    ProfileReport,
    SustainedReport,
)
from edgekit.devices.prediction import estimate
from edgekit.devices.prediction.estimate import ClassCost
from edgekit.devices.reports import comparison
from edgekit.evaluate import Evaluation, OutputEvaluation, ShowResult, Verification
from edgekit.export import Artifact, Coverage, ExportResult
from edgekit.export.tflite.operator_support import OperatorSupport
from edgekit.files import json_schema
from edgekit.files.cache_folder import Entry
from edgekit.files.json_schema import Definitions, Schema
from edgekit.lint import LintReport
from edgekit.models import ModelSpec, Preprocessing
from edgekit.quantize import QuantizeResult, SensitivityReport
from edgekit.quantize.encodings_file import document as encodings
from edgekit.registry import Registry
from edgekit.runtimes import ModelInfo
from edgekit.runtimes.machine import Conditions, Machine
from edgekit.study import BenchResult, SweepResult
from edgekit.study.claims import ClaimsReport, ShiftAnalysis

SUFFIX = ".schema.json"
_SUMMARY: Schema = {"type": "object", "description": "derived from the rest, for other readers"}


@dataclass(frozen=True)
class Published:
    """One document.

    Attributes:
        id: as its ``schema`` says it.
        version: as its ``schema_version`` says it.
        title: what it is, in one line.
        kind: the dataclass whose fields it has; None for documents that wrap others.
        more: properties beside the fields, or in place of one: a schema, a type, or `_card` for
            a list of cards.
        without: fields that do not stand in the document.
        is_open: it may have more properties than these.
    """

    id: str
    version: int
    title: str
    kind: type | None = None
    more: Mapping[str, Any] = field(default_factory=dict)
    without: tuple[str, ...] = ()
    is_open: bool = False

    def json_schema(self) -> Schema:
        """Return the JSON Schema."""
        definitions: Definitions = {}
        fields: dict[str, Schema] = {}
        for name, wanted in self.more.items():
            if wanted is _card:
                fields[name] = {"type": "array", "items": _card(definitions)}
            elif isinstance(wanted, dict):
                fields[name] = wanted
            else:
                fields[name] = json_schema.of_type(wanted, definitions)
        if self.kind is not None:
            own = _own_fields(self.kind, (*self.without, *fields), definitions)
            fields = {**own, **fields}
        head: dict[str, Schema] = {
            "schema": {"const": self.id},
            "schema_version": {"const": self.version},
        }
        late = () if self.kind is None else json_schema.late_fields(self.kind)
        found = json_schema.closed({**head, **fields}, late)
        found["additionalProperties"] = self.is_open
        if definitions:
            found["$defs"] = json_schema.named(definitions)
        return {
            "$schema": json_schema.DRAFT,
            "$id": f"{self.id}{SUFFIX}",
            "title": self.title,
            **found,
        }


def _own_fields(kind: type, without: tuple[str, ...], found: Definitions) -> dict[str, Schema]:
    hints = json_schema.types_of(kind, without)
    return {name: json_schema.of_type(hint, found) for name, hint in hints.items()}


def _card(found: Definitions) -> Schema:
    """Return the schema of a network's card; the function that builds the network is not in it."""
    fields = _own_fields(ModelSpec, ("build",), found)
    return json_schema.closed({**fields, "baseline": {"type": "boolean"}})


def _one(kind: Any, title: str, **more: Any) -> Published:  # noqa: ANN401 -- a `Document`'s class
    return Published(kind.schema, kind.schema_version, title, kind, more)


def _many(id_: str, of: str, title: str, key: str = "reports", **more: Any) -> Published:  # noqa: ANN401
    return Published(id_, 1, title, None, {key: _array(of), **more})


def _whole(id_: str) -> Schema:
    return {"$ref": f"{id_}{SUFFIX}"}


def _array(id_: str) -> Schema:
    return {"type": "array", "items": _whole(id_)}


def _or_null(id_: str) -> Schema:
    return {"anyOf": [_whole(id_), {"type": "null"}]}


_VERDICT: Schema = {"enum": ["passed", "failed", "skipped"]}
_CARD = {"baseline": bool}
_CHOSEN = ("work", "times_ms", "memory_bound")

_ALL = (
    _one(Artifact, "the sidecar of a model file", verified=_VERDICT),
    _one(Coverage, "what each operator of a network becomes"),
    _one(
        ExportResult,
        "edgekit export --json",
        artifacts=_array("edgekit.artifact"),
        coverage=_or_null("edgekit.coverage"),
    ),
    _many("edgekit.exports", "edgekit.export", "edgekit export PATTERN --json", key="exports"),
    _one(QuantizeResult, "edgekit quantize --json", artifacts=_array("edgekit.artifact")),
    Published(
        encodings.SCHEMA, encodings.SCHEMA_VERSION, "a file of encodings", encodings.Document
    ),
    _one(SensitivityReport, "edgekit sensitivity --json"),
    _one(Evaluation, "edgekit evaluate --json", summary=_SUMMARY),
    _one(OutputEvaluation, "edgekit evaluate --json of arrays and label maps", summary=_SUMMARY),
    _one(Verification, "edgekit verify --json", summary=_SUMMARY),
    _one(ShowResult, "edgekit run --json"),
    _one(Bundle, "edgekit.json of a bundle", manifest_sha256=str),
    _one(LintReport, "edgekit lint --json", passed=bool),
    _one(CheckReport, "edgekit check --json", passed=bool),
    _one(LatencyReport, "the latency of one file", summary=_SUMMARY),
    _many("edgekit.latencies", "edgekit.latency", "edgekit latency --json"),
    _one(SustainedReport, "the latency of one file over a long time", summary=_SUMMARY),
    _many("edgekit.sustained-runs", "edgekit.sustained", "edgekit latency --sustained --json"),
    _one(ProfileReport, "where the time of one file goes", summary=_SUMMARY),
    _many(
        "edgekit.profiles",
        "edgekit.profile",
        "edgekit latency --profile --json",
        plots=tuple[str, ...],
    ),
    _one(CountReport, "the instructions that one file executes", summary=_SUMMARY),
    _many(
        "edgekit.instruction-count-reports",
        "edgekit.instruction-counts",
        "edgekit latency --target qemu: --json",
    ),
    _one(BenchmarkReport, "one file measured by the phone's own program", summary=_SUMMARY),
    _many(
        "edgekit.benchmark-model-reports",
        "edgekit.benchmark-model",
        "edgekit latency --target adb: --json",
    ),
    Published(
        comparison.SCHEMA,
        comparison.SCHEMA_VERSION,
        "edgekit compare --json, of model files",
        Comparison,
        {"summary": _SUMMARY},
    ),
    Published(
        "edgekit.result-comparison",
        1,
        "edgekit compare --json, of stored latencies",
        more={"pairs": tuple[dict[str, Any], ...]},
    ),
    Published(
        "edgekit.count-comparison",
        1,
        "edgekit compare --json, of stored instruction counts",
        more={"pairs": tuple[dict[str, Any], ...]},
    ),
    Published(
        estimate.SCHEMA,
        estimate.SCHEMA_VERSION,
        "an estimate of the latency of one file on one device",
        Prediction,
        {
            "estimate_ms": float | None,
            "interval_ms": tuple[float, float] | None,
            "classes": dict[str, ClassCost],
        },
        without=_CHOSEN,
    ),
    _one(BenchResult, "edgekit bench --json"),
    _one(SweepResult, "edgekit sweep --json"),
    _many("edgekit.predictions", "edgekit.prediction", "edgekit predict --json", "predictions"),
    _one(ClaimsReport, "edgekit claims --json"),
    _one(ShiftAnalysis, "edgekit claims --shift-analysis --json"),
    Published("edgekit.model", 1, "edgekit info NETWORK --json", ModelSpec, _CARD, ("build",)),
    Published(
        "edgekit.models",
        1,
        "edgekit list --json",
        more={"models": _card},
    ),
    Published(
        "edgekit.measured",
        1,
        "measured.json of a bundle",
        more={"files": list[dict[str, str]]},
    ),
    Published(
        "edgekit.operators",
        1,
        "edgekit operators --json",
        more={"operators": list[OperatorSupport]},
    ),
    Published(
        "edgekit.library_model",
        1,
        "edgekit info of another package's network --json",
        more={
            "library": str,
            "name": str,
            "input_shape": tuple[int, ...],
            "params": int,
            "macs": int,
            "preprocessing": Preprocessing | None,
        },
    ),
    Published(
        "edgekit.file",
        1,
        "edgekit info FILE --json",
        more={"file": str, "runtime": ModelInfo, "artifact": _or_null("edgekit.artifact")},
    ),
    Published(
        "edgekit.doctor",
        1,
        "edgekit doctor --json",
        more={
            "packages": tuple[Package, ...],
            "instruction_sets": tuple[InstructionSet, ...],
            "machine": Machine,
            "conditions": Conditions,
        },
    ),
    Published(
        "edgekit.cache",
        1,
        "edgekit cache --json",
        more={"folder": str, "size_bytes": int, "cleared": bool, "entries": tuple[Entry, ...]},
    ),
    Published("edgekit.doctor-target", 1, "edgekit doctor --target --json", Probe, {"target": str}),
    Published(
        "edgekit.error",
        1,
        "what a command prints under --json if it fails",
        more={"exit_code": int, "reason_code": str, "message": str},
        is_open=True,
    ),
)

DOCUMENTS: Registry[Published] = Registry("document", ((each.id, each) for each in _ALL))
"""Every document by its id."""
