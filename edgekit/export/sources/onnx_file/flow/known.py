"""What a value is in every run of a file, from constants and from shapes that are fixed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import onnx
import onnx_ir as ir
from onnx.reference import ReferenceEvaluator

from edgekit.export.graph import nodes as g
from edgekit.export.sources.onnx_file import edit


def value_of(
    value: ir.Value | None, given: Mapping[ir.Value, np.ndarray] | None = None
) -> np.ndarray | None:
    """Return what a value is in every run; None if an input decides, or it cannot be told.

    Args:
        value: of a graph or of a body.
        given: what values of the body that it comes from are, such as the number of a round.
    """
    if value is None:
        return None
    given = given or {}
    known = given[value] if value in given else edit.constant(value)
    if known is not None:
        return known
    nodes: dict[ir.Node, None] = {}
    constants: dict[str, np.ndarray] = {}
    waiting = [value]
    while waiting:
        current = waiting.pop()
        producer, array = current.producer(), g.constant(current)
        if current in given:
            producer, array = None, given[current]
        if array is None and producer is not None:
            array = _of_shape(producer)
            producer = producer if array is None else None
        if array is not None and producer is None:
            constants[str(current.name)] = array
        elif producer is None or producer.domain not in ("", "ai.onnx") or has_body(producer):
            return None
        elif producer not in nodes:
            nodes[producer] = None
            waiting += [each for each in producer.inputs if each is not None]
    order = {node: place for place, node in enumerate(edit.owner(next(iter(nodes))))}
    if any(node not in order for node in nodes):
        return None
    return _computed(sorted(nodes, key=lambda node: order[node]), constants, str(value.name))


def _computed(
    nodes: Sequence[ir.Node], constants: Mapping[str, np.ndarray], result: str
) -> np.ndarray | None:
    graph = onnx.helper.make_graph(
        [ir.to_proto(node) for node in nodes],
        "constant",
        [],
        [onnx.ValueInfoProto(name=result)],
        [onnx.numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    opset = onnx.helper.make_opsetid("", edit.CANONICAL_OPSET)
    model = onnx.helper.make_model(graph, opset_imports=[opset])
    try:
        (found,) = ReferenceEvaluator(model).run(None, {})
    except Exception:  # whatever the reference makes of an operator that it does not know
        return None
    return np.asarray(found)


def _of_shape(node: ir.Node) -> np.ndarray | None:
    """Return the result of a Shape or Size whose operand has a known shape; None for another."""
    if not g.is_op(node, "Shape", "Size"):
        return None
    shape = g.operand(node, 0).shape
    if shape is None or not shape.is_static():
        return None
    sizes = np.array(shape.numpy(), np.int64)
    if node.op_type == "Size":
        return np.array(sizes.prod(), np.int64)
    start, end = node.attributes.get_int("start", 0), node.attributes.get("end")
    return sizes[start : None if end is None else end.as_int()]


def sizes_of(value: ir.Value | None) -> tuple[int, ...] | None:
    """Return the shape of a value if it is known whole."""
    if value is None or value.shape is None or not value.shape.is_static():
        return None
    return g.shape_of(value)


def has_body(node: ir.Node) -> bool:
    """Tell whether a node holds a graph."""
    kinds = (ir.AttributeType.GRAPH, ir.AttributeType.GRAPHS)
    return any(attribute.type in kinds for attribute in node.attributes.values())
