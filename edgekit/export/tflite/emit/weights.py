"""The weights and bias of a layer as constants of the file: float32, or integers with scales."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from edgekit.export import encoded
from edgekit.export import graph as g
from edgekit.export.tflite.program import Quantization
from edgekit.export.tflite.writer import Writer


def add_weight(writer: Writer, node: ir.Node, stored: np.ndarray, axis: int) -> int:
    """Add the weights of ``node``.

    Args:
        writer: where to.
        node: a layer.
        stored: its weights in the file's order.
        axis: of the output channels in ``stored``.
    """
    scales = node.meta.get("scales")
    name = g.operand(node, 1).name or "weights"
    if scales is None:
        return writer.constant(name, stored)
    per_channel = tuple(float(scale) for scale in scales)
    where = axis if len(per_channel) > 1 else 0
    return writer.constant(name, stored, Quantization(per_channel, axis=where))


def add_bias(writer: Writer, node: ir.Node, bias: np.ndarray) -> int:
    """Add the bias of ``node``: (output channels,)."""
    name, scales, affine = f"{g.label(node)}_bias", node.meta.get("scales"), None
    if scales is None:
        return writer.constant(name, bias)
    affine = encoded.affine_of(node.inputs[0])
    if affine is None:
        raise ValueError(f"the input of layer {g.label(node)!r} is not encoded")
    # With 16-bit activations the accumulator, and so the bias, has 64 bits.
    stored = bias.astype(np.int64) if affine.bits == 16 else bias
    per_channel = (np.float32(affine.scale) * scales).astype(np.float32)
    return writer.constant(name, stored, Quantization(tuple(float(s) for s in per_channel)))
