"""What each class of layer of a file takes, in one process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class LayerTimes:
    """Times of one process's profile.

    Attributes:
        runtime: who ran it, as readers know it.
        times_ms: class of layer to the time in it.
        macs: class of layer to its multiply-accumulates.
    """

    runtime: str
    times_ms: Mapping[str, float]
    macs: Mapping[str, int]

    def share(self, *classes: str) -> float:
        """Return these classes' part of the whole time."""
        return sum(self.times_ms.get(name, 0.0) for name in classes) / sum(self.times_ms.values())

    def gmacs_per_s(self, *classes: str) -> float:
        """Return billions of multiply-accumulates a second in these classes."""
        time_ms = sum(self.times_ms.get(name, 0.0) for name in classes)
        return sum(self.macs.get(name, 0) for name in classes) / time_ms / 1e6
