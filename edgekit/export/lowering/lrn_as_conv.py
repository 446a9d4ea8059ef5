"""Local response normalization becomes a square, a banded 1x1 convolution, a power and a division.

The sum over neighbouring channels is a convolution whose matrix has ones near its diagonal. TFLite
has an operator for the whole, which the XNNPACK delegate does not take.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from edgekit.export.graph import nodes as g


def rewrite(node: ir.Node) -> bool:
    """Match LRN of an NCHW value, or torch's form of its sum: an average over 3-D windows."""
    if g.is_op(node, "LRN"):
        return _normalization(node)
    return g.is_op(node, "Reshape") and _channel_average(node)


def _normalization(node: ir.Node) -> bool:
    source, get = g.operand(node, 0), node.attributes
    shape, size = g.shape_of(source), get.get_int("size", 1)
    if len(shape) != 4:
        return False
    squared = g.insert(node, "Mul", [source, source], shape)
    # The standard's window of an even size reaches further ahead than back.
    share = get.get_float("alpha", 1e-4) / size
    offset = np.full(shape[1], get.get_float("bias", 1.0), dtype=np.float32)
    summed = _banded(node, squared, (size - 1) // 2, size // 2, share, offset)
    exponent = g.add_scalar(g.graph_of(node), "lrn_beta", get.get_float("beta", 0.75))
    power = g.insert(node, "Pow", [summed, exponent], shape)
    g.replace(node, g.insert(node, "Div", [source, power], shape))
    return True


def _channel_average(node: ir.Node) -> bool:
    """(N, C, H, W) as (N, 1, C, H, W), averaged over (k, 1, 1) with counted padding, and back.

    That what comes back is as large says that the windows move by one, and how far they reach.
    """
    pool = g.operand(node, 0).producer()
    if pool is None:
        return False
    opening = g.operand(pool, 0).producer()
    get = pool.attributes
    kernel, pads = tuple(get.get_ints("kernel_shape", ())), tuple(get.get_ints("pads", (0,) * 6))
    if opening is None or not g.is_op(opening, "Reshape") or kernel[1:] != (1, 1):
        return False
    source = g.operand(opening, 0)
    shape, deep = g.shape_of(source), g.shape_of(g.operand(pool, 0))
    is_lifted = deep == (shape[0], 1, *shape[1:])
    keeps, counts = g.shape_of(node.outputs[0]) == shape, get.get_int("count_include_pad", 0) == 1
    if not (is_lifted and keeps and counts):
        return False
    g.replace(node, _banded(node, source, pads[0], pads[3], 1 / kernel[0], None))
    return True


def _banded(
    anchor: ir.Node,
    value: ir.Value,
    back: int,
    ahead: int,
    weight: float,
    offset: np.ndarray | None,
) -> ir.Value:
    """Insert the sum, times ``weight``, of each channel and its neighbours, and return it."""
    channels, graph = g.shape_of(value)[1], g.graph_of(anchor)
    distance = np.arange(channels)[None] - np.arange(channels)[:, None]
    near = (distance >= -back) & (distance <= ahead)
    matrix = (near * weight).astype(np.float32)[:, :, None, None]
    inputs = [value, g.add_constant(graph, "lrn_neighbours", matrix)]
    if offset is not None:
        inputs.append(g.add_constant(graph, "lrn_bias", offset))
    return g.insert(anchor, "Conv", inputs, g.shape_of(value), {"kernel_shape": (1, 1)})
