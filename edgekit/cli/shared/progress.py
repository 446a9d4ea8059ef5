"""What a command tells as it works: one live line on a terminal, now and then a line in a log."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from edgekit.devices import Progress, Step

_SECS_BETWEEN_LINES = 10.0


@contextmanager
def working(title: str) -> Iterator[Callable[[str], None]]:
    """Give a function that says what is going on: a spinner on a terminal, else one line each.

    Print results after the block: the line is gone by then.
    """
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


def told(say: Callable[[str], None]) -> Progress:
    """Return a progress callback that says each step in a line.

    Args:
        say: takes a line.
    """

    def tell(step: Step) -> None:
        counted = f" ({step.done + 1}/{step.total})" if step.total else ""
        say(f"{step.activity}{counted}")

    return tell
