"""Profiles of files beside a store: what each operator reaches of arithmetic and of memory."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from edgekit.devices import ProfileReport, profile_from_json
from edgekit.errors import InvalidPathError, RefusedError
from edgekit.files import parsing

_SCHEMA = "edgekit.profiles"


@dataclass(frozen=True)
class OperatorPoint:
    """One operator with multiply-accumulates.

    Attributes:
        name: its name.
        layer_class: one of `edgekit.modelfile.layer_class.CLASSES`.
        macs_per_byte: arithmetic intensity.
        gmacs_per_s: billions of multiply-accumulates a second.
        time_ms: of one inference in it.
        share: of the time of all operators.
    """

    name: str
    layer_class: str
    macs_per_byte: float
    gmacs_per_s: float
    time_ms: float
    share: float


@dataclass(frozen=True)
class Roofline:
    """The operators of one file, below the highest that any of them reached.

    Attributes:
        title: the file, runtime, threads and target.
        method: how operators were timed.
        gmacs_per_s: the highest rate of any operator; the level part of the roof.
        gbytes_per_s: the highest bandwidth of any; its slope.
        operators: those with multiply-accumulates and a time.
    """

    title: str
    method: str
    gmacs_per_s: float
    gbytes_per_s: float
    operators: tuple[OperatorPoint, ...]


def read(path: Path) -> tuple[Roofline, ...]:
    """Read the document of `edgekit latency --profile --json`.

    Raises:
        InvalidPathError: it cannot be read.
        RefusedError: it is no such document, or is damaged.
    """
    try:
        document = parsing.json_of(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InvalidPathError(f"{path}: {error.strerror}") from error
    except ValueError as error:
        raise _refused(path) from error
    reports = document.get("reports") if isinstance(document, dict) else None
    if not isinstance(reports, list) or document.get("schema") != _SCHEMA:
        raise _refused(path)
    try:
        found = [_roofline(profile_from_json(json.dumps(each))) for each in reports]
    except RefusedError as error:
        raise RefusedError(f"{path}: {error}", reason_code=error.reason_code) from error
    return tuple(each for each in found if each.operators)


def _refused(path: Path) -> RefusedError:
    return RefusedError(
        f"{path}: this is no document of `edgekit latency --profile --json`",
        reason_code="unreadable-report",
    )


def _roofline(report: ProfileReport) -> Roofline:
    summary = report.summary()
    points = tuple(
        OperatorPoint(
            name=each["name"],
            layer_class=each["class"],
            macs_per_byte=each["macs_per_byte"],
            gmacs_per_s=each["gmacs_per_s"],
            time_ms=each["time_ms"],
            share=each["time_ms"] / report.whole.time_ms,
        )
        for each in summary["operators"]
        if each["macs_per_byte"] and each["gmacs_per_s"]
    )
    threads = report.settings.threads
    name = f"{report.model or Path(report.file).name} {report.precision or ''}".strip()
    bandwidths = [each["gbytes_per_s"] or 0.0 for each in summary["operators"]]
    return Roofline(
        title=f"{name} on {report.info.runtime}, {threads} thread{'s' * (threads > 1)}, "
        f"{report.target}",
        method=summary["method"],
        gmacs_per_s=max((each.gmacs_per_s for each in points), default=0.0),
        gbytes_per_s=max(bandwidths, default=0.0),
        operators=points,
    )
