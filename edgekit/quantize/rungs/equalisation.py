"""Even out the ranges of channels that share a scale; see `edgekit.quantize.equalise`."""

from __future__ import annotations

from dataclasses import replace

from edgekit.quantize import equalise
from edgekit.quantize.draft import Context, Draft
from edgekit.quantize.rungs.base import BEFORE_RANGES, Rung


def _apply(draft: Draft, context: Context) -> Draft:
    found = equalise.factors(draft.graph, context.samples(), per_channel=context.per_channel)
    return replace(draft, encodings=replace(draft.encodings, rescalings=found))


RUNG = Rung("equalise", "even out channel ranges across layers", BEFORE_RANGES, _apply)
