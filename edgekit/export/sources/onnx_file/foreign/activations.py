"""Activations of ONNX Runtime's own, in standard operators."""

from __future__ import annotations

import math

import onnx_ir as ir

from edgekit.export.sources.onnx_file import edit


def gelu(node: ir.Node) -> None:
    """Gelu by the error function; BiasGelu has a second input, which is added first."""
    source = _biased(node)
    inside = edit.insert(node, "Mul", [source, edit.scalar(node, math.sqrt(0.5), source)])
    curve = edit.insert(node, "Erf", [inside])
    _gate(node, source, curve)


def fast_gelu(node: ir.Node) -> None:
    """Gelu by the hyperbolic tangent, of the input and an optional bias."""
    source = _biased(node)
    cube = edit.insert(node, "Pow", [source, edit.scalar(node, 3, source)])
    bent = edit.insert(node, "Mul", [cube, edit.scalar(node, 0.044715, source)])
    total = edit.insert(node, "Add", [source, bent])
    factor = edit.scalar(node, math.sqrt(2 / math.pi), source)
    curve = edit.insert(node, "Tanh", [edit.insert(node, "Mul", [total, factor])])
    _gate(node, source, curve)


def quick_gelu(node: ir.Node) -> None:
    """X * sigmoid(alpha * x)."""
    source, alpha = node.inputs[0], node.attributes.get_float("alpha", 1.702)
    scaled = source
    if alpha != 1.0:
        scaled = edit.insert(node, "Mul", [source, edit.scalar(node, alpha, source)])
    edit.become(node, "Mul", [source, edit.insert(node, "Sigmoid", [scaled])])


def _biased(node: ir.Node) -> ir.Value | None:
    if len(node.inputs) > 1 and node.inputs[1] is not None:
        return edit.insert(node, "Add", list(node.inputs[:2]))
    return node.inputs[0]


def _gate(node: ir.Node, source: ir.Value | None, curve: ir.Value) -> None:
    gate = edit.insert(node, "Add", [curve, edit.scalar(node, 1, source)])
    half = edit.insert(node, "Mul", [source, edit.scalar(node, 0.5, source)])
    edit.become(node, "Mul", [half, gate])
