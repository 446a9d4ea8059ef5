"""Outputs keep the names that a module gives them, whatever its inner values are called."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence

import onnx

from edgekit.errors import RefusedError


def kept(
    export: Callable[[Sequence[str]], onnx.ModelProto], outputs: Sequence[str]
) -> onnx.ModelProto:
    """Export a graph with these output names.

    Where an inner value has one of them already, which no one chose, that value is renamed.

    Args:
        export: from the names of the outputs to a graph; without subgraphs, as torch makes them.
        outputs: the names wanted.

    Raises:
        RefusedError: an output is called as an input is (reason "name-taken").
    """
    proto = export(outputs)
    inputs = {value.name for value in proto.graph.input}
    taken = [name for name in outputs if name in inputs]
    if taken:
        raise RefusedError(
            f"the output {taken[0]!r} is called as an input is: give it another key",
            reason_code="name-taken",
        )
    if max(Counter(_made(proto.graph)).values(), default=1) == 1:
        return proto
    stand_ins = [f"edgekit_output_{number}" for number in range(len(outputs))]
    proto = export(stand_ins)
    every = set(_made(proto.graph))
    renamed = {name: _unused(name, every) for name in outputs if name in every}
    _rename(proto.graph, {**renamed, **dict(zip(stand_ins, outputs, strict=True))})
    return proto


def _made(graph: onnx.GraphProto) -> Iterator[str]:
    yield from (value.name for value in graph.input)
    yield from (tensor.name for tensor in graph.initializer)
    yield from (name for node in graph.node for name in node.output if name)


def _unused(name: str, every: set[str]) -> str:
    number = 0
    while f"{name}_{number}" in every:
        number += 1
    every.add(f"{name}_{number}")
    return f"{name}_{number}"


def _rename(graph: onnx.GraphProto, names: Mapping[str, str]) -> None:
    for node in graph.node:
        node.input[:] = [names.get(name, name) for name in node.input]
        node.output[:] = [names.get(name, name) for name in node.output]
    for each in (*graph.initializer, *graph.value_info, *graph.output):
        each.name = names.get(each.name, each.name)
