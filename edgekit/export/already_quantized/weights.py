"""Which integers of a file a layer's weights are, once rules have moved and renamed them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import onnx_ir as ir

from edgekit.export.graph import nodes as g
from edgekit.export.graph import weight_layers
from edgekit.export.graph.affine import BIAS_LIMIT
from edgekit.export.integer.encodings import Layer
from edgekit.export.sources.onnx_file.stored.constants import StoredTensor

_LIMITS = np.iinfo(np.int8)


def layer(node: ir.Node, input_scale: float, stored: Sequence[StoredTensor]) -> Layer | str:
    """Return a layer with the integers of the file, or why it cannot compute on them.

    Args:
        node: the layer, float32.
        input_scale: of the value that it reads.
        stored: what the file holds as integers.
    """
    weight = g.constant(node.inputs[1])
    if weight is None:
        raise ValueError(f"layer {g.label(node)!r} has no constant weights")
    axis = weight_layers.output_axis(node)
    scales = _scales(weight, axis, str(g.operand(node, 1).name), stored)
    if scales is None:
        return "its weights are no stored integers"
    shape = [1] * weight.ndim
    shape[axis] = -1
    steps = np.rint(weight.astype(np.float64) / scales.astype(np.float64).reshape(shape))
    if steps.min(initial=0) < _LIMITS.min or steps.max(initial=0) > _LIMITS.max:
        return "its weights have a zero point, and do not fit into int8 without"
    count = weight.shape[axis]
    bias = _bias(node, count, stored)
    if np.abs(bias / (scales.astype(np.float64) * input_scale)).max(initial=0) > BIAS_LIMIT:
        return "its bias does not fit into 32 bits"
    plain = scales[:1] if (scales == scales[0]).all() else scales
    return Layer(steps.astype(np.int8), plain, axis, bias)


def _scales(
    weight: np.ndarray, axis: int, name: str, stored: Sequence[StoredTensor]
) -> np.ndarray | None:
    """Return the scale of each output channel, float32.

    A rule may have moved the weights: a channel is known by the numbers in it.
    """
    wanted = np.sort(np.moveaxis(weight, axis, 0).reshape(weight.shape[axis], -1), axis=1)
    for tensor in sorted(stored, key=lambda each: each.name != name):
        if tensor.steps.size != weight.size:
            continue
        for rows, scales in _channels(tensor):
            if rows.shape == wanted.shape and np.array_equal(np.sort(rows, axis=1), wanted):
                return scales
    return None


def _channels(tensor: StoredTensor) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield the numbers of each channel, along each axis that may hold them, and its scale."""
    real = tensor.real
    axes = range(real.ndim) if tensor.scales.ndim == 0 else (tensor.axis,)
    for axis in axes:
        rows = np.moveaxis(real, axis, 0).reshape(real.shape[axis], -1)
        yield rows, np.broadcast_to(tensor.scales, (len(rows),)).astype(np.float32)


def _bias(node: ir.Node, count: int, stored: Sequence[StoredTensor]) -> np.ndarray:
    """Return the bias, float64, as exactly as the file has it."""
    value = node.inputs[2] if len(node.inputs) > 2 else None
    array = g.constant(value)
    if value is None or array is None:
        return np.zeros(count)
    flat = np.broadcast_to(array.reshape(-1), (count,))
    for tensor in sorted(stored, key=lambda each: each.name != value.name):
        if tensor.steps.size == count and np.array_equal(tensor.real.reshape(-1), flat):
            spread = np.broadcast_to(tensor.scales, (count,)).astype(np.float64)
            return np.asarray(tensor.steps.reshape(-1) * spread, np.float64)
    return flat.astype(np.float64)
