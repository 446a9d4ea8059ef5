"""Command-line arguments that several benchmarks share."""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Protocol, TypeVar

from benchmarks.processes import Limits
from edgekit.runtimes import machine

_MEMORY_SHARE = 0.8  # of what is available: beyond that the machine starts to swap or to kill


class _Named(Protocol):
    @property
    def name(self) -> str: ...


_Entry = TypeVar("_Entry", bound=_Named)


def matching(
    parser: argparse.ArgumentParser, entries: Sequence[_Entry], patterns: list[str]
) -> list[_Entry]:
    """Return the entries of a table that a pattern fits, in the table's order.

    A pattern that fits nothing is the user's mistake.
    """
    for pattern in patterns:
        if not any(fnmatchcase(entry.name, pattern) for entry in entries):
            known = ", ".join(entry.name for entry in entries)
            parser.error(f"{pattern!r} fits nothing; known: {known}")
    return [e for e in entries if any(fnmatchcase(e.name, pattern) for pattern in patterns)]


def positive(value: str) -> int:
    """Return an integer of 1 or more."""
    number = int(value)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{value} is less than 1")
    return number


def add_limits(parser: argparse.ArgumentParser) -> None:
    """Add the limits of one run of one contender."""
    parser.add_argument(
        "--time-limit", type=float, default=3600.0, metavar="SECONDS", help="of one run"
    )
    parser.add_argument(
        "--memory-limit", type=float, metavar="GIB",
        help="of one run (default: 80 %% of the memory available)",
    )  # fmt: skip


def limits(options: argparse.Namespace) -> Limits:
    """Return the limits asked for."""
    available = machine.conditions().memory_available_bytes
    if options.memory_limit is not None:
        return Limits(options.time_limit, options.memory_limit * 2**30)
    return Limits(options.time_limit, _MEMORY_SHARE * available if available else math.inf)
