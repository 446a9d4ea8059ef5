"""LSTM, GRU and RNN become their steps, one after the other, in standard operators.

TFLite's own sequence operators keep their state from one inference to the next and begin only the
first with zeros; ONNX's begin every inference anew.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import onnx_ir as ir

from edgekit.export.expansion.building import Building, replace_outputs
from edgekit.export.expansion.recurrent_cells import CELLS, Activation, Cell, State
from edgekit.export.graph import nodes as g

_PLAIN = ("Relu", "Sigmoid", "Softplus", "Softsign", "Tanh")
_NUMBERS = {
    "Affine": (1.0, 0.0),
    "Elu": (1.0,),
    "HardSigmoid": (0.2, 0.5),
    "LeakyRelu": (0.01,),
    "ScaledTanh": (1.0, 1.0),
    "ThresholdedRelu": (1.0,),
}  # alpha, or alpha and beta, where the node gives none
_SPELLED = {name.lower(): name for name in (*_PLAIN, *_NUMBERS)}


def why_not(node: ir.Node) -> tuple[str, str] | None:
    """Return why a recurrent node is not unrolled, and the reason code; None for one that is."""
    if g.shape_of(g.operand(node, 0))[_axis_of_steps(node)] == 0:
        return "a sequence without steps is not supported", "unsupported-recurrence"
    names = node.attributes.get_strings("activations", ())
    unknown = [name for name in names if name.lower() not in _SPELLED]
    if unknown:
        return f"the activation {unknown[0]!r} is not supported", "unsupported-recurrence"
    return None


def rewrite(node: ir.Node) -> bool:
    """Match any of the three."""
    if not g.is_op(node, *CELLS) or why_not(node) is not None:
        return False
    build, source = Building(node), g.operand(node, 0)
    by_batch = _axis_of_steps(node) == 1
    if by_batch:
        source = build.transpose(source, (1, 0, 2))
    steps, batch, width = g.shape_of(source)
    rows = build.reshape(source, (steps * batch, width))
    directions = list(_directions(node, build))
    ends: list[State] = []
    hidden: list[list[ir.Value]] = []
    for number, (cell, is_reverse) in enumerate(directions):
        state = tuple(
            _initial(node, build, 5 + index, number, by_batch) for index in range(cell.states)
        )
        found, end = _run(cell, rows, state, (steps, batch), is_reverse)
        hidden.append(found)
        ends.append(end)
    results: list[ir.Value | None] = [None] * len(node.outputs)
    if _is_used(node, 0):
        results[0] = _sequence(build, hidden, (steps, batch), by_batch)
    for index in range(directions[0][0].states):
        if _is_used(node, 1 + index):
            results[1 + index] = _last(build, [end[index] for end in ends], by_batch)
    replace_outputs(node, results)
    return True


def _axis_of_steps(node: ir.Node) -> int:
    return 1 if node.attributes.get_int("layout", 0) else 0


def _is_used(node: ir.Node, index: int) -> bool:
    if len(node.outputs) <= index:
        return False
    output = node.outputs[index]
    return bool(output.uses()) or output.is_graph_output()


def _input(node: ir.Node, index: int) -> ir.Value | None:
    return node.inputs[index] if len(node.inputs) > index else None


def _directions(node: ir.Node, build: Building) -> Iterator[tuple[Cell, bool]]:
    """Yield the cell of each direction and whether it begins at the end."""
    kind = CELLS[node.op_type]
    direction = node.attributes.get_string("direction", "forward")
    reverses = {"forward": (False,), "reverse": (True,)}.get(direction, (False, True))
    activations = _activations(node, kind, len(reverses))
    for number, is_reverse in enumerate(reverses):
        weights, recurrent = (
            _of_direction(build, g.operand(node, index), number) for index in (1, 2)
        )
        gates, hidden = g.shape_of(recurrent)
        bias, peephole = _input(node, 3), _input(node, 7)
        if bias is None:
            both = build.constant(np.zeros(2 * gates, np.float32), "no_bias")
        else:
            both = _of_direction(build, bias, number)
        holes: tuple[ir.Value, ...] = ()
        if peephole is not None:
            vector = _of_direction(build, peephole, number)
            holes = tuple(build.reshape(p, (1, hidden)) for p in build.parts(vector, 0, 3))
        halves = build.parts(both, 0, 2)
        cell = kind(build, weights, recurrent, (halves[0], halves[1]), holes, activations[number])
        yield cell, is_reverse


def _of_direction(build: Building, value: ir.Value, number: int) -> ir.Value:
    part = build.slice(value, 0, number, number + 1)
    return build.reshape(part, g.shape_of(value)[1:])


def _activations(node: ir.Node, kind: type[Cell], directions: int) -> list[tuple[Activation, ...]]:
    get, count = node.attributes, len(kind.functions)
    names = list(get.get_strings("activations", ()) or kind.functions * directions)
    given = [list(get.get_floats(f"activation_{which}", ())) for which in ("alpha", "beta")]
    found = []
    for name in (_SPELLED[each.lower()] for each in names):
        numbers = _NUMBERS.get(name, ())
        taken = [
            float(given[place].pop(0)) if given[place] else number
            for place, number in enumerate(numbers)
        ]
        found.append(Activation(name, tuple(taken)))
    return [tuple(found[i * count : (i + 1) * count]) for i in range(directions)]


def _initial(
    node: ir.Node, build: Building, index: int, number: int, by_batch: bool
) -> ir.Value | None:
    value = _input(node, index)
    array = g.constant(value)
    if value is None or (array is not None and not array.any()):
        return None
    axis = 1 if by_batch else 0
    batch, hidden = g.shape_of(value)[1 - axis], g.shape_of(value)[2]
    return build.reshape(build.slice(value, axis, number, number + 1), (batch, hidden))


def _run(
    cell: Cell, rows: ir.Value, state: State, sizes: tuple[int, int], is_reverse: bool
) -> tuple[list[ir.Value], State]:
    """Return H of every step, in the order of the sequence, and the last state."""
    (steps, batch), build = sizes, cell.build
    given, masks = cell.inputs(rows), _masks(build, steps, batch)
    found: dict[int, ir.Value] = {}
    for step in reversed(range(steps)) if is_reverse else range(steps):
        row = step * batch
        after = cell.step([build.slice(each, 0, row, row + batch) for each in given], state)
        shown, mask = after[0], masks[step]
        if mask is not None:
            pairs = zip(after, state, strict=True)
            after = tuple(_chosen(build, mask, new, old) for new, old in pairs)
            shown = _chosen(build, mask, shown, None)
        if shown is None:
            raise ValueError(f"{g.label(build.node)!r} has a step without a result")
        found[step], state = shown, after
    return [found[step] for step in range(steps)], state


def _masks(build: Building, steps: int, batch: int) -> list[ir.Value | None]:
    """Return for each step 1 where a sequence goes on and 0 beyond its end: (batch, 1).

    None where all go on.
    """
    lengths = _input(build.node, 4)
    if lengths is None:
        return [None] * steps
    known = g.constant(lengths)
    if known is not None:
        return [
            None
            if (step < known).all()
            else build.constant((step < known).reshape(-1, 1).astype(np.float32), "within")
            for step in range(steps)
        ]
    places = build.constant(np.arange(steps, dtype=np.int32).reshape(-1, 1), "places")
    within = build.apply("Less", places, lengths, dtype=ir.DataType.BOOL)
    kind = ir.DataType.FLOAT
    numbers = build.apply("Cast", within, dtype=kind, attributes={"to": int(kind)})
    return [
        build.reshape(build.slice(numbers, 0, step, step + 1), (batch, 1)) for step in range(steps)
    ]


def _chosen(
    build: Building, mask: ir.Value, new: ir.Value | None, old: ir.Value | None
) -> ir.Value | None:
    """Return the new state where the mask is 1, and the old one, or zeros, elsewhere."""
    if new is None:
        return None
    inside = build.apply("Mul", new, mask)
    if old is None:
        return inside
    outside = build.apply("Mul", old, build.apply("Sub", build.constant(1.0, "one"), mask))
    return build.apply("Add", inside, outside)


def _sequence(
    build: Building, hidden: list[list[ir.Value]], sizes: tuple[int, int], by_batch: bool
) -> ir.Value:
    """Return Y: (steps, directions, batch, hidden), or (batch, steps, ..)."""
    steps, batch = sizes
    joined = build.concat([build.concat(each, 0) for each in hidden], 1)
    width = g.shape_of(hidden[0][0])[1]
    apart = build.reshape(joined, (steps, batch, len(hidden), width))
    if not by_batch and (len(hidden) == 1 or batch == 1):
        return build.reshape(joined, (steps, len(hidden), batch, width))
    return build.transpose(apart, (1, 0, 2, 3) if by_batch else (0, 2, 1, 3))


def _last(build: Building, states: list[ir.Value | None], by_batch: bool) -> ir.Value | None:
    """Return the last state: (directions, batch, hidden), or (batch, directions, ..)."""
    axis = 1 if by_batch else 0
    parts = []
    for state in states:
        if state is None:
            return None
        batch, width = g.shape_of(state)
        parts.append(build.reshape(state, (batch, 1, width) if by_batch else (1, batch, width)))
    return build.concat(parts, axis)
