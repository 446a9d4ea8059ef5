"""``auto_pad`` and ``output_shape`` of a transposed convolution become explicit padding."""

from __future__ import annotations

import onnx_ir as ir

from edgekit.export.graph import nodes as g


def rewrite(node: ir.Node) -> bool:
    """Match the ConvTranspose that leaves its padding to be worked out."""
    get = node.attributes
    mode = get.get_string("auto_pad", "NOTSET")
    if not g.is_op(node, "ConvTranspose") or (mode == "NOTSET" and "output_shape" not in get):
        return False
    sizes, made = g.shape_of(g.operand(node, 0))[2:], g.shape_of(node.outputs[0])[2:]
    kernel = g.shape_of(g.operand(node, 1))[2:]
    ones = (1,) * len(sizes)
    strides, dilations = get.get_ints("strides", ones), get.get_ints("dilations", ones)
    extra = list(get.get_ints("output_padding", (0,) * len(sizes)))
    begins, ends = [], []
    for axis, size in enumerate(sizes):
        reach = (kernel[axis] - 1) * dilations[axis] + 1
        padding = strides[axis] * (size - 1) + reach + extra[axis] - made[axis]
        extra[axis] -= min(padding, 0)
        padding = max(padding, 0)
        begin = padding // 2 if mode == "SAME_UPPER" else padding - padding // 2
        begins.append(begin)
        ends.append(padding - begin)
    for name in ("auto_pad", "output_shape"):
        if name in get:
            del get[name]
    get.add(ir.AttrInt64s("pads", [*begins, *ends]))
    get.add(ir.AttrInt64s("output_padding", extra))
    return True
