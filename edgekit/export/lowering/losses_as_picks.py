"""The losses of a classifier become the logarithms at the places of the targets, and their mean."""

from __future__ import annotations

import math

import numpy as np
import onnx_ir as ir

from edgekit.export.expansion.building import Building, replace_outputs
from edgekit.export.graph import nodes as g


def rewrite(node: ir.Node) -> bool:
    """Match NegativeLogLikelihoodLoss and SoftmaxCrossEntropyLoss, of targets that are classes."""
    if not g.is_op(node, "NegativeLogLikelihoodLoss", "SoftmaxCrossEntropyLoss"):
        return False
    if not _are_classes(node):
        return False
    build, scores, target = Building(node), g.operand(node, 0), g.operand(node, 1)
    if node.op_type == "SoftmaxCrossEntropyLoss":
        scores = build.apply("LogSoftmax", scores, attributes={"axis": 1})
    shape = g.shape_of(scores)
    lifted = build.reshape(target, (shape[0], 1, *shape[2:]))
    kind = np.dtype(np.int64) if target.dtype is None else target.dtype.numpy()
    classes = np.arange(shape[1]).reshape(1, -1, *(1 for _ in shape[2:]))
    is_target = _equal(build, lifted, classes.astype(kind))
    ignored = node.attributes.get("ignore_index")
    if ignored is not None:
        aside = _equal(build, lifted, np.array(ignored.as_int(), kind))
        counted = build.apply("Not", aside, dtype=ir.DataType.BOOL)
        is_target = build.apply("And", is_target, counted, dtype=ir.DataType.BOOL)
    weight = node.inputs[2] if len(node.inputs) > 2 else None
    ones = build.constant(np.ones((1, *classes.shape[1:]), np.float32), "weights")
    weights = ones if weight is None else build.reshape(weight, classes.shape)
    zero = build.constant(0.0)
    losses = build.apply("Neg", build.apply("Mul", scores, weights))
    picked = _picked(build, is_target, losses, zero)
    reduction = node.attributes.get_string("reduction", "mean")
    if reduction == "none":
        loss = picked
    else:
        loss = _total(build, picked)
        if reduction == "mean" and weight is None and ignored is None:
            loss = build.apply("Mul", loss, 1 / math.prod(g.shape_of(picked)))
        elif reduction == "mean":
            share = _picked(build, is_target, weights, zero)
            loss = build.apply("Div", loss, _total(build, share))
    logarithms: list[ir.Value | None] = [scores] if len(node.outputs) > 1 else []
    replace_outputs(node, [loss, *logarithms])
    return True


def _are_classes(node: ir.Node) -> bool:
    """Tell whether targets that are constant name classes, or are ignored."""
    fixed, ignored = g.constant(g.operand(node, 1)), node.attributes.get("ignore_index")
    if fixed is None:
        return True
    targets = fixed if ignored is None else fixed[fixed != ignored.as_int()]
    return not ((targets < 0) | (targets >= g.shape_of(g.operand(node, 0))[1])).any()


def _equal(build: Building, value: ir.Value, numbers: np.ndarray) -> ir.Value:
    return build.apply("Equal", value, build.constant(numbers), dtype=ir.DataType.BOOL)


def _picked(build: Building, mask: ir.Value, values: ir.Value, zero: ir.Value) -> ir.Value:
    """Return the values that the mask leaves, one for each place of the classes' axis."""
    left = build.apply("Where", mask, values, zero, dtype=ir.DataType.FLOAT)
    batch, _, *places = g.shape_of(left)
    axes, keep = build.constant(np.array([1], np.int64), "axes"), {"keepdims": 0}
    return build.apply("ReduceSum", left, axes, shape=(batch, *places), attributes=keep)


def _total(build: Building, value: ir.Value) -> ir.Value:
    axes = build.constant(np.arange(len(g.shape_of(value))), "axes")
    return build.apply("ReduceSum", value, axes, shape=(), attributes={"keepdims": 0})
