"""From a canonical graph with pairs to a quantizable graph and the encodings that the pairs say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import onnx_ir as ir
from onnx_ir.passes.common import NameFixPass, RemoveUnusedNodesPass

from edgekit.errors import RefusedError
from edgekit.export import lowering
from edgekit.export.already_quantized import pairs, weights
from edgekit.export.graph import nodes as g
from edgekit.export.graph import operators, weight_layers
from edgekit.export.graph.affine import Affine
from edgekit.export.graph.annotations import affine_of
from edgekit.export.integer import encoded, quantizable
from edgekit.export.integer.encodings import Encodings
from edgekit.export.rewriting import rules
from edgekit.export.sources.onnx_file.stored.constants import StoredTensor

_PRESCRIBED_INT16 = Affine(1 / 32768, 0, 16)
_ARITHMETIC = ("Add", "Div", "Mul", "Sub")


@dataclass(frozen=True, eq=False)
class Given:
    """A network with the integers of its file.

    Attributes:
        graph: the quantizable graph.
        encodings: of its values and layers, as the file has them.
        unsigned: whether the file stores activations as unsigned integers.
        notes: a line for each node that the file has between integers, and that computes in
            float32 all the same.
    """

    graph: ir.Model
    encodings: Encodings
    unsigned: bool
    notes: tuple[str, ...]

    def apply(self) -> ir.Model:
        """Return the encoded graph."""
        graph = encoded.apply(self.graph, self.encodings, as_given=True)
        for node in list(graph.graph):
            if g.is_op(node, "Identity") and "integer" in node.meta:
                _requantize(node)
            elif node.domain == "edgekit" and node.op_type in ("Give", "Take"):
                inside = node.inputs[0] if node.op_type == "Give" else node.outputs[0]
                if affine_of(inside) is not None:
                    node.meta["integer"] = True
        return graph

    @property
    def precision(self) -> str:
        """Its name: ``int8``, or ``int16x8`` with 16-bit activations."""
        bits = {affine.bits for affine in self.encodings.activations.values()}
        return "int16x8" if 16 in bits else "int8"


def read(model: ir.Model, stored: Sequence[StoredTensor], name: str) -> Given:
    """Read a canonical graph that holds pairs; it is left as it is.

    No rule sees through a pair, so what the file stores stays stored.

    Args:
        model: the graph.
        stored: the constants that its file holds as integers.
        name: what to call it in messages.

    Raises:
        RefusedError: see `edgekit.export.already_quantized.pairs.strip`; or nothing in it can
            compute on integers (``already-quantized``).
    """
    graph = model.clone()
    rules.apply(graph, [rule for rule in lowering.INTEGER.rules if not rule.optional])
    found = pairs.strip(graph, name)
    RemoveUnusedNodesPass()(graph)
    for node in list(graph.graph):
        _part_encodings(node)
    for node in graph.graph:
        node.name = node.name or f"{node.op_type}_{node.outputs[0].name or ''}".rstrip("_")
    NameFixPass()(graph)
    encodings, notes = _encodings(graph, stored, found.rounded)
    if _join(found.rounded, _integer_names(graph, encodings)):
        encodings, notes = _encodings(graph, stored, found.rounded)
    for value in _values(graph):
        value.meta.pop("affine", None)  # they stand in the encodings
    given = Given(graph, encodings, found.unsigned, tuple(notes))
    if not encodings.layers and not _integer_names(graph, encodings):
        raise RefusedError(
            f"{name} is already quantized, in a form of which no operator can compute on integers "
            "in LiteRT: give the float32 network that it was made of",
            reason_code="already-quantized",
        )
    return given


def _encodings(
    graph: ir.Model, stored: Sequence[StoredTensor], rounded: Sequence[ir.Node]
) -> tuple[Encodings, list[str]]:
    """Return the encodings that the notes on a graph make, and a line for each node left out."""
    by_name = {each.name: each for each in stored}
    layers, floats, notes = {}, [], []
    activations = {str(v.name): a for v in _values(graph) if (a := affine_of(v)) is not None}
    for node in graph.graph:
        why, affine = "", affine_of(node.inputs[0]) if node.inputs else None
        if weight_layers.is_layer(node) and affine is not None:
            layer = weights.layer(node, affine.scale, stored)
            if isinstance(layer, str):
                why = layer
            else:
                layers[str(node.name)] = layer
        elif quantizable.is_capable(node):
            why = _why_float(node, by_name, activations)
        if not why and any(_is_read_unrounded(value, rounded) for value in node.outputs):
            why = "its result is also read before it is stored"
        if why:
            floats.append(str(node.name))
            if all(affine_of(value) is not None for value in weight_layers.dynamic_inputs(node)):
                notes.append(f"{node.op_type} {g.label(node)!r} computes in float32: {why}")
    kept = frozenset(floats)
    return Encodings(quantizable.digest(graph), activations, layers, float_nodes=kept), notes


def _is_read_unrounded(value: ir.Value, rounded: Sequence[ir.Node]) -> bool:
    """Tell whether something reads a stored value as it is before it is stored."""
    readers = {use.node for use in value.uses()}
    stores = readers & set(rounded)
    return bool(stores) and (readers != stores or value.is_graph_output())


def _integer_names(graph: ir.Model, encodings: Encodings) -> frozenset[str]:
    """Return the names of the nodes that compute on integers, or that saturation performs."""
    applied = encoded.apply(graph, encodings, as_given=True).graph
    there = {str(node.name) for node in applied}
    own = {str(node.name) for node in applied if "integer" in node.meta}
    return frozenset(own | {str(node.name) for node in graph.graph} - there)


def _join(rounded: Sequence[ir.Node], integer: frozenset[str]) -> bool:
    """Take out every Identity of a pair that an integer kernel's own rounding performs, in place.

    It stays between nodes that compute in float32, where nothing else rounds; tell whether any
    was taken out.
    """
    changed = False
    for node in rounded:
        source, result = g.operand(node, 0), node.outputs[0]
        producer = source.producer()
        if producer is not None and str(producer.name) in integer:
            if not (result.is_graph_output() and source.is_graph_output()):
                g.replace(node, source)
                changed = True
            continue
        for use in list(result.uses()):
            if str(use.node.name) in integer:
                use.node.replace_input_with(use.idx, source)
                changed = True
        if not list(result.uses()) and not result.is_graph_output():
            g.graph_of(node).remove(node, safe=True)
    return changed


def _why_float(
    node: ir.Node, stored: dict[str, StoredTensor], activations: dict[str, Affine]
) -> str:
    """Return why a node with an integer form does not compute on the integers of its file."""
    wanted, traits = affine_of(node.outputs[0]), operators.of(node)
    if wanted is None:
        return ""
    if wanted.bits == 16 and wanted.zero_point:
        return "LiteRT's 16-bit integers have no zero point"
    prescribed = traits.prescribed
    if prescribed is not None and wanted.bits == 16:
        prescribed = _PRESCRIBED_INT16
    if prescribed is not None and wanted != prescribed:
        return (
            f"LiteRT's integers of it have the scale {prescribed.scale:.3g} and the zero point "
            f"{prescribed.zero_point}, the file's {wanted.scale:.3g} and {wanted.zero_point}"
        )
    if g.is_op(node, *_ARITHMETIC):
        return _constants_of(node, stored, activations)
    return ""


def _constants_of(
    node: ir.Node, stored: dict[str, StoredTensor], activations: dict[str, Affine]
) -> str:
    """Note the encodings of a node's constant operands, or return what is wrong with them."""
    wanted = affine_of(node.outputs[0])
    for value in node.inputs:
        array = g.constant(value)
        if value is None or array is None:
            continue
        known = stored.get(str(value.name))
        if known is None or known.scales.ndim or known.steps.size != array.size:
            return f"its constant {value.name!r} is no stored integer"
        low, high = int(known.steps.min(initial=0)), int(known.steps.max(initial=0))
        bits = 8 if wanted is None else wanted.bits
        limits = np.iinfo(f"int{bits}")
        if high - low > limits.max - limits.min or (bits == 16 and max(high, -low) > limits.max):
            return f"its constant {value.name!r} needs more than {bits} bits"
        zero = int(np.clip(0, limits.min - low, limits.max - high))
        activations[str(value.name)] = Affine(float(known.scales), zero, bits)
    return ""


def _part_encodings(node: ir.Node) -> None:
    """Let an operator that moves integers move them in one encoding, and convert them after."""
    traits = operators.of(node)
    if not traits.shares_scale or traits.unites or g.is_op(node, "Identity"):
        return
    own = affine_of(node.inputs[0])
    if own is None:
        return
    for value in node.outputs:
        wanted = affine_of(value)
        if wanted is None or wanted == own:
            continue
        if value.is_graph_output():
            name = value.name
            value.name = f"{name}_moved"
        else:
            name = f"{value.name}_stored"
        converted = ir.node("Identity", [value])
        result = converted.outputs[0]
        result.name, result.shape, result.type = name, value.shape, value.type
        value.replace_all_uses_with(result, replace_graph_outputs=True)
        converted.replace_input_with(0, value)
        result.meta["affine"], value.meta["affine"] = wanted, own
        g.graph_of(node).insert_after(node, converted)


def _requantize(node: ir.Node) -> None:
    source, result = g.operand(node, 0), node.outputs[0]
    if affine_of(source) != affine_of(result):
        stored = g.insert(node, "Requantize", [source], g.shape_of(source), domain="edgekit")
        stored.meta["affine"] = affine_of(result)
        g.replace(node, stored)


def _values(graph: ir.Model) -> Iterator[ir.Value]:
    yield from graph.graph.inputs
    for node in graph.graph:
        yield from node.outputs
