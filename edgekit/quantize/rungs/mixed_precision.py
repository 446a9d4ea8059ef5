"""Leave the layers that lose most in float32.

Layers are ranked by the noise that each alone, as an integer, adds to the network's outputs; the
worst tenth of them stays float32. The rest of the network runs on integers around them.
"""

from __future__ import annotations

import math

from edgekit.quantize import sensitivity
from edgekit.quantize.draft import Context, Draft
from edgekit.quantize.rungs.base import AFTER_ROUNDING, Rung

_SHARE = 0.1
_SAMPLES = 8


def _apply(draft: Draft, context: Context) -> Draft:
    ranked = sensitivity.by_layer(draft, context.few(_SAMPLES), context.say)
    worst = ranked[: math.ceil(_SHARE * len(ranked))]
    return draft.with_float([row.layer for row in worst])


RUNG = Rung("mixed", "keep the most sensitive layers in float32", AFTER_ROUNDING, _apply)
