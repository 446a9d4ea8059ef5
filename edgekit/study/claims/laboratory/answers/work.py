"""What one operator of a file has to do."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class OperatorWork:
    """Of one operator.

    Attributes:
        macs: multiply-accumulates.
        size_bytes: bytes of its inputs, weights and outputs, each once.
    """

    macs: int
    size_bytes: int
