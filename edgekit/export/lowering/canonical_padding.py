"""``auto_pad``, which ONNX made from TensorFlow brings along, becomes explicit padding."""

from __future__ import annotations

import onnx_ir as ir

from edgekit.export.graph import nodes as g

_WINDOWED = ("Conv", "MaxPool", "AveragePool", "LpPool")


def rewrite(node: ir.Node) -> bool:
    """Match a window with ``auto_pad``."""
    mode = node.attributes.get_string("auto_pad", "NOTSET")
    if not g.is_op(node, *_WINDOWED) or mode == "NOTSET":
        return False
    sizes, steps = g.shape_of(g.operand(node, 0))[2:], g.shape_of(node.outputs[0])[2:]
    ones = (1,) * len(sizes)
    kernel = (
        g.shape_of(g.operand(node, 1))[2:]
        if node.op_type == "Conv"
        else tuple(node.attributes.get_ints("kernel_shape", ()))
    )
    strides = node.attributes.get_ints("strides", ones)
    dilations = node.attributes.get_ints("dilations", ones)
    begins, ends = [], []
    for axis, size in enumerate(sizes):
        reach = (kernel[axis] - 1) * dilations[axis] + 1
        padding = max((steps[axis] - 1) * strides[axis] + reach - size, 0)
        if mode == "VALID":
            padding = 0
        begin = padding // 2 if mode == "SAME_UPPER" else padding - padding // 2
        begins.append(begin)
        ends.append(padding - begin)
    del node.attributes["auto_pad"]
    node.attributes.add(ir.AttrInt64s("pads", [*begins, *ends]))
    return True
