"""Control flow that no input decides, laid out flat: the branch that runs, loops of few rounds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import onnx
import onnx_ir as ir
from onnx.reference import ReferenceEvaluator
from onnx_ir.passes.common import NameFixPass

from edgekit.export.graph import nodes as g
from edgekit.export.sources.onnx_file import edit, simplify

_MOST_ROUNDS = 64
_MOST_NODES = 20_000  # of all rounds together


def flatten(model: ir.Model) -> None:
    """Lay out every If whose condition is constant, and every such Loop, in place.

    Args:
        model: its constants lifted.
    """
    changed = True
    while changed:
        changed = False
        for node in list(model.graph):
            if g.is_op(node, "If"):
                changed |= _take_branch(node)
            elif g.is_op(node, "Loop"):
                changed |= _unroll(node)
        if changed:
            simplify.lift_constants(model)
            NameFixPass()(model)


def _take_branch(node: ir.Node) -> bool:
    condition = _value_of(node.inputs[0])
    if condition is None:
        return False
    branch = node.attributes["then_branch" if bool(condition.reshape(-1)[0]) else "else_branch"]
    results = _splice(node, branch.as_graph())
    _replace(node, results)
    return True


def _unroll(node: ir.Node) -> bool:
    """Lay out a loop whose number of rounds is known, and that its body does not end before."""
    body = node.attributes["body"].as_graph()
    rounds, condition = _value_of(node.inputs[0]), node.inputs[1]
    going = np.array(True) if condition is None else _value_of(condition)
    if rounds is None or going is None or not _goes_on(body):
        return False
    count = int(rounds.reshape(-1)[0]) if bool(going.reshape(-1)[0]) else 0
    if not 0 < count <= _MOST_ROUNDS or count * len(body) > _MOST_NODES:
        return False
    carried = [value for value in node.inputs[2:] if value is not None]
    gathered: list[list[ir.Value]] = [[] for _ in node.outputs[len(carried) :]]
    for number in range(count):
        this = body.clone(allow_outer_scope_values=True)
        numbers = [
            edit.literal(node, np.array(number, np.int64)),
            edit.literal(node, np.array(True)),
        ]
        for taken, value in zip(this.inputs, [*numbers, *carried], strict=True):
            taken.replace_all_uses_with(value, replace_graph_outputs=True)
        _, *made = _splice(node, this)
        carried = made[: len(carried)]
        for parts, value in zip(gathered, made[len(carried) :], strict=True):
            axes = edit.integers(node, [0])
            parts.append(edit.insert(node, "Unsqueeze", [value, axes]))
    joined = [edit.insert(node, "Concat", parts, {"axis": 0}) for parts in gathered]
    _replace(node, [*carried, *joined])
    return True


def _goes_on(body: ir.Graph) -> bool:
    """Tell whether a body never ends the loop by itself."""
    condition = body.outputs[0]
    while (producer := condition.producer()) is not None and g.is_op(producer, "Identity"):
        condition = g.operand(producer, 0)
    if condition is body.inputs[1]:
        return True
    value = _value_of(condition)
    return value is not None and bool(value.reshape(-1)[0])


def _splice(node: ir.Node, body: ir.Graph) -> list[ir.Value]:
    """Move the nodes of a body before ``node`` and return its results, each of a node's own."""
    outputs = list(body.outputs)
    inside = list(body)
    owner = edit.owner(node)
    for value in list(body.initializers.values()):
        body.initializers.pop(str(value.name))
        value.name = f"{g.label(node)}_{value.name}"
        owner.register_initializer(value)
    body.outputs.clear()
    body.remove(inside)
    owner.insert_before(node, inside)
    return [edit.insert(node, "Identity", [value]) for value in outputs]


def _replace(node: ir.Node, results: Sequence[ir.Value]) -> None:
    """Put values in the places of the results of ``node``, which is removed."""
    for output, value in zip(node.outputs, results, strict=True):
        name = output.name
        value.shape, value.type = output.shape, output.type
        output.replace_all_uses_with(value, replace_graph_outputs=True)
        if name:
            output.name, value.name = f"{name}_before", name
    edit.owner(node).remove(node, safe=True)


def _value_of(value: ir.Value | None) -> np.ndarray | None:
    """Return what a value is in every run; None if an input decides, or it cannot be told."""
    known = edit.constant(value)
    if value is None or known is not None:
        return known
    nodes: dict[ir.Node, None] = {}
    constants: dict[str, np.ndarray] = {}
    waiting = [value]
    while waiting:
        current = waiting.pop()
        producer, array = current.producer(), g.constant(current)
        if array is not None and producer is None:
            constants[str(current.name)] = array
        elif producer is None or producer.domain not in ("", "ai.onnx") or _has_body(producer):
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


def _has_body(node: ir.Node) -> bool:
    kinds = (ir.AttributeType.GRAPH, ir.AttributeType.GRAPHS)
    return any(attribute.type in kinds for attribute in node.attributes.values())
