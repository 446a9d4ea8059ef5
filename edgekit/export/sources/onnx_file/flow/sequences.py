"""Sequences of tensors, whose members are known one by one in a file without loops."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np
import onnx_ir as ir

from edgekit.export.graph import nodes as g
from edgekit.export.sources.onnx_file import edit
from edgekit.export.sources.onnx_file.flow import bodies, known

_MAKERS = (
    "Identity", "SequenceConstruct", "SequenceEmpty", "SequenceErase", "SequenceInsert",
    "SplitToSequence",
)  # fmt: skip
_READERS = ("ConcatFromSequence", "SequenceAt", "SequenceLength")
KINDS = frozenset({*_MAKERS[1:], *_READERS, "SequenceMap"})

_Members: TypeAlias = list[ir.Value | None]
"""None for a member without elements."""


def flatten(model: ir.Model) -> bool:
    """Give every reader of a known sequence its members, in place, and tell whether there was one.

    Args:
        model: shapes known where they can be.
    """
    found: dict[ir.Value, _Members] = {}
    changed = False
    for node in list(model.graph):
        if g.is_op(node, *_MAKERS):
            members = _made(node, found)
            if members is not None:
                found[node.outputs[0]] = members
        elif g.is_op(node, "SequenceMap") and node.inputs[0] in found:
            found.update(zip(node.outputs, _mapped(node, found), strict=False))
        elif g.is_op(node, *_READERS) and node.inputs[0] in found:
            changed |= _read(node, found[g.operand(node, 0)])
    for node in reversed(list(model.graph)):
        made = node.outputs
        if all(v in found and not v.uses() and not v.is_graph_output() for v in made):
            edit.owner(node).remove(node, safe=True)
            changed = True
    return changed


def _made(node: ir.Node, found: Mapping[ir.Value, _Members]) -> _Members | None:
    """Return the members of the sequence that a node makes; None where they cannot be told."""
    if node.op_type == "SequenceEmpty":
        return []
    if node.op_type == "SequenceConstruct":
        return list(node.inputs)
    if node.op_type == "SplitToSequence":
        return _split(node)
    source = g.operand(node, 0)
    if source not in found:
        return None
    members = list(found[source])
    if node.op_type == "Identity":
        return members
    is_erased = node.op_type == "SequenceErase"
    at = 1 if is_erased else 2
    given = node.inputs[at] if len(node.inputs) > at else None
    place = known.value_of(given)
    if given is not None and place is None:
        return None
    if is_erased:
        del members[-1 if place is None else int(place.item())]
    else:
        members.insert(len(members) if place is None else int(place.item()), g.operand(node, 1))
    return members


def _mapped(node: ir.Node, found: Mapping[ir.Value, _Members]) -> Sequence[_Members]:
    """Put a body for each member in front of the node; return the sequences of their results."""
    body, made = node.attributes["body"].as_graph(), list[list[ir.Value]]()
    for number, member in enumerate(found[g.operand(node, 0)]):
        this = body.clone(allow_outer_scope_values=True)
        for taken, value in zip(this.inputs, node.inputs, strict=True):
            given = value if value is None or value not in found else found[value][number]
            if given is None or member is None:
                return []
            taken.replace_all_uses_with(given, replace_graph_outputs=True)
        made.append(list(bodies.splice(node, this)))
    return [list(each) for each in zip(*made, strict=True)]


def _split(node: ir.Node) -> _Members | None:
    """Put a Split in front of the node and return its results."""
    source = g.operand(node, 0)
    shape, given = known.sizes_of(source), node.inputs[1] if len(node.inputs) > 1 else None
    split = known.value_of(given)
    if shape is None or (given is not None and split is None):
        return None
    axis = node.attributes.get_int("axis", 0) % len(shape)
    sizes = _sizes(shape[axis], split)
    left = [size for size in sizes if size]
    if sum(left) != shape[axis] or min(sizes) < 0:
        return None
    inputs = [source, edit.integers(node, left)]
    apart = ir.node(
        "Split", inputs, {"axis": axis}, num_outputs=len(left), version=edit.CANONICAL_OPSET
    )
    edit.owner(node).insert_before(node, apart)
    parts = list(apart.outputs)
    for value, size in zip(parts, left, strict=True):
        value.shape = ir.Shape((*shape[:axis], size, *shape[axis + 1 :]))
        value.type = source.type
    if split is None and not node.attributes.get_int("keepdims", 1):
        axes = edit.integers(node, [axis])
        parts = [edit.insert(node, "Squeeze", [value, axes]) for value in parts]
    waiting = iter(parts)
    return [next(waiting) if size else None for size in sizes]


def _sizes(size: int, split: np.ndarray | None) -> list[int]:
    if split is not None and split.ndim:
        return [int(each) for each in split]
    step = 1 if split is None else int(split)
    return [min(step, size - start) for start in range(0, size, step)]


def _read(node: ir.Node, members: _Members) -> bool:
    """Give a reader of a sequence its answer, if it is one with elements."""
    answer: ir.Value | None = None
    if node.op_type == "SequenceLength":
        answer = edit.literal(node, np.array(len(members), np.int64))
    elif node.op_type == "SequenceAt":
        place = known.value_of(node.inputs[1])
        if place is not None and -len(members) <= int(place.item()) < len(members):
            answer = members[int(place.item())]
    else:
        answer = _joined(node, [part for part in members if part is not None])
    if answer is None:
        return False
    bodies.replace(node, [edit.insert(node, "Identity", [answer])])
    return True


def _joined(node: ir.Node, parts: Sequence[ir.Value]) -> ir.Value | None:
    axis, lifted = node.attributes.get_int("axis", 0), list(parts)
    if node.attributes.get_int("new_axis", 0):
        axes = edit.integers(node, [axis])
        lifted = [edit.insert(node, "Unsqueeze", [part, axes]) for part in parts]
    return edit.insert(node, "Concat", lifted, {"axis": axis}) if lifted else None
