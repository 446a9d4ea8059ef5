"""Leave the layers that lose most in float32.

Layers are ranked by the noise that each alone, as an integer, adds to the network's outputs. The
worst tenth of them stays float32, then the next tenth, until the network is close enough to the
float one or most of it is float. What stands between float layers stays float with them, so that
nothing is rounded there. The rest of the network runs on integers around them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import onnx_ir as ir

from edgekit.export.graph import nodes as g
from edgekit.export.graph import weight_layers
from edgekit.export.integer import quantizable
from edgekit.quantize.analysis import sensitivity
from edgekit.quantize.candidate import Context, Draft
from edgekit.quantize.rungs.base import AFTER_ROUNDING, Rung

_SHARES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7)
_ENOUGH_DB = 30.0  # on calibration samples; on others 1 to 3 dB less: 98.5 % of equal top-1
_SAMPLES = 8


def _apply(draft: Draft, context: Context) -> Draft:
    samples = context.few(_SAMPLES)
    ranked = sensitivity.by_layer(draft, samples, context.say)
    mixed = draft
    for share in _SHARES:
        worst = [row.layer for row in ranked[: math.ceil(share * len(ranked))]]
        mixed = draft.with_float(_with_neighbours(draft.graph, worst))
        found = sensitivity.of_outputs(mixed, samples)
        context.say(f"{len(worst)} of {len(ranked)} layers in float32: {found:.1f} dB")
        if found >= _ENOUGH_DB:
            break
    return mixed


def _with_neighbours(graph: ir.Model, layers: Sequence[str]) -> list[str]:
    """Add every operator without weights that float nodes alone feed, or alone read."""
    chosen = set(layers)
    others = [n for n in graph.graph if not weight_layers.is_layer(n) and not _is_fused(n)]
    before = -1
    while len(chosen) != before:
        before = len(chosen)
        for node in others:
            makers = [_maker(value) for value in weight_layers.dynamic_inputs(node)]
            readers = [use.node for value in _written(node) for use in value.uses()]
            for around in (makers, readers):
                if around and all(each is not None and each.name in chosen for each in around):
                    chosen.add(str(node.name))
    return sorted(chosen)


def _is_fused(node: ir.Node) -> bool:
    """Tell whether ``node`` is an activation that goes wherever the operator before it goes."""
    first = next(weight_layers.dynamic_inputs(node), None)
    return first is not None and quantizable.is_fused(first)


def _maker(value: ir.Value) -> ir.Node | None:
    producer = value.producer()
    if producer is not None and _is_fused(producer):
        return g.operand(producer, 0).producer()
    return producer


def _written(node: ir.Node) -> Iterator[ir.Value]:
    for value in node.outputs:
        reader = g.sole_consumer(value)
        yield reader.outputs[0] if reader is not None and _is_fused(reader) else value


RUNG = Rung("mixed", "keep the most sensitive layers in float32", AFTER_ROUNDING, _apply)
