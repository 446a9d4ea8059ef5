"""Telling, line by line, what measuring is about to do."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edgekit.devices import Progress, Step


def told(say: Callable[[str], None]) -> Progress:
    """Return a progress callback that says each step in a line.

    Args:
        say: takes a line.
    """

    def tell(step: Step) -> None:
        counted = f" ({step.done + 1}/{step.total})" if step.total else ""
        say(f"{step.activity}{counted}")

    return tell
