"""``edgekit lint``: what in a model file costs time, exactness or size."""

from __future__ import annotations

from pathlib import Path

import click

from edgekit.cli.shared import output
from edgekit.cli.shared.options import NameList, print_options
from edgekit.cli.shared.tables.columns import name, prose, word
from edgekit.errors import CheckFailedError

_path = click.Path(path_type=Path)
_COLUMNS = (word(""), word("rule"), word("costs", 1), name("where"), prose("found"))


@click.command("lint", short_help="Find what makes a model file slow, inexact or large.")
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

    report = lint.run(lint.LintRequest(file, ignore))
    if sarif is not None:
        output.write_text(sarif, lint.sarif(report))
    if as_json:
        output.print_document(report)
    else:
        rows = [[p.level, p.code, p.claim, p.where, p.message] for p in report.problems]
        if rows:
            output.print_table(_COLUMNS, rows)
        for advice in dict.fromkeys((p.code, p.advice) for p in report.problems):
            output.say(f"{advice[0]}: {advice[1]}")
        skipped = f"; not looked at without its runtime: {', '.join(report.skipped)}"
        output.say(
            f"{len(report.warnings)} warnings, {len(report.problems) - len(report.warnings)} notes "
            f"of {len(report.rules)} rules" + skipped * bool(report.skipped)
        )
    if report.warnings:
        codes = ", ".join(dict.fromkeys(each.code for each in report.warnings))
        raise CheckFailedError(f"{file}: {codes}", result=report)
