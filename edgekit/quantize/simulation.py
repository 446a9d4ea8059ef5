"""What the integer files compute, in float32 and with every value in sight.

The simulation rounds what the files round and adds in float32 what they add in integers, so it is
the same on every processor and both runtimes are held to it.
"""

from __future__ import annotations

import onnx_ir as ir

from edgekit.export import encoded, onnx_integer
from edgekit.export.encodings import Encodings


def of(model: ir.Model, encodings: Encodings) -> ir.Model:
    """Return the simulation of a quantizable graph under ``encodings`` as plain ONNX.

    A value ``v`` has its unrounded form under its own name and the rounded one as
    ``v_dequantized``.
    """
    graph = encoded.simulated(model, encodings)
    for node in list(graph.graph):
        if encoded.is_integer(node) and node.name not in encodings.layers:
            onnx_integer.dequantize_constants(node)
    onnx_integer.add_pairs(graph)
    return graph
