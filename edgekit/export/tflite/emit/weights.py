"""The weights and bias of a layer as constants of the file: floats, or integers with scales."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from edgekit.export.graph import nodes as g
from edgekit.export.graph.annotations import affine_of
from edgekit.export.precisions import stored
from edgekit.export.precisions.stored import StoredWeights
from edgekit.export.tflite.program import Quantization
from edgekit.export.tflite.writer import Writer


def of_layer(writer: Writer, node: ir.Node, order: tuple[int, ...], axis: int) -> int:
    """Return the weights of ``node`` in the file's order of dimensions, constant or computed.

    Args:
        writer: where to.
        node: a layer.
        order: the file's.
        axis: of the output channels in that order.
    """
    weight = g.constant(node.inputs[1])
    if weight is None:
        return writer.tensor(node.inputs[1], order)
    return add_weight(writer, node, weight.transpose(order), axis)


def bias(writer: Writer, node: ir.Node, channels: int) -> int:
    """Return the bias of ``node``, constant or computed; zeros where it has none."""
    if len(node.inputs) < 3 or node.inputs[2] is None:
        return add_bias(writer, node, np.zeros(channels, dtype=np.float32))
    array = g.constant(node.inputs[2])
    return writer.tensor(node.inputs[2]) if array is None else add_bias(writer, node, array)


def add_weight(writer: Writer, node: ir.Node, weight: np.ndarray, axis: int) -> int:
    """Add the weights of ``node``, and what turns them back to float32 if need be.

    Args:
        writer: where to.
        node: a layer.
        weight: its weights in the file's order.
        axis: of the output channels in ``weight``.
    """
    scales = node.meta.get("scales")
    name = g.operand(node, 1).name or "weights"
    if scales is not None:
        return writer.constant(name, weight, _quantization(scales, axis))
    form = stored.of(node)
    if form is None:
        return writer.constant(name, weight)
    return _add_stored(writer, name, weight, axis, form)


def is_dynamic(node: ir.Node) -> bool:
    """Tell whether ``node`` quantizes its float32 input when it runs."""
    form = stored.of(node)
    return form is not None and form.dynamic


def _add_stored(
    writer: Writer, name: str, weight: np.ndarray, axis: int, form: StoredWeights
) -> int:
    kept = form.store(weight, axis)
    if form.scales is None:
        return writer.as_float(writer.constant(f"{name}_float16", kept))
    constant = writer.constant(f"{name}_int8", kept, _quantization(form.scales, axis))
    return constant if form.dynamic else writer.as_float(constant)


def _quantization(scales: np.ndarray, axis: int) -> Quantization:
    per_channel = tuple(float(scale) for scale in scales)
    return Quantization(per_channel, axis=axis if len(per_channel) > 1 else 0)


def add_bias(writer: Writer, node: ir.Node, bias: np.ndarray) -> int:
    """Add the bias of ``node``: (output channels,)."""
    name, scales = f"{g.label(node)}_bias", node.meta.get("scales")
    if scales is None:
        return writer.constant(name, bias)
    affine = affine_of(node.inputs[0])
    if affine is None:
        raise ValueError(f"the input of layer {g.label(node)!r} is not encoded")
    # With 16-bit activations the accumulator, and so the bias, has 64 bits.
    wide = bias.astype(np.int64) if affine.bits == 16 else bias
    per_channel = (np.float32(affine.scale) * scales).astype(np.float32)
    return writer.constant(name, wide, _quantization(per_channel, 0))
