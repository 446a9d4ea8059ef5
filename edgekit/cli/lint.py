"""``edgekit lint``: what in a model file costs time, exactness or size."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edgekit.cli.shared import output
from edgekit.cli.shared.command.helping import Command
from edgekit.cli.shared.command.values import NameList
from edgekit.cli.shared.names import check_are_files
from edgekit.cli.shared.options import print_options
from edgekit.cli.shared.tables.columns import name, prose, word
from edgekit.errors import CheckFailedError

if TYPE_CHECKING:
    from edgekit.lint import Problem

_path = click.Path(path_type=Path)
_COLUMNS = (word(""), word("rule"), word("costs", 1), name("where"), prose("found"))
_PLACES = 3  # of a rule, on a terminal


@click.command(
    "lint",
    cls=Command,
    short_help="Find what makes a model file slow, inexact or large.",
    examples=(
        "lint net_int8.tflite",
        "lint net.onnx --ignore transpose,missing-metadata",
    ),
)
@click.argument("file", type=_path)
@click.option(
    "--ignore", type=NameList(), default=(), metavar="CODE,...", help="Rules to leave out."
)
@click.option("--sarif", type=_path, metavar="FILE", help="Also write SARIF.")
@print_options
def command(file: Path, ignore: tuple[str, ...], sarif: Path | None, *, as_json: bool) -> None:
    """Look at FILE (.tflite, .onnx) with every rule of docs/lint.md.

    Exit code 1 if there is a warning; notes are things to know that may well be wanted.
    """
    from edgekit import lint

    check_are_files([file])
    report = lint.run(lint.LintRequest(file, ignore))
    if sarif is not None:
        output.write_text(sarif, lint.sarif(report))
    if as_json:
        output.print_document(report)
    else:
        rows = _rows(report.problems, _PLACES if output.is_terminal() else None)
        if rows:
            output.print_table(_COLUMNS, rows)
        for advice in dict.fromkeys((p.code, p.advice) for p in report.problems):
            output.say(f"{advice[0]}: {advice[1]}")
        skipped = f"; not looked at without its runtime: {', '.join(report.skipped)}"
        output.say(
            f"{_counted(len(report.warnings), 'warning')}, "
            f"{_counted(len(report.problems) - len(report.warnings), 'note')} of "
            f"{len(report.rules)} rules" + skipped * bool(report.skipped)
        )
    if report.warnings:
        codes = ", ".join(dict.fromkeys(each.code for each in report.warnings))
        raise CheckFailedError(f"{file}: {codes}", result=report)


def _rows(problems: Sequence[Problem], most: int | None) -> list[list[str]]:
    """Return a row a place; of each rule so many at most, and how many more there are."""
    rows = []
    for code in dict.fromkeys(each.code for each in problems):
        found = [each for each in problems if each.code == code]
        shown = found if most is None or len(found) <= most + 1 else found[:most]
        rows += [[p.level, p.code, p.claim, p.where, p.message] for p in shown]
        if len(shown) < len(found):
            more = f"{len(found) - len(shown)} more places"
            rows.append([found[0].level, code, found[0].claim, more, "a file or a pipe has all"])
    return rows


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
