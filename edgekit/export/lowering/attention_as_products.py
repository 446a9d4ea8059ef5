"""Attention becomes its two matrix products with a Softmax between them.

Query heads that share keys are rows of one product, so that no keys are repeated.
"""

from __future__ import annotations

import math

import numpy as np
import onnx_ir as ir

from edgekit.export.expansion.building import Building, replace_outputs
from edgekit.export.graph import nodes as g

_MASK, _PAST_KEY, _PAST_VALUE, _LENGTHS = 3, 4, 5, 6
_AFTER_SOFTCAP, _WITH_BIAS, _PROBABILITIES = 1, 2, 3  # what the fourth output shows
_NEVER = -math.inf


def why_not(node: ir.Node) -> tuple[str, str] | None:
    """Return why an Attention is not taken apart, and the reason code; None for one that is."""
    mask, get = _input(node, _MASK), node.attributes
    if mask is not None and g.constant(mask) is None and g.shape_of(mask)[-1] != _keys(node):
        return "a computed mask must cover all keys", "unsupported-mask"
    if not _is_used(node, 3):
        return None
    mode = get.get_int("qk_matmul_output_mode", 0)
    if mode < _AFTER_SOFTCAP and get.get_float("softcap", 0.0) != 0:
        return "the products before the softcap are not shown", "unsupported-output"
    masks = mask is not None and mask.dtype == ir.DataType.BOOL
    length = g.shape_of(g.operand(node, 0))[-2]
    masks = masks or _input(node, _LENGTHS) is not None
    if mode == _WITH_BIAS and (masks or not _allowed(node, length, _keys(node)).all()):
        # LiteRT's own kernel adds minus infinity as the lowest finite number.
        return "masked products are not shown", "unsupported-output"
    return None


def rewrite(node: ir.Node) -> bool:
    """Match any Attention but those of `why_not`."""
    if not g.is_op(node, "Attention") or why_not(node) is not None:
        return False
    build, get = Building(node), node.attributes
    query = _heads(build, g.operand(node, 0), "q_num_heads")
    key, value = (
        _with_past(build, _heads(build, g.operand(node, index), "kv_num_heads"), past)
        for index, past in ((1, _input(node, _PAST_KEY)), (2, _input(node, _PAST_VALUE)))
    )
    batch, heads, length, size = g.shape_of(query)
    _, shared, keys, _ = g.shape_of(key)
    rows = (batch, shared, heads // shared * length)
    scale = get.get_float("scale", 0.0) or 1 / math.sqrt(size)
    asked = build.reshape(build.apply("Mul", query, scale), (*rows, size))
    turned = build.transpose(key, (0, 1, 3, 2))
    scores = build.apply("MatMul", asked, turned, shape=(*rows, keys))
    scores = shown = build.reshape(scores, (batch, heads, length, keys))
    softcap = get.get_float("softcap", 0.0)
    if softcap:
        bounded = build.apply("Tanh", build.apply("Mul", scores, 1 / softcap))
        scores = shown = build.apply("Mul", bounded, softcap)
    bias = _bias(build, length, keys)
    if _input(node, _LENGTHS) is not None:
        counted = _counted(build, length, keys)
        bias = counted if bias is None else build.apply("Add", bias, counted)
    if bias is not None:
        scores = build.apply("Add", scores, bias)
    shares = build.apply("Softmax", scores, attributes={"axis": -1})
    if bias is not None:
        shares = _without_empty_rows(build, shares, bias)
    width = g.shape_of(value)[3]
    mixed = build.apply("MatMul", build.reshape(shares, (*rows, keys)), value, shape=(*rows, width))
    result = build.reshape(mixed, (batch, heads, length, width))
    if len(g.shape_of(node.outputs[0])) == 3:  # heads are side by side
        result = build.transpose(result, (0, 2, 1, 3))
        result = build.reshape(result, (batch, length, heads * width))
    mode = get.get_int("qk_matmul_output_mode", 0)
    shown = {_WITH_BIAS: scores, _PROBABILITIES: shares}.get(mode, shown)
    results = [result, key, value, shown]
    replace_outputs(
        node,
        [results[index] if _is_used(node, index) else None for index in range(len(node.outputs))],
    )
    return True


def _input(node: ir.Node, index: int) -> ir.Value | None:
    return node.inputs[index] if len(node.inputs) > index else None


def _is_used(node: ir.Node, index: int) -> bool:
    if len(node.outputs) <= index:
        return False
    return bool(node.outputs[index].uses()) or node.outputs[index].is_graph_output()


def _keys(node: ir.Node) -> int:
    past = _input(node, _PAST_KEY)
    return g.shape_of(g.operand(node, 1))[-2] + (0 if past is None else g.shape_of(past)[2])


def _heads(build: Building, value: ir.Value, attribute: str) -> ir.Value:
    """Return (batch, heads, length, size)."""
    shape = g.shape_of(value)
    if len(shape) == 4:  # heads are apart
        return value
    batch, length, width = shape
    count = build.node.attributes.get_int(attribute, 1)
    apart = build.reshape(value, (batch, length, count, width // count))
    return build.transpose(apart, (0, 2, 1, 3))


def _with_past(build: Building, value: ir.Value, past: ir.Value | None) -> ir.Value:
    return value if past is None else build.concat([past, value], 2)


def _bias(build: Building, length: int, keys: int) -> ir.Value | None:
    """Return what is added to the scores: zero, minus infinity, or the mask's own numbers."""
    node = build.node
    allowed, mask = _allowed(node, length, keys), _input(node, _MASK)
    fixed = np.where(allowed, 0, _NEVER).astype(np.float32)
    array = g.constant(mask)
    if array is not None:
        missing = [(0, 0)] * (array.ndim - 1) + [(0, keys - array.shape[-1])]
        if array.dtype == np.bool_:
            array = np.where(array, 0, _NEVER).astype(np.float32)
        padded = np.pad(array, missing, constant_values=_NEVER)
        return build.constant(padded if allowed.all() else padded + fixed, "bias")
    if mask is None:
        return None if allowed.all() else build.constant(fixed, "bias")
    if mask.dtype == ir.DataType.BOOL:
        numbers = [build.constant(number) for number in (0.0, _NEVER)]
        mask = build.apply("Where", mask, *numbers, dtype=ir.DataType.FLOAT)
    return mask if allowed.all() else build.apply("Add", mask, build.constant(fixed, "bias"))


def _allowed(node: ir.Node, length: int, keys: int) -> np.ndarray:
    """Return which keys (length, keys) a query may look at by where it stands."""
    get, past = node.attributes, _input(node, _PAST_KEY)
    if _input(node, _LENGTHS) is not None:
        return np.ones((length, keys), bool)  # `_counted` says it
    offset = 0 if past is None else g.shape_of(past)[2]
    distance = np.arange(length)[:, None] + offset - np.arange(keys)
    allowed = np.ones((length, keys), bool)
    if get.get_int("is_causal", 0):
        allowed &= distance >= 0
    left, right = get.get_int("left_window_size", -1), get.get_int("right_window_size", -1)
    if left >= 0:
        allowed &= distance <= left
    if right >= 0:
        allowed &= -distance <= right
    return allowed


def _counted(build: Building, length: int, keys: int) -> ir.Value:
    """Return minus infinity for the keys beyond each sample's length, or that it must not see."""
    node, get = build.node, build.node.attributes
    lengths = g.operand(node, _LENGTHS)
    ends = build.reshape(lengths, (*g.shape_of(lengths), 1, 1, 1))
    kind = np.dtype(np.int64) if lengths.dtype is None else lengths.dtype.numpy()
    key = np.arange(keys, dtype=kind)
    allowed = build.apply("Less", build.constant(key), ends, dtype=ir.DataType.BOOL)
    before = np.arange(length, dtype=kind)[:, None] - length  # of a query, from the last key
    left, right = get.get_int("left_window_size", -1), get.get_int("right_window_size", -1)
    bounds = [("LessOrEqual", 0)] if get.get_int("is_causal", 0) else []
    bounds += [("LessOrEqual", right)] if right >= 0 else []
    bounds += [("GreaterOrEqual", -left)] if left >= 0 else []
    for comparison, reach in bounds:
        last = build.apply("Add", ends, build.constant((before + reach).astype(kind)))
        near = build.apply(comparison, build.constant(key), last, dtype=ir.DataType.BOOL)
        allowed = build.apply("And", allowed, near, dtype=ir.DataType.BOOL)
    numbers = [build.constant(number) for number in (0.0, _NEVER)]
    return build.apply("Where", allowed, *numbers, dtype=ir.DataType.FLOAT)


def _without_empty_rows(build: Building, shares: ir.Value, bias: ir.Value) -> ir.Value:
    """Return zero for queries that may look at no key, where a Softmax has no answer."""
    array = g.constant(bias)
    if array is not None:
        is_empty = np.isneginf(array).all(axis=-1, keepdims=True)
        if not is_empty.any():
            return shares
        empty = build.constant(np.asarray(is_empty))
    else:
        shape = (*g.shape_of(bias)[:-1], 1)
        axes = build.constant(np.array([-1], np.int64), "axes")
        largest = build.apply("ReduceMax", bias, axes, shape=shape)
        least = float(np.finfo(np.float32).min)  # what LiteRT's own kernel makes of -inf
        empty = build.apply("LessOrEqual", largest, least, dtype=ir.DataType.BOOL)
    zero = build.constant(0.0)
    return build.apply("Where", empty, zero, shares, dtype=ir.DataType.FLOAT)
