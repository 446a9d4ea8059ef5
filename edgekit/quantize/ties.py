"""Which values must share one encoding, and which have one that the runtimes prescribe.

Solved once on the graph: what an operator moves, chooses or joins has one scale and zero point,
so no file needs a requantization.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import onnx_ir as ir

from edgekit.export import graph as g
from edgekit.export import quantizable
from edgekit.export.encodings import Affine

_PRESCRIBED = {
    "Sigmoid": Affine(1 / 256, -128),
    "Softmax": Affine(1 / 256, -128),
    "Tanh": Affine(1 / 128, 0),
}
"""By the TFLite 8-bit quantization specification; other operators choose freely."""

PRESCRIBED_INT16 = Affine(1 / 32768, 0, 16)
"""Of the same operators, with 16-bit activations."""


@dataclass(frozen=True)
class Ties:
    """The values that can be encoded, grouped.

    Attributes:
        groups: names of values with one encoding; every encodable value is in exactly one.
        prescribed: encoding of 8-bit groups that an operator prescribes, by group number.
    """

    groups: tuple[tuple[str, ...], ...]
    prescribed: dict[int, Affine]


def of(model: ir.Model) -> Ties:
    """Group the values of a quantizable graph, in graph order."""
    values = list(encodable(model))
    parents = {value: value for value in values}

    def root(value: ir.Value) -> ir.Value:
        while parents[value] is not value:
            value = parents[value]
        return value

    for node in model.graph:
        if not g.is_op(node, *quantizable.SAME_SCALE):
            continue
        tied = [v for v in (*quantizable.dynamic_inputs(node), *node.outputs) if v in parents]
        for other in tied[1:]:
            parents[root(other)] = root(tied[0])
    members: dict[ir.Value, list[ir.Value]] = {}
    for value in values:
        members.setdefault(root(value), []).append(value)
    groups = tuple(tuple(str(v.name) for v in group) for group in members.values())
    prescribed = {}
    for number, group in enumerate(members.values()):
        makers = [value.producer() for value in group]
        found = [
            _PRESCRIBED[m.op_type] for m in makers if m is not None and g.is_op(m, *_PRESCRIBED)
        ]
        if found:
            prescribed[number] = found[0]
    return Ties(groups, prescribed)


def encodable(model: ir.Model) -> Iterator[ir.Value]:
    """Yield the float values that some capable node touches and that exist in an integer file."""
    for value in (*model.graph.inputs, *(v for node in model.graph for v in node.outputs)):
        nodes = [value.producer(), *(use.node for use in value.uses())]
        is_float = value.dtype in (None, ir.DataType.FLOAT)
        touched = any(node is not None and quantizable.is_capable(node) for node in nodes)
        if is_float and touched and not quantizable.is_fused(value):
            yield value
