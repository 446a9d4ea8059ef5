"""The coverage report of `edgekit export --report` as tables."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

import click

from edgekit.cli.shared import output

if TYPE_CHECKING:
    from edgekit.export.coverage import Coverage, Row


def show(report: Coverage) -> None:
    """Print what each operator becomes, then every node that is refused."""
    click.echo(f"coverage of {report.model}:")
    output.print_table(
        ["format", "operator", "nodes>", "becomes", "by"],
        [
            [row.format, row.operator, str(row.count), _fate(row), ", ".join(row.rules)]
            for row in report.rows
        ],
    )
    if report.refusals:
        click.echo(f"\nrefused, {len(report.refusals)} in all:")
        output.print_table(
            ["format", "operator", "node", "reason", "why"],
            [[r.format, r.operator, r.node, r.reason_code, r.why] for r in report.refusals],
        )


def _fate(row: Row) -> str:
    if row.reason_code:
        return f"refused: {row.reason_code}"
    runs = [(code, len(list(run))) for code, run in groupby(row.becomes)]
    words = [code if length == 1 else f"{length} {code}" for code, length in runs]
    return " + ".join(words) or "part of its neighbours"
