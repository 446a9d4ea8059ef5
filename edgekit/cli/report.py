"""``edgekit report``: what a sweep found, as a page."""

from __future__ import annotations

from pathlib import Path

import click

from edgekit.cli.shared import output
from edgekit.cli.shared.command.helping import Command


@click.command(
    "report",
    cls=Command,
    short_help="What a sweep found, as one page, Markdown or CSV.",
    examples=(
        "report results.sqlite -o page.html",
        "report results.sqlite -o table.csv",
    ),
)
@click.argument("stores", metavar="STORE...", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    "file",
    type=click.Path(path_type=Path),
    metavar="FILE.html|.md|.csv",
    required=True,
    help="What to write; it is replaced if it is there.",
)
@click.option(
    "--claims",
    type=click.Path(path_type=Path),
    metavar="FILE.json",
    help="Show these too: a document of `edgekit claims --json`.",
)
@click.option(
    "--profile",
    "profiles",
    type=click.Path(path_type=Path),
    metavar="FILE.json",
    multiple=True,
    help="Show the roofline of its operators on a page: a document of `edgekit latency --profile "
    "--json`; may be given again.",
)
@click.option("--title", metavar="TEXT", help="Heading; without it, the stores' names.")
@click.option(
    "--every",
    is_flag=True,
    help="Show all rows, also those of files and runtimes that were replaced since.",
)
def command(
    stores: tuple[Path, ...],
    file: Path,
    claims: Path | None,
    profiles: tuple[Path, ...],
    title: str | None,
    *,
    every: bool,
) -> None:
    """Write what the STOREs of `edgekit sweep` and `edgekit bench --store` hold.

    A page needs no network and no other file: charts, filters, the raw data to download, and the
    file to ship on the device chosen. It is drawn by a library that comes with
    'edgekit-mobile[report]'.
    """
    from edgekit import study

    written = study.report(study.ReportRequest(stores, file, claims, title, every, profiles))
    click.echo(f"{written}: {output.size(written.stat().st_size)}")
