"""The ladder: measures against the loss of accuracy, cheapest first.

Adding a rung: one file with a ``RUNG``, one line in the table below. The order of the table is
the order in which rungs are applied and tried.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from edgekit.errors import UnknownNameError
from edgekit.quantize.rungs import adaround, batch_norm, bias, mixed
from edgekit.quantize.rungs.base import AFTER_ROUNDING, BEFORE_RANGES, Rung
from edgekit.quantize.rungs.equalize import rung as equalisation

RUNGS: Mapping[str, Rung] = MappingProxyType(
    {
        rung.name: rung
        for rung in (
            equalisation.RUNG,
            batch_norm.RUNG,
            adaround.RUNG,
            bias.RUNG,
            mixed.RUNG,
        )
    }
)
"""Every rung by its name."""


def get(name: str) -> Rung:
    """Return the rung of a name.

    Raises:
        UnknownNameError: there is none.
    """
    if name not in RUNGS:
        raise UnknownNameError("rung", name, RUNGS)
    return RUNGS[name]


__all__ = ["AFTER_ROUNDING", "BEFORE_RANGES", "RUNGS", "Rung", "get"]
