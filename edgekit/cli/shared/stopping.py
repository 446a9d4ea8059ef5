"""SIGTERM and SIGHUP end a command as Ctrl-C does: it tidies up first."""

from __future__ import annotations

import signal
from types import FrameType
from typing import NoReturn

_SIGNALLED = 128  # what a shell adds to a signal's number


class Stopped(KeyboardInterrupt):
    """A signal that asks the process to end.

    Args:
        number: of the signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.exit_code = _SIGNALLED + number


def listen() -> None:
    """Raise `Stopped`, or KeyboardInterrupt, in the main thread when a signal asks it to end.

    A signal that is ignored already, as under `nohup`, stays so.
    """
    if signal.getsignal(signal.SIGINT) == signal.SIG_DFL:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) == signal.SIG_DFL:
            signal.signal(number, _stop)


def listen_no_more() -> None:
    """Let Ctrl-C end the process at once: all is done, and what is left to do is to exit."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)


def exit_code(error: BaseException | None) -> int | None:
    """Return the exit code of a command that a signal ended; None if none did."""
    while error is not None:
        if isinstance(error, Stopped):
            return error.exit_code
        error = error.__cause__ or error.__context__
    return None


def _stop(number: int, _frame: FrameType | None) -> NoReturn:
    signal.signal(number, signal.SIG_IGN)  # once is enough, and would disturb the tidying up
    raise Stopped(number)
