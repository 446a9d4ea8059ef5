"""The quantizable graph: the form of a network that is calibrated, encoded and made integer.

It is the canonical graph after ``lowering.INTEGER``: standard ONNX operators, every node and value
named, equal input giving equal names. Encodings refer to those names, and both writers start
from it, so both files hold the same integers.
"""

from __future__ import annotations

import hashlib
import io
from typing import TYPE_CHECKING

import onnx_ir as ir
from onnx_ir.passes.common import DeduplicateInitializersPass, NameFixPass

from edgekit.export import lowering
from edgekit.export.graph import nodes as g
from edgekit.export.graph import operators, weight_layers
from edgekit.export.graph.activations import activation_of, clip_bounds
from edgekit.export.rewriting import rules
from edgekit.export.rewriting.choices import DEFAULT, Choices
from edgekit.export.stored_weights import tensor as stored
from edgekit.export.stored_weights import writing

if TYPE_CHECKING:
    from typing_extensions import Buffer


def from_canonical(model: ir.Model, chosen: Choices = DEFAULT) -> ir.Model:
    """Return the quantizable graph of a canonical one, which is left as it is.

    Raises:
        UnknownNameError: ``lowering.INTEGER`` has no such optional rule.
    """
    graph = model.clone()
    # Calibration runs this graph from memory, and its digest is of the weights themselves.
    stored.hold(graph)
    rules.apply(graph, chosen.rules(lowering.INTEGER))
    DeduplicateInitializersPass()(graph)
    for node in graph.graph:
        node.name = node.name or f"{node.op_type}_{node.outputs[0].name or ''}".rstrip("_")
    NameFixPass()(graph)
    return graph


def digest(model: ir.Model) -> str:
    """Return the SHA-256 of a quantizable graph: structure, names and weights."""
    file = _Hashed()
    writing.write(*writing.without_weights(model), file)
    return file.found.hexdigest()


class _Hashed(io.BytesIO):
    """A file of which nothing is kept but its hash, so that no weight is copied to be hashed."""

    def __init__(self) -> None:
        super().__init__()
        self.found = hashlib.sha256()

    def write(self, data: Buffer, /) -> int:
        self.found.update(data)
        return memoryview(data).nbytes


def is_capable(node: ir.Node) -> bool:
    """Tell whether both runtimes can compute ``node`` on integers."""
    if weight_layers.is_layer(node):
        return True
    if g.is_op(node, *weight_layers.LAYERS) or not operators.of(node).integer:
        return False
    if g.is_op(node, "Clip"):
        low, high = clip_bounds(node)
        return low == low and high == high  # computed bounds are NaN
    if g.is_op(node, "Pad"):
        zero = g.scalar(node.inputs[2]) if len(node.inputs) > 2 and node.inputs[2] else 0.0
        return node.attributes.get_string("mode", "constant") == "constant" and zero == 0.0
    return True


def is_fused(value: ir.Value) -> bool:
    """Tell whether ``value`` never exists as such: the activation that alone reads it is fused.

    A clip whose bounds have no name in TFLite is not: where saturation does not perform it, it
    needs an input of its own.
    """
    producer, reader = value.producer(), g.sole_consumer(value)
    if producer is None or reader is None or not g.is_op(reader, "Relu", "Clip"):
        return False
    if value is not reader.inputs[0] or activation_of(reader) is None:
        return False
    traits = operators.of(producer)
    return traits.fusable and not traits.shares_scale


def materialized(value: ir.Value) -> ir.Value:
    """Return what is stored in the place of ``value``: the output of an activation that fuses."""
    reader = g.sole_consumer(value)
    return reader.outputs[0] if is_fused(value) and reader is not None else value
