"""Printing: tables, lines and JSON to stdout.

How, is what `--format` of the command says: a table for people, fitted to their terminal and whole
in a pipe; Markdown; CSV, where all but the tables goes to stderr; or JSON.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from typing import IO, TYPE_CHECKING, Any

import click

from edgekit.cli.shared import terminal
from edgekit.cli.shared.tables import formats
from edgekit.cli.shared.tables.columns import Column, resolved
from edgekit.cli.shared.tables.layout import laid_out
from edgekit.cli.shared.tables.wrapping import folded
from edgekit.errors import InvalidPathError

if TYPE_CHECKING:
    from pathlib import Path

    from edgekit.files.documents import Document

FORMATS = ("table", "markdown", "csv", "json")
_META = f"{__name__}."
_USUAL_WIDTH = 80
_LEAST_IN_MILLIONS = 10_000  # 0.01 M
_INDENTED = ("note: ", "warning: ", "remedy: ", "failed: ", "error: ")


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


def choose_format(name: str) -> None:
    """Have all that the running command prints be of one of `FORMATS`."""
    click.get_current_context().meta[f"{_META}format"] = name


def print_table(columns: Sequence[Column | str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table; a bare title is of a column of words, or of figures if it ends in ``>``.

    The heading is left out where no column has a title.
    """
    fields = resolved(columns)
    form = _meta("format") or "table"
    if form == "markdown":
        click.echo(formats.markdown(fields, rows) + "\n")
    elif form == "csv":
        text = formats.comma_separated(fields, rows)
        click.echo(f"\n{text}" if _meta("printed") else text)
        _set_meta("printed", value=True)
    else:
        shown = [[terminal.escaped(cell) for cell in row] for row in rows]
        layout = laid_out(fields, shown, width_of(sys.stdout))
        for line in layout.head:
            terminal.print_styled(click.style(line, bold=True) if sys.stdout.isatty() else line)
        for line in layout.body:
            click.echo(line)
        if layout.left_out and _meta("left_out") != layout.left_out:
            _set_meta("left_out", value=layout.left_out)
            say(
                f"(no room for {', '.join(layout.left_out)}: a wider terminal, a file or a pipe "
                "has all)"
            )


def say(text: str = "", *, err: bool = False) -> None:
    """Print lines beside tables: folded between words on a terminal, as they are in a pipe.

    Args:
        text: lines; nothing prints an empty one.
        err: whether they go to stderr.
    """
    if _meta("format") == "csv" and not err:
        if not text:
            return
        err = True
    width = width_of(sys.stderr if err else sys.stdout)
    for line in text.split("\n"):
        for part in [line] if width is None else _fitted(line, width):
            click.echo(part, err=err)


def _fitted(line: str, width: int) -> list[str]:
    if len(line) <= width:
        return [line]
    indent = next((len(word) for word in _INDENTED if line.startswith(word)), 0)
    parts = folded(line[indent:], width - indent)
    return [(line[:indent] if not number else " " * indent) + p for number, p in enumerate(parts)]


def is_terminal() -> bool:
    """Whether what is printed is a table that somebody reads on a terminal."""
    return (_meta("format") or "table") == "table" and width_of(sys.stdout) is not None


def width_of(stream: IO[str]) -> int | None:
    """Return how many columns a terminal has; None for what is no terminal."""
    if not stream.isatty():
        return None
    said = os.environ.get("COLUMNS", "")
    if said.isdecimal() and int(said):
        return int(said)
    try:
        return os.get_terminal_size(stream.fileno()).columns or _USUAL_WIDTH
    except (OSError, ValueError):
        return _USUAL_WIDTH


def _meta(key: str) -> Any:  # noqa: ANN401 -- click's own type
    context = click.get_current_context(silent=True)
    return None if context is None else context.meta.get(f"{_META}{key}")


def _set_meta(key: str, *, value: object) -> None:
    context = click.get_current_context(silent=True)
    if context is not None:
        context.meta[f"{_META}{key}"] = value


def size(size_bytes: int) -> str:
    """Format a file size in decimal units: ``4.1 MB``."""
    if size_bytes >= 1_000_000:
        return f"{size_bytes / 1e6:.1f} MB"
    return f"{size_bytes / 1e3:.1f} kB"


def millions(count: int) -> str:
    """Format a count in millions: ``3.45 M``; a small one as it is."""
    if 0 < count < _LEAST_IN_MILLIONS:
        return f"{count:,}"
    return f"{count / 1e6:.2f} M"
