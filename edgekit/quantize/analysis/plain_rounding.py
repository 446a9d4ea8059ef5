"""What rounding alone costs a network: every value in steps of its own range, every weight too.

No value shares a scale with another, and no rule has changed the graph: what an integer file loses
beyond this is the doing of what joins values and of what rewrites the graph, or a fault.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import onnx_ir as ir

from edgekit.export.graph import nodes as g
from edgekit.export.graph import weight_layers
from edgekit.export.graph.affine import Affine
from edgekit.export.onnx_writer import qdq
from edgekit.quantize import ranges
from edgekit.quantize.encoding import affine_choice, shared_scales
from edgekit.quantize.ranges import Method
from edgekit.quantize.running import memory, observe
from edgekit.quantize.running.session import GraphSession


def answers(
    model: ir.Model, samples: Sequence[Mapping[str, np.ndarray]], method: Method, bits: int
) -> list[dict[str, np.ndarray]]:
    """Return a network's outputs of each sample, all that can be integers rounded once.

    Args:
        model: standard ONNX with static shapes; it is left as it is.
        samples: sets of inputs, by which the ranges are chosen, too.
        method: how; the outputs' hold all their values.
        bits: of a stored value; weights have 8.
    """
    names = [str(value.name) for value in model.graph.outputs]
    graph = model.clone()
    encodings = _own(graph, samples, method, bits)
    for value in (*graph.graph.inputs, *(v for node in graph.graph for v in node.outputs)):
        if value.name in encodings:
            value.meta["affine"] = encodings[value.name]
    for node in graph.graph:
        node.meta["integer"] = True
        if weight_layers.is_layer(node):
            rounded = affine_choice.layer(node, 1.0).real_weight
            node.replace_input_with(1, g.add_constant(g.graph_of(node), "rounded", rounded))
    qdq.add_pairs(graph)
    memory.let_go()
    given = GraphSession(graph).run_each(samples)
    return [dict(zip(names, each.values(), strict=True)) for each in given]


def _own(
    graph: ir.Model, samples: Sequence[Mapping[str, np.ndarray]], method: Method, bits: int
) -> dict[str, Affine]:
    if not any(shared_scales.encodable(graph)):
        return {}  # what rules make of it can be integers; it itself cannot
    outputs = {value.name for value in graph.graph.outputs}
    found = {}
    for name, summary in observe.summaries(graph, lambda: samples, method).items():
        chosen = ranges.get("minmax") if name in outputs else method
        low, high = chosen.range_of(summary, bits, symmetric=bits == 16)
        scale, zero = ranges.to_affine(low, high, bits, symmetric=bits == 16, tensor=name)
        found[name] = Affine(scale, zero, bits)
    return found
