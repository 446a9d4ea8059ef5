"""Normalizations of ONNX Runtime's own, in standard operators."""

from __future__ import annotations

import onnx_ir as ir

from edgekit.export.sources.onnx_file import edit
from edgekit.export.sources.onnx_file.foreign.base import UnknownFormError, give


def skip_layer(node: ir.Node) -> None:
    """SkipLayerNormalization: the sum of two inputs and a bias is normalized."""
    total = _total(node, bias_index=4)
    inputs = [total, node.inputs[2], *(node.inputs[3:4] if len(node.inputs) > 3 else ())]
    _give_total(node, total)
    epsilon = node.attributes.get_float("epsilon", 1e-12)
    edit.become(node, "LayerNormalization", inputs, {"axis": -1, "epsilon": epsilon})


def root_mean_square(node: ir.Node) -> None:
    """SimplifiedLayerNormalization: x / sqrt(mean(x^2) + epsilon), with a scale."""
    source, scale = node.inputs[:2]
    rank, axis = edit.rank(source), node.attributes.get_int("axis", -1)
    if axis != -1 and (rank is None or axis % rank != rank - 1):
        raise UnknownFormError("it normalizes other axes than the last")
    _by_root_mean_square(node, source, scale)


def skip_root_mean_square(node: ir.Node) -> None:
    """SkipSimplifiedLayerNormalization: the same, of a sum."""
    total, scale = _total(node, bias_index=3), node.inputs[2]
    _give_total(node, total)
    _by_root_mean_square(node, total, scale)


def _total(node: ir.Node, bias_index: int) -> ir.Value:
    total = edit.insert(node, "Add", list(node.inputs[:2]))
    if len(node.inputs) > bias_index and node.inputs[bias_index] is not None:
        total = edit.insert(node, "Add", [total, node.inputs[bias_index]])
    return total


def _give_total(node: ir.Node, total: ir.Value) -> None:
    """Hand out the sum, the fourth output, and refuse to hand out the statistics."""
    _refuse_statistics(node, slice(1, 3))
    if len(node.outputs) > 3:
        give(node.outputs[3], total)
    node.resize_outputs(1)


def _by_root_mean_square(node: ir.Node, source: ir.Value | None, scale: ir.Value | None) -> None:
    _refuse_statistics(node, slice(1, None))
    node.resize_outputs(1)
    square = edit.insert(node, "Mul", [source, source])
    mean = edit.insert(node, "ReduceMean", [square, edit.integers(node, [-1])])
    epsilon = edit.scalar(node, node.attributes.get_float("epsilon", 1e-5), source)
    root = edit.insert(node, "Sqrt", [edit.insert(node, "Add", [mean, epsilon])])
    edit.become(node, "Mul", [edit.insert(node, "Div", [source, root]), scale])


def _refuse_statistics(node: ir.Node, which: slice) -> None:
    if any(value.uses() or value.is_graph_output() for value in node.outputs[which]):
        raise UnknownFormError("its mean or deviation is used elsewhere")
