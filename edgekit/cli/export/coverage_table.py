"""The coverage report of `edgekit export --report` as tables."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from edgekit.cli.shared import output
from edgekit.cli.shared.tables.columns import figure, name, prose, word

if TYPE_CHECKING:
    from edgekit.export.coverage import Coverage, Row


def show(report: Coverage) -> None:
    """Print what each operator becomes, then every node that is refused."""
    output.say(f"coverage of {report.model}:")
    output.print_table(
        (word("format"), word("operator"), figure("nodes"), prose("becomes"), prose("by")),
        [
            [row.format, row.operator, str(row.count), _fate(row), ", ".join(row.rules)]
            for row in report.rows
        ],
    )
    if report.refusals:
        output.say(f"\nrefused, {len(report.refusals)} in all:")
        output.print_table(
            (word("format"), word("operator"), name("node"), prose("reason"), prose("why")),
            [[r.format, r.operator, r.node, r.reason_code, r.why] for r in report.refusals],
        )


def _fate(row: Row) -> str:
    if row.reason_code:
        return f"refused: {row.reason_code}"
    runs = [(code, len(list(run))) for code, run in groupby(row.becomes)]
    words = [code if length == 1 else f"{length} {code}" for code, length in runs]
    return " + ".join(words) or "part of its neighbours"
