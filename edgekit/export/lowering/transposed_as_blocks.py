"""A transposed convolution becomes a convolution that makes blocks of pixels as channels.

Each place of the input makes stride x stride pixels, so a convolution with that many times the
channels makes them all, and DepthToSpace lays them out. That is a layer with one scale an output
channel, which both runtimes compute on integers.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from edgekit.export.graph import nodes as g
from edgekit.export.graph import windows
from edgekit.export.graph.activations import activation_of
from edgekit.export.graph.windows import Axis


def rewrite(node: ir.Node) -> bool:
    """Match the ConvTranspose of a map, with constant weights and bias.

    `transposed_padding` has made its padding explicit, `grouped_transposed_as_conv` taken its
    groups.
    """
    if not g.is_op(node, "ConvTranspose"):
        return False
    weight = g.constant(node.inputs[1])
    has_bias = len(node.inputs) > 2 and node.inputs[2] is not None
    bias = g.constant(node.inputs[2]) if has_bias else None
    if weight is None or weight.ndim != 4 or (has_bias and bias is None):
        return False
    axes, graph = windows.axes_of(node), g.graph_of(node)
    blocks = [_blocks(axis) for axis in axes]
    name = g.operand(node, 1).name
    stored = _block_weights(weight, axes)
    inputs = [g.operand(node, 0), g.add_constant(graph, f"{name}_blocks", stored)]
    if bias is not None:
        copies = axes[0].stride * axes[1].stride
        inputs.append(g.add_constant(graph, f"{name}_bias", np.tile(bias, copies)))
    taps = stored.shape[2:]
    befores = [size - 1 for size in taps]
    afters = [count - axis.size for count, axis in zip(blocks, axes, strict=True)]
    attributes: dict[str, g.AttributeValue] = {
        "kernel_shape": taps,
        "pads": [*befores, *afters],
    }
    batch, _, *sizes = g.shape_of(node.outputs[0])
    made = (batch, stored.shape[0], *blocks)
    value = g.insert(node, "Conv", inputs, made, attributes)
    reader = g.sole_consumer(node.outputs[0])
    if reader is not None and activation_of(reader) is not None:
        bounds = reader.inputs[1:]
        value = g.insert(node, reader.op_type, [value, *bounds], made, g.plain_attributes(reader))
        g.replace(reader, node.outputs[0])
    value = _laid_out(node, value, axes)
    for number, axis in enumerate(axes):
        value = g.sliced(node, value, number + 2, axis.begin, sizes[number])
    g.replace(node, value)
    return True


def _blocks(axis: Axis) -> int:
    """Return how many blocks reach the last element that is wanted."""
    return max(-(-(axis.begin + axis.steps) // axis.stride), axis.size)


def _block_weights(weight: np.ndarray, axes: tuple[Axis, ...]) -> np.ndarray:
    """Return (blocks' pixels x out, in, ...): each pixel takes every stride-th tap."""
    strides = [axis.stride for axis in axes]
    reaches = [(axis.kernel - 1) * axis.dilation + 1 for axis in axes]
    taps = [-(-reach // stride) for reach, stride in zip(reaches, strides, strict=True)]
    spread = np.zeros(
        (*weight.shape[:2], *(t * s for t, s in zip(taps, strides, strict=True))), weight.dtype
    )
    places = tuple(slice(0, r, axis.dilation) for r, axis in zip(reaches, axes, strict=True))
    spread[(slice(None), slice(None), *places)] = weight
    split = spread.reshape(*weight.shape[:2], taps[0], strides[0], taps[1], strides[1])
    turned = split[:, :, ::-1, :, ::-1, :].transpose(3, 5, 1, 0, 2, 4)
    return np.ascontiguousarray(turned).reshape(-1, weight.shape[0], *taps)


def _laid_out(node: ir.Node, value: ir.Value, axes: tuple[Axis, ...]) -> ir.Value:
    down, across = (axis.stride for axis in axes)
    batch, depth, height, width = g.shape_of(value)
    channels = depth // (down * across)
    shape = (batch, channels, height * down, width * across)
    if down == across:
        return g.insert(node, "DepthToSpace", [value], shape, {"blocksize": down, "mode": "DCR"})
    value = g.reshaped(node, value, (batch, down, across, channels, height, width))
    return g.reshaped(node, g.transposed(node, value, (0, 3, 4, 1, 5, 2)), shape)
