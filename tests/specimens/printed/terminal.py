"""A pseudo-terminal in place of stdout and stderr, and what commands print, kept to print again."""

from __future__ import annotations

import fcntl
import os
import re
import struct
import sys
import termios
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from edgekit.cli.shared import output

# What moves the cursor, hides it or colours, as rich and click write it.
CONTROL = re.compile(r"\x1b\[[?\d;]*[A-Za-z]")


@dataclass
class Screen:
    """What was written to a terminal, newlines as they were printed."""

    raw: str = ""

    @property
    def lines(self) -> list[str]:
        """The lines, without colours."""
        return CONTROL.sub("", self.raw).splitlines()


@contextmanager
def terminal(width: int) -> Iterator[Screen]:
    """Put a terminal of so many columns in place of stdout and stderr; read it afterwards."""
    ours, theirs = os.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, width, 0, 0))
    screen, chunks = Screen(), []

    def read() -> None:
        while True:
            try:
                chunk = os.read(ours, 1 << 16)
            except OSError:
                return
            if not chunk:
                return
            chunks.append(chunk)

    reader = threading.Thread(target=read)
    reader.start()
    with pytest.MonkeyPatch.context() as patch, os.fdopen(theirs, "w", encoding="utf-8") as stream:
        for name in ("stdout", "stderr"):
            patch.setattr(sys, name, stream)
        patch.delenv("COLUMNS", raising=False)
        patch.setenv("TERM", "xterm-256color")
        yield screen
        stream.flush()
    reader.join()
    os.close(ours)
    screen.raw = b"".join(chunks).decode().replace("\r\n", "\n")


@dataclass
class Printed:
    """What a command gave `edgekit.cli.shared.output`, in order."""

    calls: list[Callable[[], None]] = field(default_factory=list)
    tables: list[tuple[Any, Any]] = field(default_factory=list)

    def again(self) -> None:
        """Print it once more, as wide as stdout now is."""
        for call in self.calls:
            call()


@contextmanager
def recorded() -> Iterator[Printed]:
    """Keep all that commands print; they print it all the same."""
    printed = Printed()
    table, say = output.print_table, output.say

    def kept_table(columns: Any, rows: Any) -> None:
        rows = [list(row) for row in rows]
        printed.tables.append((columns, rows))
        printed.calls.append(lambda: table(columns, rows))
        before = len(printed.calls)
        table(columns, rows)
        del printed.calls[before:]  # what it says beside the table it will say again

    def kept_line(text: str = "", *, err: bool = False) -> None:
        printed.calls.append(lambda: say(text, err=err))
        say(text, err=err)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(output, "print_table", kept_table)
        patch.setattr(output, "say", kept_line)
        yield printed
