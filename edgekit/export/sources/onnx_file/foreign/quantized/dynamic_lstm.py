"""DynamicQuantizeLSTM: X is quantized once, and H in every step, as ONNX Runtime does."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx_ir as ir

from edgekit.export.sources.onnx_file import edit
from edgekit.export.sources.onnx_file.foreign.base import UnknownFormError, padded
from edgekit.export.sources.onnx_file.foreign.quantized.dynamic_operators import (
    Stored,
    product,
    quantized,
)

_CELL = ("sigmoid", "tanh", "tanh")
_FLOAT = ir.TensorType(ir.DataType.FLOAT)


def lstm(node: ir.Node) -> None:
    """Put a Scan for each direction in its place."""
    x, *rest = padded(node, 12)
    hidden, memory = rest[4:6]
    weights = [_array(value) for value in (rest[0], rest[7], rest[8])]
    recurrent = [_array(value) for value in (rest[1], rest[9], rest[10])]
    size = recurrent[0].shape[1]
    bias = np.zeros((2, 8 * size), np.float32) if rest[2] is None else _array(rest[2])
    backwards = {"forward": (0,), "reverse": (1,), "bidirectional": (0, 1)}[
        node.attributes.get_string("direction", "forward")
    ]
    _refuse_other_cells(node, len(backwards))
    source = quantized(node, x)
    ends: list[Sequence[ir.Value]] = []
    for number, backward in enumerate(backwards):
        own = [
            tuple(edit.literal(node, array[number]) for array in arrays)
            for arrays in (weights, recurrent)
        ]
        gates = product(node, source, (own[0][0], own[0][1], own[0][2]))
        states = [_first(node, value, number, x, size) for value in (hidden, memory)]
        sums = edit.literal(node, bias[number].reshape(2, -1).sum(axis=0))
        body = _step((own[1][0], own[1][1], own[1][2]), sums, size)
        ends.append(_scan(node, body, [*states, gates], backward))
    _give(node, ends)


def _array(value: ir.Value | None) -> np.ndarray:
    array = edit.constant(value)
    if array is None:
        raise UnknownFormError("its weights are computed")
    return array


def _refuse_other_cells(node: ir.Node, directions: int) -> None:
    get, (lengths, holes) = node.attributes, (padded(node, 12)[index] for index in (4, 7))
    is_other = get.get_int("input_forget", 0) != 0 or get.get_float("clip", 0.0) > 0
    names = [name.lower() for name in get.get_strings("activations", _CELL * directions)]
    if lengths is not None or holes is not None:
        raise UnknownFormError("its sequences have lengths of their own, or it has peepholes")
    if names != [*_CELL * directions] or is_other:
        raise UnknownFormError("its activations are others than the usual ones")


def _first(
    node: ir.Node, value: ir.Value | None, number: int, x: ir.Value | None, size: int
) -> ir.Value:
    """Return a first state, (batch, hidden)."""
    if value is not None:
        return edit.insert(node, "Gather", [value, edit.literal(node, np.array(number))])
    batch = edit.insert(node, "Shape", [x], {"start": 1, "end": 2})
    shape = edit.insert(node, "Concat", [batch, edit.integers(node, [size])], {"axis": 0})
    return edit.insert(node, "Expand", [edit.literal(node, np.zeros((1, 1), np.float32)), shape])


def _step(recurrent: Stored, bias: ir.Value, size: int) -> ir.Graph:
    """Return one step: H, C and what X gives to the gates i, o, f, c; to H, C and H."""
    hidden, memory, given = (ir.Value(name=name, type=_FLOAT) for name in ("h", "c", "gates"))
    result = ir.node("Identity", [hidden], version=edit.CANONICAL_OPSET)
    body = ir.Graph([hidden, memory, given], [], nodes=[result], name="step")

    def make(op_type: str, *inputs: ir.Value) -> ir.Value:
        return edit.insert(result, op_type, inputs)

    total = make("Add", given, product(result, quantized(result, hidden), recurrent))
    sizes = edit.integers(result, [size] * 4)
    split = ir.node(
        "Split",
        [make("Add", total, bias), sizes],
        {"axis": -1},
        num_outputs=4,
        version=edit.CANONICAL_OPSET,
    )
    body.insert_before(result, split)
    enter, leave, keep = (make("Sigmoid", gate) for gate in split.outputs[:3])
    fresh = make("Mul", enter, make("Tanh", split.outputs[3]))
    after = make("Add", make("Mul", keep, memory), fresh)
    shown = make("Mul", leave, make("Tanh", after))
    result.replace_input_with(0, shown)
    body.outputs.extend([shown, after, result.outputs[0]])
    for number, value in enumerate(body.outputs):
        value.name, value.type = f"after_{number}", _FLOAT
    return body


def _scan(
    node: ir.Node, body: ir.Graph, inputs: Sequence[ir.Value], backward: int
) -> Sequence[ir.Value]:
    """Return the last H, the last C, and H of all steps: (steps, batch, hidden)."""
    scan = ir.node(
        "Scan",
        inputs,
        {
            "body": body,
            "num_scan_inputs": 1,
            "scan_input_directions": [backward],
            "scan_output_directions": [backward],
        },
        num_outputs=3,
        version=edit.CANONICAL_OPSET,
    )
    edit.owner(node).insert_before(node, scan)
    return scan.outputs


def _give(node: ir.Node, ends: Sequence[Sequence[ir.Value]]) -> None:
    """Put Y, Y_h and Y_c in the places of the node's outputs."""
    for output, index, axis in zip(node.outputs, (2, 0, 1), (1, 0, 0), strict=False):
        axes = edit.integers(node, [axis])
        parts = [edit.insert(node, "Unsqueeze", [end[index], axes]) for end in ends]
        joined = edit.insert(node, "Concat", parts, {"axis": axis})
        name, output.name = output.name, None
        joined.name, joined.type = name, output.type
        output.replace_all_uses_with(joined, replace_graph_outputs=True)
    edit.owner(node).remove(node, safe=True)
