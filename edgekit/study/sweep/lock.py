"""A lock that somebody else keeps: a command that holds a board while a process measures there."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from edgekit.errors import EnvironmentMissingError, UsageError

FAILED = "lock-failed"
"""Reason of the error that says so."""

_HOLD = ("sh", "-c", "echo held; cat > /dev/null")
"""What the command runs while it holds: it ends when its standard input does."""


@dataclass(frozen=True)
class Lock:
    """A command that takes a lock, runs the program that follows it, and frees the lock.

    ``flock /var/lock/pi5`` is one; for labgrid, a script that locks the place that
    ``EDGEKIT_TARGET`` names, runs ``"$@"`` and unlocks it. The program ends with edgekit,
    however that ends, so that no lock stays behind.

    Attributes:
        command: as typed.

    Raises:
        UsageError: it cannot be read as a command.
    """

    command: str

    def __post_init__(self) -> None:
        try:
            words = shlex.split(self.command)
        except ValueError as error:
            raise UsageError(f"--lock {self.command!r} is no command: {error}") from error
        if not words:
            raise UsageError("--lock takes a command, such as 'flock /var/lock/board'")

    @contextmanager
    def held(self, target: str) -> Iterator[None]:
        """Hold the lock of a target.

        Raises:
            EnvironmentMissingError: the command did not get it (reason "lock-failed").
        """
        try:
            holder = subprocess.Popen(  # noqa: S603 -- the user's own command
                [*shlex.split(self.command), *_HOLD],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                env={**os.environ, "EDGEKIT_TARGET": target},
            )
        except OSError as error:
            raise _failed(f"--lock {self.command!r} does not start: {error.strerror}") from error
        assert holder.stdin is not None and holder.stdout is not None  # noqa: S101, PT018
        try:
            if not any(line.strip() == "held" for line in iter(holder.stdout.readline, "")):
                raise _failed(
                    f"--lock {self.command!r} ended with {holder.wait()} before it held {target}"
                )
            yield
        finally:
            holder.stdin.close()
            holder.wait()
            holder.stdout.close()


def _failed(message: str) -> EnvironmentMissingError:
    return EnvironmentMissingError(message, reason_code=FAILED)
