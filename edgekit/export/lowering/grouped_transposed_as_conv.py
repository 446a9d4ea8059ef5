"""A grouped transposed convolution becomes a plain one over a map with zeros between its elements.

TFLite's transposed convolution has no groups. So does one of stride one, which needs no zeros.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from edgekit.export.graph import nodes as g


def rewrite(node: ir.Node) -> bool:
    """Match the ConvTranspose of a map, with constant weights.

    `transposed_padding` has made its padding explicit.
    """
    if not g.is_op(node, "ConvTranspose") or len(g.shape_of(g.operand(node, 0))) != 4:
        return False
    get, weight = node.attributes, g.constant(node.inputs[1])
    groups, strides = get.get_int("group", 1), tuple(get.get_ints("strides", (1, 1)))
    if weight is None or (groups == 1 and strides != (1, 1)):
        return False
    begins = tuple(get.get_ints("pads", (0, 0, 0, 0)))[:2]
    dilations = tuple(get.get_ints("dilations", (1, 1)))
    reach = [(weight.shape[2 + axis] - 1) * dilations[axis] + 1 for axis in (0, 1)]
    source = _spread(node, strides)
    sizes, made = g.shape_of(source)[2:], g.shape_of(node.outputs[0])
    befores = [reach[axis] - 1 - begins[axis] for axis in (0, 1)]
    afters = [made[2 + i] + reach[i] - 1 - befores[i] - sizes[i] for i in (0, 1)]
    for axis in (0, 1):  # what no window reaches: padding takes it away, or zeros stand behind it
        begin, end = max(-befores[axis], 0), sizes[axis] + min(afters[axis], 0)
        if end - begin < sizes[axis]:
            source = g.sliced(node, source, axis + 2, begin, end - begin)
    befores, afters = ([max(each, 0) for each in sides] for sides in (befores, afters))
    flipped = _flipped(weight, groups)
    kernel = g.add_constant(g.graph_of(node), f"{g.operand(node, 1).name}_flipped", flipped)
    attributes: dict[str, g.AttributeValue] = {
        "group": groups,
        "kernel_shape": weight.shape[2:],
        "dilations": dilations,
        "pads": [*befores, *afters],
    }
    inputs = [source, kernel, *node.inputs[2:]]
    g.replace(node, g.insert(node, "Conv", inputs, made, attributes))
    return True


def _spread(node: ir.Node, strides: tuple[int, ...]) -> ir.Value:
    """Insert stride - 1 zeros behind every element, one axis after the other.

    LiteRT's own kernel pads no more than five dimensions.
    """
    value = g.operand(node, 0)
    for axis, stride in zip((2, 3), strides, strict=True):
        shape = g.shape_of(value)
        if stride == 1:
            continue
        split = (*shape[: axis + 1], 1, *shape[axis + 1 :])
        amounts = [0] * 10
        amounts[5 + axis + 1] = stride - 1
        pads = g.add_constant(g.graph_of(node), "zeros", np.array(amounts, dtype=np.int64))
        wide = (*shape[: axis + 1], stride, *shape[axis + 1 :])
        value = g.insert(node, "Pad", [g.reshaped(node, value, split), pads], wide)
        joined = (*shape[:axis], shape[axis] * stride, *shape[axis + 1 :])
        value = g.reshaped(node, value, joined)
    return value


def _flipped(weight: np.ndarray, groups: int) -> np.ndarray:
    """Turn (in, out of a group, ...) into (out, in of a group, ...), back to front."""
    inner = weight.shape[0] // groups
    split = weight.reshape(groups, inner, *weight.shape[1:]).swapaxes(1, 2)
    joined = split.reshape(-1, inner, *weight.shape[2:])
    return np.ascontiguousarray(joined[:, :, ::-1, ::-1])
