"""What the integer files compute, in float32 and with every value in sight.

The simulation rounds what the files round and adds in float32 what they add in integers, so it is
the same on every processor and both runtimes are held to it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx
import onnx_ir as ir

from edgekit.export.graph import nodes as g
from edgekit.export.graph.annotations import is_integer
from edgekit.export.integer import encoded
from edgekit.export.integer.encodings import Encodings
from edgekit.export.onnx_writer import qdq
from edgekit.export.sources.canonical import IR_VERSION
from edgekit.export.sources.torch_graph import OPSET
from edgekit.quantize.running import parallel
from edgekit.quantize.running.gathering import Values, gathered
from edgekit.quantize.running.session import Graph


def of(model: ir.Model, encodings: Encodings) -> ir.Model:
    """Return the simulation of a quantizable graph under ``encodings`` as plain ONNX.

    A value ``v`` has its unrounded form under its own name and the rounded one as
    ``v_dequantized``.
    """
    graph = encoded.simulated(model, encodings)
    for node in list(graph.graph):
        if is_integer(node) and node.name not in encodings.layers:
            qdq.dequantize_constants(node)
    qdq.add_pairs(graph)
    return graph


def single(
    node: ir.Node, weight: np.ndarray, bias: np.ndarray, inputs: Sequence[np.ndarray]
) -> Values:
    """Return what one layer with other weights makes of its inputs, one array a sample.

    Args:
        node: the layer.
        weight: float32, in the shape that the node has.
        bias: float32 (output channels,).
        inputs: float32, as the node reads them.
    """
    proto = ir.to_proto(node)
    proto.op_type = "Gemm" if node.op_type == "MatMul" else node.op_type  # which has a bias
    source, output = g.operand(node, 0), node.outputs[0]
    proto.ClearField("input")
    proto.input.extend(["x", "weight", "bias"])
    graph = onnx.helper.make_graph(
        [proto],
        "layer",
        [onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, g.shape_of(source))],
        [
            onnx.helper.make_tensor_value_info(
                str(output.name), onnx.TensorProto.FLOAT, g.shape_of(output)
            )
        ],
        [
            onnx.numpy_helper.from_array(np.ascontiguousarray(weight, np.float32), "weight"),
            onnx.numpy_helper.from_array(np.ascontiguousarray(bias, np.float32), "bias"),
        ],
    )
    opset = onnx.helper.make_opsetid("", OPSET)
    made = onnx.helper.make_model(graph, opset_imports=[opset], ir_version=IR_VERSION)
    loaded = Graph(made.SerializeToString())
    answers = parallel.in_order(lambda values: loaded.run({"x": values}), inputs)
    name = str(output.name)
    return gathered(answers, [name], len(inputs))[name]
