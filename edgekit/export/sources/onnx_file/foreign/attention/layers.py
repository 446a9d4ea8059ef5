"""Attention as ONNX Runtime fuses it, in matrix products with a Softmax between them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx_ir as ir

from edgekit.export.sources.onnx_file import edit
from edgekit.export.sources.onnx_file.foreign.attention import heads, masks, rotary
from edgekit.export.sources.onnx_file.foreign.base import (
    UnknownFormError,
    UnknownRankError,
    give,
    padded,
)
from edgekit.export.sources.onnx_file.foreign.quantized.dynamic_operators import product


def attention(node: ir.Node) -> None:
    """Attention: queries, keys and values are one product of the input."""
    source, weight, bias, mask, past, addend, shared = padded(node, 7)
    _attention(node, edit.insert(node, "MatMul", [source, weight]), bias, mask, past, addend)
    _refuse(shared, "its past and its present share a buffer")


def quantized_attention(node: ir.Node) -> None:
    """QAttention: that product is of integers; its result is float32."""
    source, weight, bias, step, weight_step, mask, zero, weight_zero, past = padded(node, 9)
    real = product(node, (source, step, zero), (weight, weight_step, weight_zero))
    _attention(node, real, bias, mask, past, None)


def multi_head(node: ir.Node) -> None:
    """MultiHeadAttention: queries, keys and values are inputs of their own."""
    query, key, value, bias, mask, addend, *past, shared, beams = padded(node, 10)
    _refuse(shared or beams, "its past and its present share a buffer, or it searches beams")
    if key is None or value is None or edit.rank(query) == 5:
        raise UnknownFormError("its queries, keys and values are packed into one input")
    if len(node.outputs) > 3 and _is_used(node.outputs[3]):
        raise UnknownFormError("its products are an output")
    rank = edit.rank(key)
    if rank is None:
        raise UnknownRankError
    count = heads.count(node, "num_heads")
    given: list[ir.Value | None] = [query, key, value]
    if bias is not None and rank == 3:
        given = [_added(node, part, bias, index) for index, part in enumerate(given)]
    elif bias is not None:
        given[0] = _added(node, query, bias, 0)
    parts = [heads.split(node, given[0], count)]
    parts += [heads.split(node, each, count) if rank == 3 else _known(each) for each in given[1:]]
    parts[1:] = [heads.behind(node, old, new) for old, new in zip(past, parts[1:], strict=True)]
    causal = bool(node.attributes.get_int("unidirectional", 0))
    biases = [masks.of_integers(node, mask, parts[1]), addend]
    result = _attended(node, parts, biases, causal=causal)
    _finish(node, result, parts[1:])


def grouped_query(node: ir.Node) -> None:
    """GroupQueryAttention of a whole sequence: each row attends to those before it."""
    query, key, value, past, _, _, _, cosines, sines, places, addend, sink = padded(node, 12)
    get = node.attributes
    _refuse(past, "it continues a sequence, whose length is an input")
    _refuse(sink, "its sinks are inputs")
    if any((get.get_int("local_window_size", -1) >= 0, get.get_int("smooth_softmax", 0))):
        raise UnknownFormError("it attends to a window, or its softmax is smooth")
    if key is None or value is None:
        raise UnknownFormError("its queries, keys and values are packed into one input")
    count, shared = (heads.count(node, name) for name in ("num_heads", "kv_num_heads"))
    parts = [
        heads.split(node, query, count),
        *(heads.split(node, each, shared) for each in (key, value)),
    ]
    if get.get_int("do_rotary", 0):
        interleaved = bool(get.get_int("rotary_interleaved", 0))
        caches = [
            rotary.rows(node, cache, places, heads.length(node, parts[0]))
            for cache in (cosines, sines)
        ]
        parts[:2] = [rotary.turned(node, each, caches, 0, interleaved) for each in parts[:2]]
    cap, fewer = get.get_float("softcap", 0.0), shared if shared != count else 0
    result = _attended(node, parts, [addend], causal=True, softcap=cap, shared=fewer)
    _finish(node, result, parts[1:])


def _attention(
    node: ir.Node,
    joined: ir.Value,
    bias: ir.Value | None,
    mask: ir.Value | None,
    past: ir.Value | None,
    addend: ir.Value | None,
) -> None:
    """Attend, ``joined`` being the product that is queries, keys and values side by side."""
    get = node.attributes
    if get.get_int("do_rotary", 0):
        raise UnknownFormError("it turns queries and keys by their places")
    if bias is not None:
        joined = edit.insert(node, "Add", [joined, bias])
    sizes = list(get.get_ints("qkv_hidden_sizes", ()))
    split = ir.node(
        "Split",
        [joined, edit.integers(node, sizes)] if sizes else [joined],
        {"axis": -1} if sizes else {"axis": -1, "num_outputs": 3},
        num_outputs=3,
        version=edit.CANONICAL_OPSET,
    )
    edit.owner(node).insert_before(node, split)
    count = heads.count(node, "num_heads")
    parts = [heads.split(node, part, count) for part in split.outputs]
    if past is not None:
        olds = [
            edit.insert(node, "Gather", [past, heads.number(node, i)], {"axis": 0}) for i in (0, 1)
        ]
        parts[1:] = [heads.behind(node, old, new) for old, new in zip(olds, parts[1:], strict=True)]
    causal = bool(get.get_int("unidirectional", 0))
    biases = [masks.of_integers(node, mask, parts[1]), addend]
    result = _attended(node, parts, biases, causal=causal)
    if len(node.outputs) > 1 and _is_used(node.outputs[1]):
        axis = edit.integers(node, [0])
        lifted = [edit.insert(node, "Unsqueeze", [each, axis]) for each in parts[1:]]
        give(node.outputs[1], edit.insert(node, "Concat", lifted, {"axis": 0}))
    _finish(node, result, ())


def _finish(node: ir.Node, result: ir.Value, present: Sequence[ir.Value]) -> None:
    """Make ``node`` what joins the heads again, and hand out keys and values."""
    for output, value in zip(node.outputs[1:], present, strict=False):
        give(output, edit.insert(node, "Identity", [value]))
    node.resize_outputs(1)
    turned = edit.insert(node, "Transpose", [result], {"perm": heads.FIRST})
    edit.become(node, "Reshape", [turned, edit.integers(node, [0, 0, -1])])


def _added(node: ir.Node, value: ir.Value | None, bias: ir.Value, place: int) -> ir.Value:
    """Add the part of a bias that belongs to queries, keys or values, which follow each other."""
    array = edit.constant(bias)
    if array is None or array.size % 3:
        raise UnknownFormError("its bias is computed, or differs between queries and values")
    return edit.insert(node, "Add", [value, edit.literal(node, np.split(array, 3)[place])])


def _known(value: ir.Value | None) -> ir.Value:
    if value is None:
        raise UnknownFormError("its keys or values are left out")
    return value


def _refuse(value: ir.Value | None, why: str) -> None:
    if value is not None:
        raise UnknownFormError(why)


def _is_used(value: ir.Value) -> bool:
    return bool(value.uses()) or value.is_graph_output()


def _attended(
    node: ir.Node,
    parts: Sequence[ir.Value],
    biases: Sequence[ir.Value | None],
    *,
    causal: bool,
    softcap: float = 0.0,
    shared: int = 0,
) -> ir.Value:
    """Return the values that each query attends to: (batch, heads, rows, size).

    Args:
        node: before which to insert.
        parts: queries, keys and values, of four dimensions each.
        biases: what is added to the scores; None for nothing.
        causal: a row sees those before it.
        softcap: the most that a score may be; 0 for any.
        shared: how many heads keys and values have, if fewer than the queries.
    """
    count = heads.count(node, "num_heads")
    query, key, value = parts
    turned = edit.insert(node, "Transpose", [key], {"perm": (0, 1, 3, 2)})
    scaled = edit.insert(node, "Mul", [query, _scale(node, query)])
    if shared:  # query heads that share keys are rows of one product: no keys are repeated
        scaled = heads.regrouped(node, scaled, shared)
    scores = edit.insert(node, "MatMul", [scaled, turned])
    if shared:
        scores = heads.regrouped(node, scores, count)
    if softcap:
        less = edit.insert(node, "Div", [scores, edit.scalar(node, softcap)])
        bounded = edit.insert(node, "Tanh", [less])
        scores = edit.insert(node, "Mul", [bounded, edit.scalar(node, softcap)])
    for bias in biases:
        if bias is not None:
            scores = edit.insert(node, "Add", [scores, bias])
    if causal:
        scores = edit.insert(node, "Add", [scores, masks.of_order(node, query, key)])
    shares = edit.insert(node, "Softmax", [scores], {"axis": -1})
    shares = heads.regrouped(node, shares, shared) if shared else shares
    result = edit.insert(node, "MatMul", [shares, value])
    return heads.regrouped(node, result, count) if shared else result


def _scale(node: ir.Node, query: ir.Value) -> ir.Value:
    factor = node.attributes.get_float("scale", 0.0)
    if factor:
        return edit.scalar(node, factor)
    size = edit.insert(
        node, "Cast", [heads.size(node, query, heads.SIZE)], {"to": int(ir.DataType.FLOAT)}
    )
    return edit.insert(node, "Reciprocal", [edit.insert(node, "Sqrt", [size])])
