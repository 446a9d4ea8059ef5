"""Pairs of a graph, QuantizeLinear and DequantizeLinear, become notes of encodings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import onnx_ir as ir

from edgekit.errors import RefusedError
from edgekit.export.graph import nodes as g
from edgekit.export.graph.affine import Affine
from edgekit.export.graph.annotations import affine_of

_BITS = {"int8": 8, "uint8": 8, "int16": 16, "uint16": 16}


@dataclass(frozen=True, eq=False)
class Stripped:
    """What the pairs of a graph said.

    Attributes:
        rounded: an Identity for each pair: what reads its result reads rounded numbers.
        unsigned: whether the file stores activations as unsigned integers.
    """

    rounded: tuple[ir.Node, ...]
    unsigned: bool


def strip(model: ir.Model, name: str) -> Stripped:
    """Take the pairs out of ``model``, in place; values carry ``meta["affine"]`` instead.

    Behind each value that is stored stands an Identity, which is read by what read the pair. What
    enters or leaves the graph as integers does so through ``edgekit.Take`` and ``edgekit.Give``.

    Raises:
        RefusedError: an encoding is computed, or of a kind that no integer kernel has
            (``already-quantized``).
    """
    rounded: list[ir.Node] = []
    kinds: list[str] = []
    for node in list(model.graph):
        if g.is_op(node, "QuantizeLinear"):
            affine, kind = _encoding(node, name)
            kinds.append(kind)
            source = _noted(node, affine)
            for use in list(node.outputs[0].uses()):
                reader = use.node
                if not g.is_op(reader, "DequantizeLinear") or _encoding(reader, name)[0] != affine:
                    raise _refused(reader, name, "reads stored integers otherwise than stored")
                rounded.append(_identity(reader, source))
            _end(node, source)
    for node in list(model.graph):
        if g.is_op(node, "DequantizeLinear"):  # of integers that come from outside
            if not g.operand(node, 0).is_graph_input():
                raise _refused(node, name, "computes with stored integers")
            affine, kind = _encoding(node, name)
            kinds.append(kind)
            node.outputs[0].meta["affine"] = affine
            node.domain, node.op_type = "edgekit", "Take"
    unsigned = sum(kind.startswith("u") for kind in kinds) * 2 >= len(kinds)
    return Stripped(tuple(rounded), unsigned)


def _noted(node: ir.Node, affine: Affine) -> ir.Value:
    """Return the value that the readers of a pair are to read, its encoding noted."""
    source = g.operand(node, 0)
    own = affine_of(source)
    if own == affine:
        return source
    if own is not None:
        second = g.insert(node, "Identity", [source], g.shape_of(source))
        second.meta["affine"] = affine
        return second
    source.meta["affine"] = affine
    return source


def _identity(node: ir.Node, source: ir.Value) -> ir.Node:
    """Put an Identity in the place of what dequantizes ``source``, and return it."""
    result = g.insert(node, "Identity", [source], g.shape_of(source))
    result.meta["affine"] = affine_of(source)
    made = result.producer()
    if made is None:
        raise ValueError("an inserted node makes its output")
    g.replace(node, result)
    return made


def _end(node: ir.Node, source: ir.Value) -> None:
    """Remove what stores a value, or keep it as what gives the integers to the outside."""
    if not node.outputs[0].is_graph_output():
        g.graph_of(node).remove(node, safe=True)
        return
    node.domain, node.op_type = "edgekit", "Give"
    node.replace_input_with(0, source)


def _encoding(node: ir.Node, name: str) -> tuple[Affine, str]:
    """Return the encoding that a node of a pair says, and the type that it is stored in."""
    scale, given = g.constant(node.inputs[1]), node.inputs[2] if len(node.inputs) > 2 else None
    zero = np.array(0, np.uint8) if given is None else g.constant(given)
    if scale is None or zero is None:
        raise _refused(node, name, "has a scale that is computed")
    kind = zero.dtype.name
    if scale.size != 1:
        raise _refused(node, name, "stores a computed value with one scale for each channel")
    if kind not in _BITS or node.attributes.get_int("block_size", 0) > 0:
        raise _refused(node, name, f"stores {kind} numbers")
    bits = _BITS[kind]
    shift = 1 << (bits - 1) if kind.startswith("u") else 0
    return Affine(float(scale.reshape(())), int(zero.reshape(())) - shift, bits), kind


def _refused(node: ir.Node, name: str, why: str) -> RefusedError:
    return RefusedError(
        f"{name} is already quantized, and its {node.op_type} {g.label(node)!r} {why}, which no "
        "integer kernel has: give the float32 network that it was made of",
        reason_code="already-quantized",
    )
