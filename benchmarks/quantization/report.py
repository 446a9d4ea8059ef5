"""The rows, as a table for people and as one JSON document."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.processes import MIB
from benchmarks.quantization.integers import Layers
from benchmarks.quantization.quantizing import Outcome
from benchmarks.quantization.scoring import Score
from benchmarks.reporting import int8_instructions, interval, line
from edgekit import __version__
from edgekit.evaluate import Share
from edgekit.runtimes import machine

SCHEMA, SCHEMA_VERSION = "edgekit.benchmark.quantization", 1

_HEAD = (
    "network", "contender", "file", "int8 layers", "top-1 %", "drop, points [95 %]", "agreement %",
    "SQNR dB", "seconds", "peak MiB", "size MB",
)  # fmt: skip
_WIDTHS = (29, 30, 6, 11, 7, 20, 11, 7, 18, 8, 7)
_MEMORY_HEAD = ("network", "contender", "peak MiB at 32", "peak MiB at 512", "ratio")
_MEMORY_WIDTHS = (29, 30, 15, 15, 5)


@dataclass(frozen=True)
class Row:
    """One file of one contender, or why there is none.

    Attributes:
        network: name of the network.
        contender: name of the contender.
        file: the int8 file; None if there is none.
        sha256: of the file.
        layers: how much of it is int8; None if there is none.
        score: its answers; None if it could not be evaluated.
        runs: every run of the contender, the first of which made the file.
        failure: one line; None if all is well.
    """

    network: str
    contender: str
    file: Path | None
    sha256: str | None
    layers: Layers | None
    score: Score | None
    runs: tuple[Outcome, ...]
    failure: str | None


def heading(memory: bool) -> str:
    """Return the table's first line."""
    return line(_MEMORY_HEAD, _MEMORY_WIDTHS) if memory else line(_HEAD, _WIDTHS)


def text(row: Row) -> str:
    """Return one line of the table."""
    suffix = row.file.suffix[1:] if row.file else ""
    if row.score is None or row.file is None or row.layers is None:
        return line((row.network, row.contender, suffix, f"n/a: {row.failure}"), _WIDTHS)
    score = row.score
    low, high = score.difference.interval
    return line(
        (
            row.network,
            row.contender,
            suffix,
            f"{row.layers.integer}/{row.layers.all}",
            f"{100 * score.top1.value:.2f}",
            f"{_points(-score.difference.value)} [{_points(-high)}, {_points(-low)}]",
            f"{100 * score.agreement.value:.2f}",
            "equal" if score.sqnr_db is None else f"{score.sqnr_db:.1f}",
            _spread([run.seconds for run in row.runs]),
            f"{np.median([run.peak_rss_bytes for run in row.runs]) / MIB:.0f}",
            f"{row.file.stat().st_size / 1e6:.2f}",
        ),
        _WIDTHS,
    )


def memory_text(network: str, contender: str, few: Outcome, many: Outcome) -> str:
    """Return one line of the table of --memory."""
    sides = [side.failure or f"{side.peak_rss_bytes / MIB:.0f}" for side in (few, many)]
    failed = few.failure or many.failure
    ratio = "" if failed else f"{many.peak_rss_bytes / few.peak_rss_bytes:.2f}"
    return line((network, contender, *sides, ratio), _MEMORY_WIDTHS)


def row_document(row: Row) -> dict[str, Any]:
    """Return one row, ready for JSON; shares and intervals are fractions of 1."""
    score = row.score
    seconds = [run.seconds for run in row.runs]
    return {
        "network": row.network,
        "contender": row.contender,
        "failure": row.failure,
        "file": row.file.name if row.file else None,
        "file_bytes": row.file.stat().st_size if row.file else None,
        "sha256": row.sha256,
        "int8_layers": asdict(row.layers) if row.layers else None,
        "top1": _share(score.top1) if score else None,
        "float_top1": _share(score.float_top1) if score else None,
        "top1_difference": {
            "value": score.difference.value,
            "interval": list(score.difference.interval),
            "gained": score.difference.gained,
            "lost": score.difference.lost,
        }
        if score
        else None,
        "agreement": _share(score.agreement) if score else None,
        "sqnr_db": score.sqnr_db if score else None,
        "seconds": seconds,
        "seconds_median": float(np.median(seconds)) if seconds else None,
        "seconds_interval": list(interval(seconds)) if len(seconds) > 1 else None,
        "peak_rss_bytes": [run.peak_rss_bytes for run in row.runs],
    }


def memory_document(network: str, contender: str, samples: int, run: Outcome) -> dict[str, Any]:
    """Return one run of --memory, ready for JSON."""
    return {
        "network": network,
        "contender": contender,
        "failure": run.failure,
        "calibration_samples": samples,
        "seconds": run.seconds,
        "peak_rss_bytes": run.peak_rss_bytes,
    }


def document(
    settings: dict[str, Any],
    environments: dict[str, dict[str, str]],
    rows: list[dict[str, Any]],
) -> str:
    """Return everything as one JSON document."""
    return json.dumps(
        {
            "schema": SCHEMA,
            "schema_version": SCHEMA_VERSION,
            "edgekit_version": __version__,
            "machine": {**asdict(machine.facts()), "int8_instructions": int8_instructions()},
            "conditions": asdict(machine.conditions()),
            "settings": settings,
            "environments": environments,
            "rows": rows,
        },
        indent=1,
    )


def _points(share: float) -> str:
    return f"{100 * share + 0.0:.2f}"


def _spread(seconds: list[float]) -> str:
    middle = f"{np.median(seconds):.1f}"
    if len(seconds) == 1:
        return middle
    low, high = interval(seconds)
    return f"{middle} [{low:.1f}, {high:.1f}]"


def _share(share: Share) -> dict[str, Any]:
    return {
        "value": share.value,
        "count": share.count,
        "of": share.of,
        "interval": list(share.interval),
    }
