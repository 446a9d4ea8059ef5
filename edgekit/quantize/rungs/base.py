"""What a rung of the ladder is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from edgekit.quantize.candidate import Context, Draft

BEFORE_RANGES, AFTER_ROUNDING = "before ranges", "after rounding"


@dataclass(frozen=True)
class Rung:
    """One measure against the loss of accuracy.

    Attributes:
        name: as users type it.
        purpose: what it does, in a few words, for tables.
        stage: ``BEFORE_RANGES`` for what rescales channels, else ``AFTER_ROUNDING``.
        apply: takes a complete draft and returns a better one.
    """

    name: str
    purpose: str
    stage: str
    apply: Callable[[Draft, Context], Draft]
