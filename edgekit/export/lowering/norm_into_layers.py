"""Factor and offset of a normalization move into the layers that read it.

W (f * n + o) + b is (W f) n + (W o + b): two passes over the values are saved.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import onnx_ir as ir

from edgekit.export.graph import nodes as g

_CHANNELS = {"GroupNormalization": 1, "LayerNormalization": -1, "RMSNormalization": -1}
"""The dimension that factors and offsets belong to."""


@dataclass(frozen=True)
class _Layer:
    node: ir.Node
    weight: np.ndarray
    axis: int  # of the weights, along the channels that are read


def rewrite(node: ir.Node) -> bool:
    """Match the normalization; every path from it must end in a layer."""
    if not g.is_op(node, *_CHANNELS):
        return False
    value = node.outputs[0]
    rank = len(g.shape_of(value))
    axis = _CHANNELS[node.op_type] % rank
    channels = g.shape_of(value)[axis]
    vectors = [g.constant(operand) for operand in node.inputs[1:3] if operand is not None]
    if any(v is None or v.shape != (channels,) for v in vectors):
        return False
    factor, *offsets = (np.asarray(vector, np.float64) for vector in vectors)
    offset = offsets[0] if offsets else np.zeros(channels)
    if (factor == 1).all() and not offset.any():
        return False
    layers: list[_Layer] = []
    if not _collect(value, axis, layers):
        return False
    if offset.any() and not all(_takes_offset(layer.node) for layer in layers):
        return False
    for layer in layers:
        _fold(layer, factor, offset)
    _put(node, 1, np.ones(channels, np.float32))
    if offsets:
        _put(node, 2, np.zeros(channels, np.float32))
    return True


def _collect(value: ir.Value, axis: int, layers: list[_Layer]) -> bool:
    """Gather the layers at the ends of all paths from ``value``; False if a path has none."""
    if value.is_graph_output():
        return False
    for use in value.uses():
        reader = use.node
        layer = _layer(reader, axis)
        if layer is not None:
            layers.append(layer)
            continue
        moved = _moved(reader, axis)
        if moved is None or not _collect(reader.outputs[0], moved, layers):
            return False
    return True


def _layer(node: ir.Node, axis: int) -> _Layer | None:
    """Return a layer of constants that sums over this dimension of what it reads."""
    if not g.is_op(node, "Conv", "Gemm", "MatMul"):
        return None
    weight = g.constant(node.inputs[1])
    bias = node.inputs[2] if len(node.inputs) > 2 else None
    if weight is None or (bias is not None and g.constant(bias) is None):
        return None
    get = node.attributes
    last = len(g.shape_of(g.operand(node, 0))) - 1
    if node.op_type == "Conv":
        return _Layer(node, weight, 1) if axis == 1 and get.get_int("group", 1) == 1 else None
    if axis != last or weight.ndim != 2:
        return None
    return _Layer(node, weight, get.get_int("transB", 0))


def _moved(node: ir.Node, axis: int) -> int | None:
    """Return where a dimension is behind a node that treats all its places alike; None if not."""
    shape = g.shape_of(g.operand(node, 0))
    if g.is_op(node, "Transpose"):
        order = node.attributes.get_ints("perm", tuple(reversed(range(len(shape)))))
        return list(order).index(axis)
    if g.is_op(node, "Reshape"):
        after = g.shape_of(node.outputs[0])
        before = math.prod(shape[:axis])
        places = [i for i, size in enumerate(after)
                  if size == shape[axis] and math.prod(after[:i]) == before]  # fmt: skip
        return places[-1] if places else None
    if g.is_op(node, "GlobalAveragePool"):
        return axis if axis == 1 else None
    return None


def _takes_offset(node: ir.Node) -> bool:
    """Tell whether a layer reads no padding, which has no offset, and has room for a bias."""
    if node.op_type == "MatMul":
        return not node.outputs[0].is_graph_output()
    return not any(node.attributes.get_ints("pads", ()))


def _fold(layer: _Layer, factor: np.ndarray, offset: np.ndarray) -> None:
    weight = layer.weight.astype(np.float64)
    along = [1] * weight.ndim
    along[layer.axis] = -1
    outputs = 0 if layer.node.op_type == "Conv" else 1 - layer.axis
    summed = tuple(axis for axis in range(weight.ndim) if axis != outputs)
    more = (weight * offset.reshape(along)).sum(axis=summed)
    _put(layer.node, 1, (weight * factor.reshape(along)).astype(np.float32))
    if not offset.any():
        return
    if layer.node.op_type == "MatMul":
        _add_behind(layer.node, more.astype(np.float32))
        return
    old = layer.node.inputs[2] if len(layer.node.inputs) > 2 else None
    known = g.constant(old)
    bias = more if known is None else known.astype(np.float64) + more
    if old is None:
        layer.node.resize_inputs(3)
    _put(layer.node, 2, bias.astype(np.float32))


def _add_behind(product: ir.Node, vector: np.ndarray) -> None:
    """Add a vector to a product, in the sum behind it if there is one."""
    result = product.outputs[0]
    reader = g.sole_consumer(result)
    if g.is_op(reader, "Add") and reader is not None:
        index = 1 - next(i for i, value in enumerate(reader.inputs) if value is result)
        known = g.constant(reader.inputs[index])
        if known is not None:
            _put(reader, index, (known.astype(np.float64) + vector).astype(np.float32))
            return
    behind = ir.node("Add", [result, g.add_constant(g.graph_of(product), "offset", vector)])
    moved = behind.outputs[0]
    moved.shape, moved.type = result.shape, result.type
    g.graph_of(product).insert_after(product, behind)
    for use in list(result.uses()):
        if use.node is not behind:
            use.node.replace_input_with(use.idx, moved)


def _put(node: ir.Node, index: int, array: np.ndarray) -> None:
    """Give a node another constant; other readers of the old one keep it."""
    name = f"{g.label(node)}_{index}"
    node.replace_input_with(index, g.add_constant(g.graph_of(node), name, array))
