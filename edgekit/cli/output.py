"""Printing: tables and JSON to stdout, progress to stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import click

_WIDE = 250  # a pipe has no width; let no table wrap in it


def print_json(schema: str, version: int, fields: Mapping[str, Any]) -> None:
    """Print one document with its schema."""
    click.echo(json.dumps({"schema": schema, "schema_version": version, **fields}, indent=2))


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table; a column whose name ends in ``>`` is right-aligned.

    The heading is left out where no column has a name.
    """
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold", show_header=any(columns))
    for column in columns:
        right = column.endswith(">")
        table.add_column(
            column.removesuffix(">"), justify="right" if right else "left", overflow="fold"
        )
    for row in rows:
        table.add_row(*row)
    console = Console(
        file=sys.stdout,
        width=None if sys.stdout.isatty() else _WIDE,
        highlight=False,
        markup=False,
        emoji=False,
    )
    with console.capture() as printed:
        console.print(table)
    for line in printed.get().splitlines():
        click.echo(line.rstrip())


@contextmanager
def progress(title: str) -> Iterator[Callable[[str], None]]:
    """Give a function that says what is going on: a spinner on a terminal, else one line each."""
    if not sys.stderr.isatty():
        yield lambda message: click.echo(f"{title}: {message}", err=True)
        return
    from rich.console import Console

    with Console(stderr=True).status(title) as status:
        yield lambda message: status.update(f"{title}: {message}")


def size(size_bytes: int) -> str:
    """Format a file size in decimal units: ``4.1 MB``."""
    if size_bytes >= 1_000_000:
        return f"{size_bytes / 1e6:.1f} MB"
    return f"{size_bytes / 1e3:.1f} kB"


def millions(count: int) -> str:
    """Format a count in millions: ``3.45 M``."""
    return f"{count / 1e6:.2f} M"
