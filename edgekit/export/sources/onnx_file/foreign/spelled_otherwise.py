"""Operators of ONNX Runtime's own that the standard has under another name or in other words."""

from __future__ import annotations

import onnx_ir as ir

from edgekit.export.sources.onnx_file import edit
from edgekit.export.sources.onnx_file.foreign.base import UnknownFormError, padded


def expand_dims(node: ir.Node) -> None:
    """ExpandDims: Unsqueeze of one axis."""
    axis = edit.constant(node.inputs[1])
    if axis is None:
        raise UnknownFormError("its axis is computed")
    edit.become(node, "Unsqueeze", [node.inputs[0], edit.integers(node, [int(axis.item())])])


def range_(node: ir.Node) -> None:
    """Range, whose step may be left out."""
    start, end, step = padded(node, 3)
    edit.become(node, "Range", [start, end, edit.scalar(node, 1, start) if step is None else step])


def pad(node: ir.Node) -> None:
    """Pad: amounts are an input, as they are in the standard since."""
    mode = node.attributes.get_string("mode", "constant")
    edit.become(node, "Pad", list(node.inputs), {"mode": mode})


def distances(node: ir.Node) -> None:
    """CDist: how far each row is from each other row."""
    axes = [edit.integers(node, [axis]) for axis in (1, 0)]
    rows = [edit.insert(node, "Unsqueeze", pair) for pair in zip(node.inputs, axes, strict=True)]
    apart = edit.insert(node, "Sub", rows)
    attributes = {"keepdims": 0}
    if node.attributes.get_string("metric", "sqeuclidean") == "euclidean":
        edit.become(node, "ReduceL2", [apart, edit.integers(node, [2])], attributes)
    else:
        edit.become(node, "ReduceSumSquare", [apart, edit.integers(node, [2])], attributes)


def transposed_conv(node: ir.Node) -> None:
    """ConvTransposeWithDynamicPads, with pads that are constant."""
    source, weight, pads, bias = padded(node, 4)
    amounts = edit.constant(pads)
    if pads is not None and amounts is None:
        raise UnknownFormError("its pads are computed")
    kept = {name: attribute.value for name, attribute in node.attributes.items()}
    if amounts is not None:
        kept["pads"] = [int(each) for each in amounts]
    edit.become(node, "ConvTranspose", [source, weight, bias], kept)
