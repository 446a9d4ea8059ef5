"""GELU, as code without the operator writes it, becomes Gelu, which came with opset 20.

x * 0.5 * (1 + erf(x / sqrt(2))), and x * 0.5 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x^3))), in
any order of the factors. Where the factor is another number than 0.5, as when it was merged with a
scale or moved into the weights of the layer behind, what differs becomes a multiplication.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator

import onnx_ir as ir

from edgekit.export.graph import nodes as g

_OPSET = 20
_OTHERWISE_BEFORE = ("DFT", "GridSample", "GroupNormalization")
"""Operators that say another thing in the opset that Gelu needs."""
_DEPTH = 3  # products of products


def rewrite(node: ir.Node) -> bool:
    """Match the last product."""
    if _is_scaled(node.outputs[0]):
        return False
    found = _matched(node)
    if found is None:
        return False
    graph = g.graph_of(node)
    if graph.opset_imports[""] < _OPSET:
        if any(g.is_op(other, *_OTHERWISE_BEFORE) for other in graph):
            return False
        graph.opset_imports[""] = _OPSET
    source, approximate, factor = found
    shape = g.shape_of(node.outputs[0])
    value = g.insert(node, "Gelu", [source], shape, {"approximate": approximate})
    if not _is(factor, 1.0):
        value = g.insert(node, "Mul", [value, g.add_scalar(graph, "scale", factor)], shape)
    g.replace(node, value)
    return True


def _is_scaled(value: ir.Value) -> bool:
    """Tell whether a product goes on, with a number."""
    reader = g.sole_consumer(value)
    return reader is not None and (
        (g.is_op(reader, "Mul") and any(g.scalar(operand) is not None for operand in reader.inputs))
        or (g.is_op(reader, "Div") and g.scalar(reader.inputs[1]) is not None)
    )


def _matched(node: ir.Node) -> tuple[ir.Value, str, float] | None:
    """Return x, the kind of approximation, and what the product is beside GELU."""
    whole = node.outputs[0]
    inside = list(_factors_within(whole, _DEPTH))
    for gate in inside:
        for constant, curve in _addends(gate):
            if constant != 1.0:
                continue
            for source in inside:
                kind = _kind(curve.producer(), source)
                if kind is None or g.shape_of(source) != g.shape_of(whole):
                    continue
                number, factors = _product(whole, (source, gate))
                if len(factors) == 2 and set(factors) == {source, gate}:
                    return source, kind, 2 * number
    return None


def _factors_within(value: ir.Value, depth: int) -> Iterator[ir.Value]:
    """Yield what ``value`` is a product of, and what that is a product of."""
    producer = value.producer()
    if depth and producer is not None and g.is_op(producer, "Mul", "Div"):
        for operand in producer.inputs:
            if operand is not None and operand.const_value is None:
                yield operand
                yield from _factors_within(operand, depth - 1)


def _product(value: ir.Value, stops: Collection[ir.Value]) -> tuple[float, list[ir.Value]]:
    """Return the constant factor of ``value`` and its others; those of ``stops`` stay whole."""
    producer = value.producer()
    if value in stops or producer is None or not g.is_op(producer, "Mul", "Div"):
        return 1.0, [value]
    number, factors = 1.0, list[ir.Value]()
    for index, operand in enumerate(producer.inputs):
        constant = g.scalar(operand)
        divides = producer.op_type == "Div" and index == 1
        if constant is not None:
            number *= 1 / constant if divides and constant else constant
        elif operand is None or divides:
            return 1.0, [value]
        else:
            more, inner = _product(operand, stops)
            number, factors = number * more, [*factors, *inner]
    return number, factors


def _addends(value: ir.Value) -> Iterator[tuple[float, ir.Value]]:
    """Yield the constant and the other operand of the Add that makes ``value``."""
    producer = value.producer()
    if producer is not None and g.is_op(producer, "Add"):
        for first, second in (producer.inputs, producer.inputs[::-1]):
            constant = g.scalar(first)
            if constant is not None and second is not None:
                yield constant, second


def _kind(curve: ir.Node | None, source: ir.Value) -> str | None:
    if curve is None or not g.is_op(curve, "Erf", "Tanh"):
        return None
    number, factors = _product(g.operand(curve, 0), (source,))
    if curve.op_type == "Erf":
        return "none" if factors == [source] and _is(number, math.sqrt(0.5)) else None
    return "tanh" if _is(number, math.sqrt(2 / math.pi)) and _is_cubic(factors, source) else None


def _is_cubic(factors: list[ir.Value], source: ir.Value) -> bool:
    """Match x + 0.044715 * x^3, or x * (1 + 0.044715 * x^2)."""
    if len(factors) == 1:
        add = factors[0].producer()
        if add is None or not g.is_op(add, "Add"):
            return False
        return any(
            first is source and second is not None and _is_power(second, source, 3)
            for first, second in (add.inputs, add.inputs[::-1])
        )
    others = [factor for factor in factors if factor is not source]
    return (
        len(factors) == 2
        and len(others) == 1
        and any(
            constant == 1.0 and _is_power(term, source, 2) for constant, term in _addends(others[0])
        )
    )


def _is_power(value: ir.Value, source: ir.Value, power: int) -> bool:
    """Match 0.044715 times a power of x."""
    number, factors = _product(value, (source,))
    exponent = 0.0
    for factor in factors:
        node = factor.producer()
        if factor is source:
            exponent += 1
        elif node is not None and g.is_op(node, "Pow") and g.operand(node, 0) is source:
            exponent += g.scalar(node.inputs[1]) or 0.0
        else:
            return False
    return exponent == power and _is(number, 0.044715)


def _is(number: float, wanted: float) -> bool:
    return math.isclose(number, wanted, rel_tol=1e-4)
