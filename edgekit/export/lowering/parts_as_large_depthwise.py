"""Depthwise convolutions that are parts of a larger window become that one.

`large_depthwise_in_parts` takes windows apart for XNNPACK. ONNX Runtime's kernels take windows of
any size, in less time than their parts. Stored weights go together as they are where the parts have
the same scales; the sum is then rounded once, not part by part.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx_ir as ir

from edgekit.export.expansion import window_parts
from edgekit.export.expansion.window_parts import Whole
from edgekit.export.graph import nodes as g
from edgekit.export.graph import windows
from edgekit.export.graph.affine import BIAS_LIMIT
from edgekit.export.graph.annotations import is_integer


def rewrite(node: ir.Node) -> bool:
    """Match the Add that sums them up."""
    whole = window_parts.of_sum(node)
    if whole is None:
        return False
    layers = [part.node for part in whole.parts]
    if any(is_integer(each) != is_integer(node) for each in layers):
        return False
    if is_integer(node) and not _have_same_scales(layers):
        return False
    bias = _bias(layers)
    if is_integer(node) and np.abs(bias).max() > BIAS_LIMIT:
        return False
    made = _insert(node, whole, bias)
    conv = made.producer()
    if conv is None:
        raise ValueError("an inserted node makes its output")
    conv.meta.update(layers[0].meta)
    g.replace(node, made)
    return True


def _have_same_scales(layers: Sequence[ir.Node]) -> bool:
    first, *others = (np.asarray(layer.meta["scales"]) for layer in layers)
    return all(np.array_equal(each, first) for each in others)


def _bias(layers: Sequence[ir.Node]) -> np.ndarray:
    """Return the sum, float64, in which that of int32 is exact."""
    total = np.zeros(g.shape_of(layers[0].outputs[0])[1])
    for layer in layers:
        given = g.constant(layer.inputs[2]) if len(layer.inputs) > 2 else None
        total += 0 if given is None else given
    return total


def _insert(node: ir.Node, whole: Whole, bias: np.ndarray) -> ir.Value:
    graph, first = g.graph_of(node), whole.parts[0]
    kernel = whole.put_together([_weight(part.node) for part in whole.parts])
    dtype = np.int32 if is_integer(node) else np.float32
    inputs = [
        first.source,
        g.add_constant(graph, f"{g.label(first.node)}_window", kernel),
        g.add_constant(graph, f"{g.label(first.node)}_bias", bias.astype(dtype)),
    ]
    attributes = windows.scalars(first.node) | {
        "kernel_shape": kernel.shape[2:],
        "strides": tuple(axis.stride for axis in whole.axes),
        "dilations": tuple(axis.step for axis in whole.axes),
        "pads": whole.pads,
    }
    return g.insert(node, "Conv", inputs, g.shape_of(node.outputs[0]), attributes)


def _weight(node: ir.Node) -> np.ndarray:
    weight = g.constant(node.inputs[1])
    if weight is None:
        raise ValueError("a matched convolution has constant weights")
    return weight
