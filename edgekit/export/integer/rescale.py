"""Rescale the channels between layers: the network computes the same, its ranges differ.

A channel multiplied by a positive factor where a layer makes it, and divided by it where layers
read it, changes nothing in between as long as everything there is channelwise and positively
homogeneous. Which channels those are is for the quantization room to find; factors are data.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import onnx_ir as ir

from edgekit.export.graph import nodes as g
from edgekit.export.graph import weight_layers


@dataclass(frozen=True, eq=False)
class Rescaling:
    """Positive factors of one layer.

    Attributes:
        outputs: by which each output channel is multiplied, float64 (output channels,).
        inputs: by which each input channel has been multiplied, float64 (input channels,).
    """

    outputs: np.ndarray
    inputs: np.ndarray

    def __post_init__(self) -> None:
        for factors in (self.outputs, self.inputs):
            if factors.ndim != 1 or not (np.isfinite(factors).all() and (factors > 0).all()):
                raise ValueError("rescaling factors are positive and finite, one a channel")


def apply(model: ir.Model, rescalings: Mapping[str, Rescaling]) -> ir.Model:
    """Return a quantizable graph with rescaled layers; ``model`` is left as it is.

    Raises:
        ValueError: a factor's layer is not there, or has other channels.
    """
    if not rescalings:
        return model
    graph = model.clone()
    nodes = {node.name: node for node in graph.graph if weight_layers.is_layer(node)}
    for name, rescaling in rescalings.items():
        if name not in nodes:
            raise ValueError(f"there is no layer {name!r} to rescale")
        _rescale(nodes[name], rescaling)
    return graph


def input_channels(node: ir.Node) -> int:
    """Return how many channels a layer reads."""
    return g.shape_of(g.operand(node, 0))[1]


def per_weight(node: ir.Node, inputs: np.ndarray) -> np.ndarray:
    """Return one number per input channel so that it broadcasts against the layer's weights."""
    weight = g.shape_of(g.operand(node, 1))
    if node.op_type != "Conv":
        return inputs.reshape((1, -1) if weight_layers.output_axis(node) == 0 else (-1, 1))
    groups = node.attributes.get_int("group", 1)
    grouped = inputs.reshape(groups, 1, weight[1])
    rows = np.broadcast_to(grouped, (groups, weight[0] // groups, weight[1]))
    return rows.reshape(weight[0], weight[1], 1, 1)


def _rescale(node: ir.Node, rescaling: Rescaling) -> None:
    weight = g.constant(node.inputs[1])
    if weight is None or input_channels(node) != rescaling.inputs.size:
        raise ValueError(f"the factors do not fit layer {g.label(node)!r}")
    axis = weight_layers.output_axis(node)
    if weight.shape[axis] != rescaling.outputs.size:
        raise ValueError(f"the factors do not fit layer {g.label(node)!r}")
    shape = [1] * weight.ndim
    shape[axis] = -1
    scaled = weight * rescaling.outputs.reshape(shape) / per_weight(node, rescaling.inputs)
    graph, name = g.graph_of(node), g.operand(node, 1).name
    node.replace_input_with(1, g.add_constant(graph, f"{name}_rescaled", scaled.astype(np.float32)))
    bias = g.constant(node.inputs[2]) if len(node.inputs) > 2 else None
    if bias is not None:
        moved = (bias.reshape(-1) * rescaling.outputs).astype(np.float32)
        node.replace_input_with(2, g.add_constant(graph, f"{g.label(node)}_bias_rescaled", moved))
