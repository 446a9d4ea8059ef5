"""BatchNormalization and Dropout before they had modes."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from edgekit.export.sources.onnx_file import edit
from edgekit.export.sources.onnx_file.opsets.base import UnconvertibleError


def said_mode(node: ir.Node) -> None:
    """Until opset 6 ``is_test`` tells training from use; 0 where nothing is said.

    Exporters of that time left it out, and every runtime took that for use.
    """
    node.attributes.pop("is_test", None)


def per_element(node: ir.Node) -> None:
    """Until opset 8 ``spatial`` 0 has a mean for every element instead of every channel."""
    spatial = node.attributes.pop("spatial", None)
    if spatial is None or spatial.as_int():
        return
    arrays = [edit.constant(value) for value in node.inputs[1:5]]
    scale, bias, mean, variance = (None if a is None else a.astype(np.float64) for a in arrays)
    if scale is None or bias is None or mean is None or variance is None:
        raise UnconvertibleError("spatial=0 needs constant statistics")
    factor = scale / np.sqrt(variance + node.attributes.get_float("epsilon", 1e-5))
    offset = bias - mean * factor
    product = edit.insert(node, "Mul", [node.inputs[0], _float32(node, factor)])
    node.resize_outputs(1)
    edit.become(node, "Add", [product, _float32(node, offset)])


def statistics(node: ir.Node) -> None:
    """Until opset 13 further outputs asked for training; use has one."""
    if any(value.name and (value.uses() or value.is_graph_output()) for value in node.outputs[1:]):
        raise UnconvertibleError("it is in training mode")
    node.resize_outputs(1)


def _float32(anchor: ir.Node, array: np.ndarray) -> ir.Value:
    return edit.literal(anchor, array.astype(np.float32))


def dropout(node: ir.Node) -> None:
    """Until opset 11 the ratio is an attribute, and nothing is dropped."""
    node.attributes.pop("ratio", None)
    node.attributes.pop("is_test", None)
