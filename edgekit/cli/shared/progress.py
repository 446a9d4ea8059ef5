"""What a command tells as it works: one live line on a terminal, now and then a line in a log."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from edgekit.cli.shared import terminal
from edgekit.cli.shared.output import width_of
from edgekit.progress import Step, Tell

_SECS_BETWEEN_LINES = 10.0
_SECS_BETWEEN_FRAMES = 0.5
_CLEAR = "\r\x1b[K"


@contextmanager
def working(title: str) -> Iterator[Tell]:
    """Give a function that says what is going on, with the time left where steps are counted.

    A terminal has one live line, which is gone after the block: print results there. Elsewhere
    each thing is a line, and of counted steps the first, the last and one every ten seconds.
    """
    width = width_of(sys.stderr)
    if width is None:
        yield _Log(title).tell
        return
    live = _Live(title, width)
    try:
        yield live.tell
    finally:
        live.end()


def counted(tell: Tell) -> Callable[[int, int], None]:
    """Return a callback that takes how much is done, and of how much."""
    return lambda done, total: tell(Step("", done, total))


class TimeLeft:
    """How long counted steps will take, by those that are done.

    Args:
        clock: returns seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._last = Step("")
        self._began = self._stepped = clock()

    def take(self, step: Step) -> None:
        """Note that a step begins; steps of another number are others.

        What is not counted changes nothing, nor do other steps within those of the whole command.
        """
        if not step.total or (self.is_of_all and not step.of_all):
            return
        self._stepped = self._clock()
        if step.total != self._last.total or step.done < self._last.done:
            self._began = self._stepped
        self._last = step

    @property
    def is_of_all(self) -> bool:
        """Whether the time is that of the whole command."""
        return self._last.of_all

    @property
    def secs(self) -> float | None:
        """Seconds left; None before the first step is over, or where steps are not counted."""
        done, total = self._last.done, self._last.total
        if not (0 < done < total):
            return None
        left = (self._stepped - self._began) / done * (total - done)
        return max(0.0, left - (self._clock() - self._stepped))


def words_of(step: Step | str, left: TimeLeft) -> str:
    """Say a step in words: ``measuring net.tflite (2/6), about 12 s left``."""
    is_timed = left.is_of_all or (isinstance(step, Step) and step.total > 0)
    secs = left.secs if is_timed else None
    if secs is None:
        return str(step)
    return f"{step}, about {_rounded(secs)} left{' in all' if left.is_of_all else ''}"


def _rounded(secs: float) -> str:
    if secs < 90:
        return f"{max(1, round(secs))} s"
    return f"{secs / 60:.0f} min" if secs < 5400 else f"{secs / 3600:.1f} h"


class _Log:
    """Lines for a log."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._left = TimeLeft()
        self._next = 0.0

    def tell(self, step: Step | str) -> None:
        if isinstance(step, Step) and step.total:
            self._left.take(step)
            is_last = step.done + 1 == step.total
            if step.done and not is_last and time.monotonic() < self._next:
                return
            self._next = time.monotonic() + _SECS_BETWEEN_LINES
        click.echo(f"{self._title}: {words_of(step, self._left)}", err=True)


class _Live:
    """One line of a terminal, written again as time passes."""

    def __init__(self, title: str, width: int) -> None:
        self._title, self._width = title, width
        self._left = TimeLeft()
        self._step: Step | str = ""
        self._since = time.monotonic()
        self._shown = ""
        self._lock, self._ended = threading.Lock(), threading.Event()
        self._thread = threading.Thread(target=self._keep_writing, daemon=True)
        self._thread.start()

    def tell(self, step: Step | str) -> None:
        with self._lock:
            if isinstance(step, Step):
                self._left.take(step)
            self._step, self._since = step, time.monotonic()
            self._write()

    def end(self) -> None:
        self._ended.set()
        self._thread.join()
        _command(_CLEAR)

    def _keep_writing(self) -> None:
        while not self._ended.wait(_SECS_BETWEEN_FRAMES):
            with self._lock:
                self._write()

    def _write(self) -> None:
        words = words_of(self._step, self._left)
        if words and "left" not in words.rpartition(", ")[2]:
            waited = int(time.monotonic() - self._since)
            words += f", {waited} s" if words and waited else ""
        line = f"{self._title}: {words}" if words else f"{self._title} ..."
        line = line if len(line) < self._width else f"{line[: self._width - 2]}…"
        if line != self._shown:
            self._shown = line
            _command(_CLEAR + terminal.escaped(line))


def _command(text: str) -> None:
    stream = terminal.raw(sys.stderr)
    stream.write(text)
    stream.flush()
