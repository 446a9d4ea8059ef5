"""Operators of ai.onnx.ml that are arithmetic on tensors: scaling, picking, linear models."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from edgekit.export.sources.onnx_file import edit
from edgekit.export.sources.onnx_file.foreign.base import UnknownFormError, give

_FLOAT = int(ir.DataType.FLOAT)


def scaler(node: ir.Node) -> None:
    """(x - offset) * scale."""
    offset, scale = (_floats(node, name) for name in ("offset", "scale"))
    less = edit.insert(node, "Sub", [_real(node, node.inputs[0]), edit.literal(node, offset)])
    edit.become(node, "Mul", [less, edit.literal(node, scale)])


def normalizer(node: ir.Node) -> None:
    """Divide each row by its norm, where that is not 0."""
    kind, source = node.attributes.get_string("norm", "MAX"), _real(node, node.inputs[0])
    operator = {"MAX": "ReduceMax", "L1": "ReduceL1", "L2": "ReduceL2"}[kind]
    norm = edit.insert(node, operator, [source, edit.integers(node, [-1])])
    none = edit.insert(node, "Equal", [norm, edit.scalar(node, 0)])
    divisor = edit.insert(node, "Where", [none, edit.scalar(node, 1), norm])
    edit.become(node, "Div", [source, divisor])


def binarizer(node: ir.Node) -> None:
    """1 above a threshold, else 0."""
    bound = edit.scalar(node, node.attributes.get_float("threshold", 0.0))
    above = edit.insert(node, "Greater", [_real(node, node.inputs[0]), bound])
    edit.become(node, "Cast", [above], {"to": _FLOAT})


def imputer(node: ir.Node) -> None:
    """Put a column's own number where one number, or no number, stands."""
    if "imputed_value_floats" not in node.attributes:
        raise UnknownFormError("it replaces integers")
    source, wanted = node.inputs[0], node.attributes.get_float("replaced_value_float", 0.0)
    if np.isnan(wanted):
        found = edit.insert(node, "IsNaN", [source])
    else:
        found = edit.insert(node, "Equal", [source, edit.scalar(node, wanted)])
    values = edit.literal(node, _floats(node, "imputed_value_floats"))
    edit.become(node, "Where", [found, values, source])


def picked(node: ir.Node) -> None:
    """ArrayFeatureExtractor: columns by number."""
    places = edit.constant(node.inputs[1])
    if places is None:
        raise UnknownFormError("its columns are computed")
    indices = edit.integers(node, [int(place) for place in places.reshape(-1)])
    edit.become(node, "Gather", [node.inputs[0], indices], {"axis": -1})


def side_by_side(node: ir.Node) -> None:
    """FeatureVectorizer: columns of several inputs."""
    parts = [_real(node, value) for value in node.inputs]
    edit.become(node, "Concat", parts, {"axis": 1})


def regressor(node: ir.Node) -> None:
    """LinearRegressor."""
    scores = _scores(node, node.attributes.get_int("targets", 1))
    transform(node, scores, node.attributes.get_string("post_transform", "NONE"))


def classifier(node: ir.Node) -> None:
    """LinearClassifier: the label of the largest score, and the scores."""
    labels = node.attributes.get_ints("classlabels_ints", ())
    if not labels:
        raise UnknownFormError("its labels are texts")
    scores = _scores(node, len(labels))
    best = edit.insert(node, "ArgMax", [scores], {"axis": 1, "keepdims": 0})
    names = edit.integers(node, labels)
    named = edit.insert(node, "Gather", [names, best], {"axis": 0})
    kind = node.attributes.get_string("post_transform", "NONE")
    give(node.outputs[1], transformed(node, scores, kind))
    node.resize_outputs(1)
    edit.become(node, "Identity", [named])


def _scores(node: ir.Node, count: int) -> ir.Value:
    """Insert the products with the coefficients of each class or target."""
    rows = _floats(node, "coefficients")
    offsets = _floats(node, "intercepts") if "intercepts" in node.attributes else np.zeros(1)
    if rows.size % count or offsets.size not in (1, count):
        raise UnknownFormError("it has fewer rows than classes")
    weight = edit.literal(node, rows.reshape(count, -1))
    bias = edit.literal(node, np.broadcast_to(offsets.astype(np.float32), (count,)).copy())
    source = _real(node, node.inputs[0])
    return edit.insert(node, "Gemm", [source, weight, bias], {"transB": 1})


def transform(node: ir.Node, scores: ir.Value, kind: str) -> None:
    """Make ``node`` what a ``post_transform`` makes of scores."""
    edit.become(node, "Identity", [transformed(node, scores, kind)])


def transformed(node: ir.Node, scores: ir.Value, kind: str) -> ir.Value:
    """Insert what a ``post_transform`` makes of scores before ``node``."""
    if kind == "LOGISTIC":
        return edit.insert(node, "Sigmoid", [scores])
    if kind == "SOFTMAX":
        return edit.insert(node, "Softmax", [scores], {"axis": -1})
    if kind != "NONE":
        raise UnknownFormError(f"its post_transform is {kind}")
    return edit.insert(node, "Identity", [scores])


def _floats(node: ir.Node, name: str) -> np.ndarray:
    return np.array(node.attributes.get_floats(name, ()), np.float32)


def _real(node: ir.Node, value: ir.Value | None) -> ir.Value:
    return edit.insert(node, "Cast", [value], {"to": _FLOAT})
