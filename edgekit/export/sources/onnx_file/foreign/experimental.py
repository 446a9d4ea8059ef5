"""Operators that were tried in the standard's first years and left it again."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from edgekit.export.sources.onnx_file import edit
from edgekit.export.sources.onnx_file.foreign.base import UnknownFormError


def affine(node: ir.Node) -> None:
    """Alpha * x + beta."""
    _scaled_and_shifted(node, *_alpha_and_beta(node, 1.0, 0.0))


def scaled(node: ir.Node) -> None:
    """Scale * x."""
    factor = edit.scalar(node, node.attributes.get_float("scale", 1.0), node.inputs[0])
    edit.become(node, "Mul", [node.inputs[0], factor])


def image_scaler(node: ir.Node) -> None:
    """Scale * x + a bias a channel."""
    bias = np.array(node.attributes.get_floats("bias", ()), dtype=np.float32)
    factor = edit.scalar(node, node.attributes.get_float("scale", 1.0), node.inputs[0])
    product = edit.insert(node, "Mul", [node.inputs[0], factor])
    edit.become(node, "Add", [product, edit.literal(node, bias.reshape(-1, 1, 1))])


def scaled_tanh(node: ir.Node) -> None:
    """Alpha * tanh(beta * x)."""
    alpha, beta = _alpha_and_beta(node, 1.0, 1.0)
    inside = edit.insert(node, "Mul", [node.inputs[0], edit.scalar(node, beta, node.inputs[0])])
    curve = edit.insert(node, "Tanh", [inside])
    edit.become(node, "Mul", [curve, edit.scalar(node, alpha, node.inputs[0])])


def parametric_softplus(node: ir.Node) -> None:
    """Alpha * log(1 + exp(beta * x))."""
    alpha, beta = _alpha_and_beta(node, 1.0, 1.0)
    inside = edit.insert(node, "Mul", [node.inputs[0], edit.scalar(node, beta, node.inputs[0])])
    curve = edit.insert(node, "Softplus", [inside])
    edit.become(node, "Mul", [curve, edit.scalar(node, alpha, node.inputs[0])])


def crop(node: ir.Node) -> None:
    """Take the middle of a map, or a size from the upper left corner of the border on."""
    border = [int(size) for size in node.attributes.get_ints("border", ())]
    size = [int(extent) for extent in node.attributes.get_ints("scale", ())]
    if len(border) != 4:
        raise UnknownFormError("it has no border of four sizes")
    left, top, right, bottom = border
    ends = [top + size[0], left + size[1]] if len(size) == 2 else [-bottom, -right]
    far = 2**31 - 1
    edit.become(
        node,
        "Slice",
        [
            node.inputs[0],
            edit.integers(node, [top, left]),
            edit.integers(node, [end or far for end in ends]),
            edit.integers(node, [2, 3]),
        ],
    )


def _alpha_and_beta(node: ir.Node, alpha: float, beta: float) -> tuple[float, float]:
    get = node.attributes
    return get.get_float("alpha", alpha), get.get_float("beta", beta)


def _scaled_and_shifted(node: ir.Node, factor: float, offset: float) -> None:
    source = node.inputs[0]
    product = edit.insert(node, "Mul", [source, edit.scalar(node, factor, source)])
    edit.become(node, "Add", [product, edit.scalar(node, offset, source)])
