"""The same as Markdown, for an issue or a README."""

from __future__ import annotations

from collections.abc import Sequence

from edgekit.study.report.contents import Contents
from edgekit.study.store.row import Row

_FLOAT = "float32"


def text(contents: Contents) -> str:
    """Return tables of cells, claims and failures, and the conditions."""
    measured = [row for row in contents.rows if row.is_ok]
    parts = [f"# {contents.title}"]
    timed = [row for row in measured if row.figures.median_ms is not None]
    if timed:
        timed.sort(key=lambda row: (row.cell.target, row.figures.median_ms or 0.0))
        parts.append(_table(_TIMES, [_times(row) for row in timed]))
    counted = [row for row in measured if row.figures.instructions is not None]
    if counted:
        parts += ["## Executed instructions", _table(_COUNTS, [_counts(row) for row in counted])]
    if contents.claims:
        lines = [[each.verdict, each.statement, each.paper, each.why] for each in contents.claims]
        parts += ["## Claims", _table(["verdict", "statement", "paper", "why"], lines)]
    failed = [row for row in contents.rows if not row.is_ok]
    if failed:
        parts += ["## What failed", _table(["file", "runtime", "why"], [_why(e) for e in failed])]
    parts += ["## Conditions", "\n".join(f"- {line}" for line in contents.conditions)]
    return "\n\n".join(parts) + "\n"


_TIMES = [
    "model", "precision", "runtime", "target", "threads", "input", "median ms [95 %]", "top-1 %",
    "MACs", "bytes", "memory",
]  # fmt: skip
_COUNTS = ["model", "precision", "runtime", "processor", "instructions"]


def _times(row: Row) -> list[str]:
    cell, figures = row.cell, row.figures
    ends = (figures.median_ms, figures.low_ms, figures.high_ms)
    top1 = "" if row.accuracy is None else f"{row.accuracy:.1f}"
    if row.top1 is None and row.accuracy is not None:
        top1 += " published" if cell.precision == _FLOAT else " of float32"
    return [
        cell.model,
        cell.precision or "",
        cell.runtime,
        cell.target,
        str(cell.threads),
        "" if cell.height is None else f"{cell.height}x{cell.width}",
        "{:.3f} [{:.3f}, {:.3f}]".format(*(each or 0.0 for each in ends)),
        top1,
        _count(cell.macs),
        _count(cell.size_bytes),
        _count(figures.private_memory_bytes),
    ]


def _counts(row: Row) -> list[str]:
    cell = row.cell
    return [
        cell.model,
        cell.precision or "",
        cell.runtime,
        cell.target,
        _count(row.figures.instructions),
    ]


def _why(row: Row) -> list[str]:
    return [f"{row.cell.model} {row.cell.precision or ''}", row.cell.runtime, row.message or ""]


def _count(value: int | None) -> str:
    return "" if value is None else f"{value:,}"


def _table(columns: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    every = [columns, ["---"] * len(columns), *lines]
    return "\n".join(f"| {' | '.join(map(_escaped, line))} |" for line in every)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ")
