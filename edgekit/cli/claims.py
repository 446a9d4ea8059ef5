"""``edgekit claims``: which of the papers' claims hold here."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edgekit.cli.latency.words import machine_words
from edgekit.cli.shared import output
from edgekit.cli.shared.command.helping import Command
from edgekit.cli.shared.options import print_options
from edgekit.cli.shared.progress import working
from edgekit.cli.shared.tables.columns import figure, name, prose, word
from edgekit.errors import UsageError

if TYPE_CHECKING:
    from edgekit.study.claims import ClaimsReport, ShiftAnalysis

_file = click.Path(path_type=Path, dir_okay=False)


@click.command(
    "claims",
    cls=Command,
    short_help="Test the papers' claims on this machine.",
    examples=(
        "claims --list",
        "claims separable-saves-macs",
        "claims --quick --keep claims.json",
    ),
)
@click.argument("names", metavar="[NAME]...", nargs=-1)
@click.option("--list", "listed", is_flag=True, help="List the claims and test nothing.")
@click.option(
    "--quick",
    is_flag=True,
    help="Measure shortly, and train nothing that is not named: minutes on a quiet machine.",
)
@click.option(
    "--counts",
    metavar="TARGET,...",
    default="",
    help="Also count executed instructions and bytes, such as qemu:cortex-a53,qemu:cortex-a76; "
    "they decide no verdict.",
)
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of data sets for the claims that train; else EDGEKIT_DATA.",
)
@click.option(
    "--keep",
    type=_file,
    metavar="FILE",
    help="Write the report here after each claim; claims that it has are not measured again.",
)
@click.option(
    "--against",
    type=_file,
    metavar="FILE",
    help="A report of an independent run: a claim whose verdict differs there cannot be told. "
    "Also with --read.",
)
@click.option("--read", "kept", type=_file, metavar="FILE", help="Print a kept report.")
@click.option("--markdown", is_flag=True, help="Print the report as a page.")
@click.option(
    "--shift-analysis",
    is_flag=True,
    help="Instead of claims: are channels that are shifted the same way alike, and which "
    "directions do the next 1x1 weights use?",
)
@print_options
def command(
    names: tuple[str, ...],
    counts: str,
    data: Path | None,
    keep: Path | None,
    against: Path | None,
    kept: Path | None,
    *,
    listed: bool,
    quick: bool,
    markdown: bool,
    shift_analysis: bool,
    as_json: bool,
) -> None:
    """Test what papers claim about MACs, time and accuracy, each claim by an experiment.

    A verdict follows from an interval: it lies within the claim's bar (holds),
    wholly outside (does not hold), or on its edge (cannot tell). Times need a
    quiet machine. docs/claims.md lists every claim with its bar.
    """
    from edgekit.study import claims

    folder = data or (Path(found) if (found := os.environ.get("EDGEKIT_DATA")) else None)
    measures = bool(names or keep or quick or counts)
    if (measures and (kept is not None or shift_analysis)) or (against and shift_analysis):
        raise UsageError("--read and --shift-analysis test no claims: give them without the rest")
    if listed:
        _list(names)
        return
    if shift_analysis:
        _print_shifts(claims.analyze_shifts(data=folder), as_json=as_json)
        return
    if kept is not None:
        stored = claims.compared(kept, against) if against else claims.read(kept)
        _print(stored, as_json=as_json, markdown=markdown)
        return
    request = claims.ClaimsRequest(
        names,
        is_quick=quick,
        count_on=tuple(filter(None, counts.split(","))),
        data=folder,
        kept=keep,
        earlier=against,
    )
    with working("claims") as say:
        report = claims.run(request, say)
    _print(report, as_json=as_json, markdown=markdown)


def _list(names: tuple[str, ...]) -> None:
    from edgekit.study import claims

    wanted = {claims.CLAIMS.name_of(each) for each in names} or set(claims.CLAIMS)
    output.print_table(
        (name("claim"), word("kind", 1), prose("statement"), prose("holds if")),
        [
            [
                claim,
                each.kind,
                each.statement,
                "; ".join(f"{bar.quantity} {bar.words}" for bar in each.bars),
            ]
            for claim, each in claims.CLAIMS.items()
            if claim in wanted
        ],
    )


def _print(report: ClaimsReport, *, as_json: bool, markdown: bool) -> None:
    from edgekit.study import claims

    if as_json:
        output.print_document(report)
        return
    if markdown:
        click.echo(claims.study_page(report), nl=False)
        return
    output.print_table(
        (name("claim"), word("verdict"), prose("why")),
        [[each.name, each.verdict, each.why] for each in report.claims],
    )
    tally = ", ".join(f"{count} {verdict}" for verdict, count in report.tally.items())
    output.say(
        f"\n{len(report.claims)} {'claim' if len(report.claims) == 1 else 'claims'}: {tally}"
    )
    if report.compared:
        output.say(
            f"{report.agreeing} of {report.compared} verdicts are those of the independent run"
        )
    packages = ", ".join(f"{name} {version}" for name, version in report.packages.items())
    output.say(f"{machine_words(report.machine)}; {packages}")


def _print_shifts(found: ShiftAnalysis, *, as_json: bool) -> None:
    if as_json:
        output.print_document(found)
        return
    output.print_table(
        (
            name("shift"),
            figure("channels", 1),
            figure("|correlation|, same direction"),
            figure("different directions"),
        ),
        [
            [each.name, str(each.channels), f"{each.same:.3f}", f"{each.different:.3f}"]
            for each in found.layers
        ],
    )
    output.say()
    output.print_table(
        ["dy>", "dx>", "channels>", "share of squared weights>", "share of their output's energy>"],
        [
            [
                str(each.dy),
                str(each.dx),
                str(each.channels),
                f"{each.weight_share:.1%}",
                f"{each.energy_share:.1%}",
            ]
            for each in found.directions
        ],
    )
    output.say(
        f"\n{found.network}, trained weights; {found.images}. Correlations are means over pairs of "
        "channels before the shift; shares are means over the layers of what the next 1x1 "
        "convolution weighs each direction with"
    )
