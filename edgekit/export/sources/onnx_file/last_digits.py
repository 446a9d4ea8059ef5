"""A quantized file whose numbers are rounded otherwise in their last digit before they are stored.

Where a number lies half-way between two integers, that digit decides for one of them, and a step
of 255 is far more than float32's own errors. What such files answer, no runtime with another
sigmoid answers to the last digit.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import onnx

_STORING = (
    "DynamicQuantizeLinear", "DynamicQuantizeLSTM", "DynamicQuantizeMatMul", "QuantizeLinear",
)  # fmt: skip
_FACTORS = (1.1, 1.3, 1.7, 1.9)


def copies(model: onnx.ModelProto) -> Iterator[onnx.ModelProto]:
    """Yield models that are equal but for the last digits of what is stored as it runs."""
    constants = {tensor.name for tensor in model.graph.initializer}
    for factor in _FACTORS:
        copy = onnx.ModelProto()
        copy.CopyFrom(model)
        del copy.graph.node[:]
        pair = np.float32(factor), np.float32(1 / factor)
        for name, number in zip(("edgekit_up", "edgekit_down"), pair, strict=True):
            copy.graph.initializer.append(onnx.numpy_helper.from_array(np.array(number), name))
        for place, node in enumerate(model.graph.node):
            added = copy.graph.node.add()
            if node.op_type in _STORING and node.input[0] not in constants:
                added.CopyFrom(_product(node.input[0], "edgekit_up", f"edgekit_{place}_up"))
                back = _product(f"edgekit_{place}_up", "edgekit_down", f"edgekit_{place}")
                copy.graph.node.add().CopyFrom(back)
                added = copy.graph.node.add()
                added.CopyFrom(node)
                added.input[0] = f"edgekit_{place}"
            else:
                added.CopyFrom(node)
        yield copy


def _product(left: str, right: str, result: str) -> onnx.NodeProto:
    return onnx.helper.make_node("Mul", [left, right], [result])
