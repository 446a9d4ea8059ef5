"""The ladder: measures against the loss of accuracy, cheapest first.

Adding a rung: one file with a ``RUNG``, one line in the table below. The order of the table is
the order in which rungs are applied and tried.
"""

from __future__ import annotations

from edgekit.quantize.rungs import adaround, batch_norm, bias, mixed
from edgekit.quantize.rungs.base import AFTER_ROUNDING, BEFORE_RANGES, Rung, purpose_of, together
from edgekit.quantize.rungs.equalize import rung as equalize
from edgekit.registry import Registry

_LADDER = (equalize.RUNG, batch_norm.RUNG, adaround.RUNG, bias.RUNG, mixed.RUNG)

RUNGS: Registry[Rung] = Registry(
    "rung", ((each.name, each) for each in _LADDER), aliases={"equalise": "equalize"}
)
"""Every rung by its name; the alias is what recipes of earlier versions say."""


def get(name: str) -> Rung:
    """Return the rung of a name or alias.

    Raises:
        UnknownNameError: there is none.
    """
    return RUNGS.find(name)


__all__ = ["AFTER_ROUNDING", "BEFORE_RANGES", "RUNGS", "Rung", "get", "purpose_of", "together"]
