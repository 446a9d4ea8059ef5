"""Loops of a known number of rounds, laid out one round after the other."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from edgekit.export.sources.onnx_file import edit
from edgekit.export.sources.onnx_file.flow import bodies, known

_MOST_ROUNDS = 256
_MOST_NODES = 20_000  # of all rounds together


def unroll(node: ir.Node) -> bool:
    """Lay out a loop whose number of rounds is known."""
    body = node.attributes["body"].as_graph()
    count = _rounds(node, body)
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
        _, *made = bodies.splice(node, this)
        carried = made[: len(carried)]
        for parts, value in zip(gathered, made[len(carried) :], strict=True):
            axes = edit.integers(node, [0])
            parts.append(edit.insert(node, "Unsqueeze", [value, axes]))
    joined = [edit.insert(node, "Concat", parts, {"axis": 0}) for parts in gathered]
    bodies.replace(node, [*carried, *joined])
    return True


def _rounds(node: ir.Node, body: ir.Graph) -> int:
    """Return how often a loop runs; 0 where an input decides, or it is too often."""
    most, condition = node.inputs[:2]
    rounds = np.array(_MOST_ROUNDS + 1) if most is None else known.value_of(most)
    going = np.array(True) if condition is None else known.value_of(condition)
    if rounds is None or going is None or not bool(going.reshape(-1)[0]):
        return 0
    limit = min(int(rounds.reshape(-1)[0]), _MOST_ROUNDS + 1)
    carried: list[np.ndarray | None] = [known.value_of(value) for value in node.inputs[2:]]
    for number in range(limit):
        given = {body.inputs[0]: np.array(number, np.int64), body.inputs[1]: np.array(True)}
        states = zip(body.inputs[2:], carried, strict=True)
        given |= {value: array for value, array in states if array is not None}
        goes_on = known.value_of(body.outputs[0], given)
        if goes_on is None:
            return 0
        if not bool(goes_on.reshape(-1)[0]):
            return number + 1
        carried = [known.value_of(v, given) for v in body.outputs[1 : len(carried) + 1]]
    return limit


def unroll_scan(node: ir.Node) -> bool:
    """Lay out a Scan whose axis has a known size."""
    body, get = node.attributes["body"].as_graph(), node.attributes
    count = get.get_int("num_scan_inputs", 0)
    given = [value for value in node.inputs if value is not None]
    if len(node.inputs) != len(body.inputs):  # the older form, with lengths and a batch
        return False
    states, scanned = given[: len(given) - count], given[len(given) - count :]
    axes = list(get.get_ints("scan_input_axes", (0,) * count))
    sizes = [known.sizes_of(value) for value in scanned]
    lengths = {shape[axis % len(shape)] for shape, axis in zip(sizes, axes, strict=True) if shape}
    if None in sizes or len(lengths) != 1:
        return False
    (rounds,) = lengths
    if not 0 < rounds <= _MOST_ROUNDS or rounds * len(body) > _MOST_NODES:
        return False
    made = len(node.outputs) - len(states)
    backwards = get.get_ints("scan_input_directions", (0,) * count)
    gathered: list[list[ir.Value]] = [[] for _ in range(made)]
    for number in range(rounds):
        this = body.clone(allow_outer_scope_values=True)
        parts = [
            _part(node, value, axis, rounds - 1 - number if back else number)
            for value, axis, back in zip(scanned, axes, backwards, strict=True)
        ]
        for taken, value in zip(this.inputs, [*states, *parts], strict=True):
            taken.replace_all_uses_with(value, replace_graph_outputs=True)
        results = bodies.splice(node, this)
        states = results[: len(states)]
        for found, value in zip(gathered, results[len(states) :], strict=True):
            found.append(value)
    joined = []
    out_axes = get.get_ints("scan_output_axes", (0,) * made)
    out_backwards = get.get_ints("scan_output_directions", (0,) * made)
    for found, axis, back in zip(gathered, out_axes, out_backwards, strict=True):
        lifted = [
            edit.insert(node, "Unsqueeze", [value, edit.integers(node, [axis])])
            for value in (reversed(found) if back else found)
        ]
        joined.append(edit.insert(node, "Concat", lifted, {"axis": axis}))
    bodies.replace(node, [*states, *joined])
    return True


def _part(node: ir.Node, value: ir.Value, axis: int, place: int) -> ir.Value:
    index = edit.literal(node, np.array(place, np.int64))
    return edit.insert(node, "Gather", [value, index], {"axis": axis})
