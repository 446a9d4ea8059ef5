"""A file that ends earlier: tensors inside become its outputs, and what only follows them goes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import onnx

from edgekit.errors import UnknownNameError


def cut(proto: onnx.ModelProto, ends: Sequence[str], name: str) -> onnx.ModelProto:
    """Return the model with other outputs; itself where none are asked for.

    Nodes, constants and inputs that none of them needs are left out; the rest stays as it is.

    Args:
        proto: the model; it is left as it is.
        ends: tensors that nodes of its main graph make, in the order of the new outputs.
        name: what to call the model in messages.

    Raises:
        UnknownNameError: no node makes such a tensor.
    """
    if not ends:
        return proto
    made = {each for node in proto.graph.node for each in node.output if each}
    for end in ends:
        if end not in made:
            raise UnknownNameError(f"tensor of {name}", end, sorted(made))
    copy = onnx.ModelProto()
    copy.CopyFrom(proto)
    graph = copy.graph
    needed = _needed(graph, ends)
    types = _types(proto, ends)
    _keep(graph.node, [node for node in graph.node if needed & {*node.output}])
    _keep(graph.initializer, [each for each in graph.initializer if each.name in needed])
    _keep(graph.input, [value for value in graph.input if value.name in needed])
    del graph.output[:]
    for end in ends:
        graph.output.append(onnx.helper.make_tensor_value_info(end, types[end], None))
    return copy


def _needed(graph: onnx.GraphProto, ends: Sequence[str]) -> set[str]:
    makers = {each: node for node in graph.node for each in node.output if each}
    found: set[str] = set()
    waiting = list(ends)
    while waiting:
        value = waiting.pop()
        if value and value not in found:
            found.add(value)
            waiting += _read(makers[value]) if value in makers else ()
    return found


def _read(node: onnx.NodeProto) -> Iterator[str]:
    """Yield what a node reads, also inside of its branches and rounds."""
    yield from node.input
    for attribute in node.attribute:
        for body in (*attribute.graphs, *([attribute.g] if attribute.HasField("g") else [])):
            yield from (value.name for value in body.output)
            for inner in body.node:
                yield from _read(inner)


def _types(proto: onnx.ModelProto, ends: Sequence[str]) -> dict[str, int]:
    """Return the element type of each; float32 where a private operator hides it."""
    known = onnx.shape_inference.infer_shapes(proto).graph
    told = {v.name: v.type.tensor_type.elem_type for v in (*known.value_info, *known.output)}
    return {end: told.get(end) or onnx.TensorProto.FLOAT for end in ends}


def _keep(field: object, kept: Sequence[object]) -> None:
    """Let a repeated field hold these of its elements alone."""
    del field[:]  # type: ignore[attr-defined]
    field.extend(kept)  # type: ignore[attr-defined]
