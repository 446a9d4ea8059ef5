"""Printing: tables and JSON to stdout, progress to stderr."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from edgekit.errors import InvalidPathError

if TYPE_CHECKING:
    from pathlib import Path

    from edgekit.files.documents import Document

_WIDE = 250  # a pipe has no width; let no table wrap in it
_SECS_BETWEEN_LINES = 10.0


def print_json(schema: str, version: int, fields: Mapping[str, Any]) -> None:
    """Print one document with its schema."""
    click.echo(json.dumps({"schema": schema, "schema_version": version, **fields}, indent=2))


def print_document(result: Document) -> None:
    """Print a result as its JSON document."""
    click.echo(result.to_json())


def write_text(path: Path, text: str) -> None:
    """Write a report beside the printed one.

    Raises:
        InvalidPathError: the file cannot be written.
    """
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InvalidPathError(f"cannot write {path}: {error.strerror}") from error


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


@contextmanager
def bar(title: str) -> Iterator[Callable[[int, int], None]]:
    """Give a function that takes what is done and the total: a bar on a terminal, or few lines."""
    if not sys.stderr.isatty():
        yield _Lines(title).show
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(
        *columns, TimeRemainingColumn(), console=Console(stderr=True), transient=True
    ) as shown:
        task = shown.add_task(title, total=None)
        yield lambda done, total: shown.update(task, completed=done, total=total)


class _Lines:
    """Progress for a log: one line at the start, then one every ten seconds."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._next = 0.0

    def show(self, done: int, total: int) -> None:
        """Print a line if one is due."""
        if time.monotonic() >= self._next:
            click.echo(f"{self._title}: {done}/{total}", err=True)
            self._next = time.monotonic() + _SECS_BETWEEN_LINES


def size(size_bytes: int) -> str:
    """Format a file size in decimal units: ``4.1 MB``."""
    if size_bytes >= 1_000_000:
        return f"{size_bytes / 1e6:.1f} MB"
    return f"{size_bytes / 1e3:.1f} kB"


def millions(count: int) -> str:
    """Format a count in millions: ``3.45 M``."""
    return f"{count / 1e6:.2f} M"
