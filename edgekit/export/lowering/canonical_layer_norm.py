"""Layer normalization, as code without the operator writes it, becomes LayerNormalization.

(x - mean(x)) / sqrt(mean((x - mean(x))^2) + epsilon), over the last axes, then a scale and a bias
where there are constant ones.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from edgekit.export.graph import nodes as g


def rewrite(node: ir.Node) -> bool:
    """Match the division; factors and offsets behind it are taken along."""
    found = _normalized(node)
    if found is None:
        return False
    source, first_axis, epsilon = found
    shape = g.shape_of(node.outputs[0])
    if shape != g.shape_of(source):
        return False  # epsilon has more dimensions
    size = shape[first_axis:]
    last, scale = _constant_behind(node, "Mul", size)
    last, bias = _constant_behind(last, "Add", size) if scale is not None else (last, None)
    graph, name = g.graph_of(node), g.label(node)
    ones = np.ones(size, np.float32)
    inputs = [source, g.add_constant(graph, f"{name}_scale", ones if scale is None else scale)]
    if bias is not None:
        inputs.append(g.add_constant(graph, f"{name}_bias", bias))
    attributes: dict[str, g.AttributeValue] = {"axis": first_axis, "epsilon": epsilon}
    g.replace(last, g.insert(last, "LayerNormalization", inputs, shape, attributes))
    return True


def _normalized(node: ir.Node) -> tuple[ir.Value, int, float] | None:
    """Return x, the first axis and epsilon, if ``node`` divides by the standard deviation."""
    if not g.is_op(node, "Div"):
        return None
    centred, root = g.operand(node, 0), g.operand(node, 1).producer()
    if root is None or not g.is_op(root, "Sqrt"):
        return None
    shifted = g.operand(root, 0).producer()
    if shifted is None or not g.is_op(shifted, "Add"):
        return None
    for variance, epsilon in (shifted.inputs, shifted.inputs[::-1]):
        number = g.scalar(epsilon)
        if number is None or variance is None:
            continue
        squares, axes = _mean(variance)
        base = _squared(squares)
        if axes is None or base is not centred:
            continue
        source, mean_axes = _source(centred)
        if source is not None and mean_axes == axes:
            return source, axes[0], number
    return None


def _mean(value: ir.Value) -> tuple[ir.Value | None, list[int] | None]:
    """Return what is averaged, and over which last axes, their sizes kept as one."""
    node = value.producer()
    if node is None or not g.is_op(node, "ReduceMean") or len(node.inputs) < 2:
        return None, None
    axes = g.constant(node.inputs[1])
    if axes is None or not node.attributes.get_int("keepdims", 1):
        return None, None
    source = g.operand(node, 0)
    rank = len(g.shape_of(source))
    found = sorted(int(axis) % rank for axis in axes.reshape(-1))
    return (source, found) if found == list(range(rank - len(found), rank)) else (None, None)


def _squared(value: ir.Value | None) -> ir.Value | None:
    node = None if value is None else value.producer()
    if node is None:
        return None
    base = g.operand(node, 0)
    if g.is_op(node, "Pow") and g.scalar(node.inputs[1]) == 2:
        return base
    return base if g.is_op(node, "Mul") and node.inputs[1] is base else None


def _source(centred: ir.Value) -> tuple[ir.Value | None, list[int] | None]:
    """Return x and the axes, if ``centred`` is x less its mean."""
    node = centred.producer()
    if node is None or not g.is_op(node, "Sub"):
        return None, None
    source, axes = _mean(g.operand(node, 1))
    return (source, axes) if source is node.inputs[0] else (None, None)


def _constant_behind(
    node: ir.Node, op_type: str, size: tuple[int, ...]
) -> tuple[ir.Node, np.ndarray | None]:
    """Return the next node and its constant, if it alone reads ``node`` and has one of that size.

    Else ``node`` itself, and None.
    """
    follower = g.sole_consumer(node.outputs[0])
    if follower is None or not g.is_op(follower, op_type):
        return node, None
    if g.shape_of(follower.outputs[0]) != g.shape_of(node.outputs[0]):
        return node, None
    for operand in follower.inputs:
        array = g.constant(operand)
        if array is None or array.dtype != np.float32:
            continue
        if all(extent == 1 for extent in array.shape[: -len(size)]):
            trailing = array.reshape(array.shape[-len(size) :])
            return follower, np.ascontiguousarray(np.broadcast_to(trailing, size))
    return node, None
