"""``edgekit cache``: what edgekit keeps to be quicker next time, and how to be rid of it."""

from __future__ import annotations

import click

from edgekit.cli.shared import output
from edgekit.cli.shared.command.helping import Command
from edgekit.cli.shared.options import print_options
from edgekit.cli.shared.tables.columns import figure, name


@click.command(
    "cache",
    cls=Command,
    short_help="Say where the cache is and how big, or clear it.",
    examples=(
        "cache",
        "cache --clear",
    ),
)
@click.option("--clear", "wants_clearing", is_flag=True, help="Delete all of it.")
@print_options
def command(*, wants_clearing: bool, as_json: bool) -> None:
    """Show the folder of exported networks, results of `edgekit bench`, and emulators.

    EDGEKIT_CACHE puts it elsewhere. Everything in it can be made again; results of `edgekit bench`
    have to be measured again.
    """
    from edgekit.files import cache_folder

    folder = cache_folder.folder()
    entries = cache_folder.entries()
    if wants_clearing:
        cache_folder.clear()
    total = sum(each.size_bytes for each in entries)
    if as_json:
        output.print_json(
            "edgekit.cache",
            1,
            {
                "folder": str(folder),
                "size_bytes": total,
                "cleared": wants_clearing,
                "entries": [{"name": e.name, "size_bytes": e.size_bytes} for e in entries],
            },
        )
        return
    if wants_clearing:
        output.say(f"deleted {output.size(total)} in {_entries(len(entries))} of {folder}")
        return
    if entries:
        largest = sorted(entries, key=lambda each: -each.size_bytes)
        output.print_table(
            (name("entry"), figure("size")),
            [[each.name, output.size(each.size_bytes)] for each in largest],
        )
    output.say(f"{folder}: {output.size(total)} in {_entries(len(entries))}")


def _entries(count: int) -> str:
    return f"{count} entr{'y' if count == 1 else 'ies'}"
