"""Running the command line in this process: the fixture `cli` of the whole suite."""

from __future__ import annotations

from collections.abc import Callable

Cli = Callable[..., tuple[int, str, str]]
"""Takes arguments of any type; returns the exit code, what was printed, and what was said."""
