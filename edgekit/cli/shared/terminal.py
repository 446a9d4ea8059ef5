"""What reaches the user's terminal: plain text, in lines that end, and a reader who may leave.

Names in other people's files may hold anything, escape sequences that command a terminal
included. Everything that edgekit prints passes through here, whoever prints it.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO

from edgekit.errors import StorageError, shortened

_LONGEST_LINE = 4000  # bytes of a line on stderr
_COMMANDS = re.compile(
    "[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f"  # control characters but tab and newline
    "\\u061c\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069"  # that reorder the text around them
    "\\u2028\\u2029\\ufeff\\ud800-\\udfff]"  # that end lines, are invisible, or no characters
)


def escaped(text: str) -> str:
    r"""Return a text whose control characters are spelled out, as ``\u001b`` for escape.

    That is JSON's spelling too, so that a document stays one.
    """
    return _COMMANDS.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


class PlainStream:
    """A text stream on which nothing commands a terminal.

    What is written after the reader has gone is dropped, as the command's work is worth finishing.

    Args:
        stream: where it goes.
        messages: it takes what is said beside the results: the middle of long lines is left out,
            and so is what does not fit.
    """

    def __init__(self, stream: TextIO, *, messages: bool = False) -> None:
        self.stream = stream
        self._is_messages = messages

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 -- all else is the stream's own
        return getattr(self.stream, name)

    def write(self, text: str) -> int:
        """Write a text, escaped.

        Raises:
            StorageError: where it goes is full.
        """
        if not isinstance(text, str):  # click asks in this way whether a stream takes bytes
            raise TypeError(f"a text stream takes str, not {type(text).__name__}")
        lines = escaped(text)
        if self._is_messages and len(lines) * 12 > _LONGEST_LINE:
            lines = "\n".join(shortened(each, _LONGEST_LINE) for each in lines.split("\n"))
        self.write_styled(lines)
        return len(text)

    def write_styled(self, text: str) -> None:
        """Write a text with the escape sequences that it holds, which are edgekit's own."""
        coding = self.stream.encoding or "utf-8"
        with self._reader_may_leave():
            self.stream.write(text.encode(coding, "backslashreplace").decode(coding))

    def flush(self) -> None:
        """Hand on what is buffered.

        Raises:
            StorageError: where it goes is full.
        """
        with self._reader_may_leave():
            self.stream.flush()

    @contextmanager
    def _reader_may_leave(self) -> Iterator[None]:
        try:
            yield
        except BrokenPipeError:
            self._forget()
        except OSError as error:
            self._forget()
            if not self._is_messages:
                raise StorageError(
                    f"cannot write the output: {error.strerror}; send it elsewhere"
                ) from error

    def _forget(self) -> None:
        """Send what is still buffered nowhere, so that Python does not complain at its exit."""
        with suppress(OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self.stream.fileno())
            os.close(nowhere)


@contextmanager
def plain() -> Iterator[None]:
    """Let everything that is printed within pass through `PlainStream`."""
    before = sys.stdout, sys.stderr
    if not isinstance(sys.stdout, PlainStream):
        sys.stdout = PlainStream(_present(sys.stdout))
        sys.stderr = PlainStream(_present(sys.stderr), messages=True)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


def raw(stream: TextIO) -> TextIO:
    """Return the stream itself, for spinners and bars, which command the terminal on purpose."""
    return stream.stream if isinstance(stream, PlainStream) else stream


def print_styled(line: str) -> None:
    """Print a line to stdout with the escape sequences in it; names in it are escaped already."""
    stream = sys.stdout
    if isinstance(stream, PlainStream):
        stream.write_styled(f"{line}\n")
    else:
        stream.write(f"{line}\n")


def open_standard_streams() -> None:
    """Open whichever of the three standard streams the caller closed, or files would get them."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest number that is free


def _present(stream: TextIO | None) -> TextIO:
    if stream is not None:
        return stream
    return open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123 -- until the exit
