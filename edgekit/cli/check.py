"""``edgekit check``: does a bundle hold what it says, and what its budgets allow."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edgekit.cli.shared import output
from edgekit.cli.shared.command.helping import Command
from edgekit.cli.shared.command.values import NameList
from edgekit.cli.shared.options import print_options
from edgekit.cli.shared.progress import working
from edgekit.cli.shared.tables.columns import name, prose, word
from edgekit.errors import CheckFailedError

if TYPE_CHECKING:
    from edgekit.bundle import Finding

_path = click.Path(path_type=Path)


@click.command(
    "check",
    cls=Command,
    short_help="Prove a bundle, and gate it against the one before.",
    examples=(
        "check dist/micronet-m0-cifar10.edgekit",
        "check dist/net.edgekit --baseline before/net.edgekit --markdown summary.md",
    ),
)
@click.argument("bundle_path", metavar="BUNDLE", type=_path)
@click.option(
    "--baseline", type=_path, metavar="BUNDLE", help="The bundle before; latencies take turns."
)
@click.option(
    "--budget", type=_path, metavar="FILE", help="Budgets in place of the bundle's budgets.toml."
)
@click.option(
    "--isa",
    "isas",
    type=NameList(),
    default=(),
    metavar="NAME,...",
    help="Also replay the golden answers under these, as `edgekit verify --isa`.",
)
@click.option("--junit", type=_path, metavar="FILE", help="Also write JUnit XML.")
@click.option("--sarif", type=_path, metavar="FILE", help="Also write SARIF.")
@click.option("--markdown", type=_path, metavar="FILE", help="Also write a summary for people.")
@print_options
def command(
    bundle_path: Path,
    baseline: Path | None,
    budget: Path | None,
    isas: tuple[str, ...],
    junit: Path | None,
    sarif: Path | None,
    markdown: Path | None,
    *,
    as_json: bool,
) -> None:
    """Check BUNDLE, a folder or its .zip: hashes, each file opened and replayed, budgets.

    Exit code 1 names what failed. A figure fails if the near end of its interval is over the
    limit, and is warned of if the figure itself is.
    """
    from edgekit import bundle
    from edgekit.bundle.checking import formats

    request = bundle.CheckRequest(bundle_path, baseline, budget, isas=isas)
    with working("check") as say:
        report = bundle.check(request, say=say, timing=say)
    for path, form in (
        (junit, formats.junit),
        (sarif, formats.sarif),
        (markdown, formats.markdown),
    ):
        if path is not None:
            output.write_text(path, form(report))
    if as_json:
        output.print_document(report)
    else:
        output.print_table(
            (word(""), word("check"), name("file"), prose("found")), _rows(report.findings)
        )
    if report.failed:
        names = ", ".join(f"{each.code} of {each.subject}" for each in report.failed)
        raise CheckFailedError(f"{bundle_path}: {names} failed", result=report)


def _rows(findings: Sequence[Finding]) -> list[list[str]]:
    """Return a row for each finding; what was skipped alike is one."""
    alike: dict[tuple[str, str], list[Finding]] = {}
    for number, each in enumerate(findings):
        key = each.message if each.level == "skipped" else str(number)
        alike.setdefault((each.level, key), []).append(each)
    return [
        [
            some[0].level,
            _one_of([each.code for each in some], "checks"),
            _one_of([each.subject for each in some], "files"),
            some[0].message,
        ]
        for some in alike.values()
    ]


def _one_of(names: Sequence[str], what: str) -> str:
    different = dict.fromkeys(names)
    return names[0] if len(different) == 1 else f"{len(different)} {what}"
