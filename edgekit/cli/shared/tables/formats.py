"""Tables for other programs: Markdown and CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from edgekit.cli.shared.tables.columns import Column


def markdown(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> str:
    """Return a table of GitHub's Markdown; figures are right-aligned."""
    rule = ["--:" if column.is_right else "---" for column in columns]
    lines = [[column.title for column in columns], rule, *rows]
    return "\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines)


def _cell(text: str) -> str:
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ")


def comma_separated(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> str:
    """Return a table as RFC 4180 has it, but for plain newlines; no heading without titles."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    if any(column.title for column in columns):
        writer.writerow([column.title for column in columns])
    writer.writerows(rows)
    return text.getvalue().removesuffix("\n")
