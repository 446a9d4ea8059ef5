"""Cut the operators of a .tflite file into models of their own, to be timed alone.

What XNNPACK takes into another operator goes with that one: a PAD that only a convolution reads,
and the DEQUANTIZE of stored weights. Other fusions across operators do not happen in such a model,
so the sum of the parts may exceed the whole.
"""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import flatbuffers
from ai_edge_litert import schema_py_generated as schema

from edgekit.export.tflite.serialize import AlignedBuffer
from edgekit.modelfile.tflite_operators import data_of, operand_of, operator_of, read, taken_in
from edgekit.runtimes.operators import Operand, Operator

FEW, MANY = 2, 12
"""How often the two models of one operator hold it; of large weights fewer."""
_FEW_LARGE, _MANY_LARGE = 1, 3
_LARGE_BYTES = 16 << 20  # every repetition packs the weights anew, in memory of its own

# An integer constant of so few elements may be a permutation or a padding, which bear on the time.
_PARAMETER_ELEMENTS = 64


@dataclass(frozen=True)
class Cut:
    """The operators of a file, and which of them are alike.

    Attributes:
        operators: in the file's order.
        measured_as: of each operator the number of the pair of models that stands for it:
            operators of equal type, shapes and options share one. None of one that is timed
            with an operator after it.
        repeats: of each pair how often its models hold the operator, the fewer first.
    """

    operators: tuple[Operator, ...]
    measured_as: tuple[int | None, ...]
    repeats: tuple[tuple[int, int], ...]


def cut(path: Path, archive: Path) -> Cut:
    """Write a zip file with two models of each unlike operator of a .tflite file.

    Args:
        path: the file; only its main graph is cut.
        archive: the zip file to write, with members ``<pair>-<times>.tflite``.

    Raises:
        UnreadableModelError: this is no .tflite file.
    """
    model = read(path)
    pairs: dict[str, int] = {}
    operators: list[Operator] = []
    repeats: list[tuple[int, int]] = []
    measured_as: list[int | None] = []
    before = taken_in(model)
    taken = {each for numbers in before.values() for each in numbers}
    nodes = model.subgraphs[0].operators
    with zipfile.ZipFile(archive, "w") as models:
        for number, node in enumerate(nodes):
            operators.append(operator_of(model, node))
            if number in taken:
                measured_as.append(None)
                continue
            chain = [nodes[each] for each in (*before[number], number)]
            key = repr([_likeness(model, each) for each in chain])
            measured_as.append(pairs.setdefault(key, len(pairs)))
            if len(pairs) == len(repeats):
                continue
            stored = [o for each in chain for o in operator_of(model, each).inputs if o.constant]
            large = sum(operand.size_bytes for operand in stored) > _LARGE_BYTES
            pair = (_FEW_LARGE, _MANY_LARGE) if large else (FEW, MANY)
            for times in pair:
                models.writestr(f"{len(repeats)}-{times}.tflite", _repeated(model, chain, times))
            repeats.append(pair)
    return Cut(tuple(operators), tuple(measured_as), tuple(repeats))


def _likeness(model: Any, node: Any) -> str:  # noqa: ANN401
    operator = operator_of(model, node)
    options = vars(node.builtinOptions) if node.builtinOptions else {}
    parameters = [
        data.tobytes()
        for number in node.inputs
        if number >= 0
        for data in [data_of(model, model.subgraphs[0].tensors[number])]
        if data is not None and _is_parameter(operand_of(model, number))
    ]
    return repr((
        operator.kind, operator.inputs, operator.outputs, sorted(map(repr, options.items())),
        [int(number) < 0 for number in node.inputs], parameters,
    ))  # fmt: skip


def _is_parameter(operand: Operand) -> bool:
    return operand.dtype in ("int32", "int64") and operand.elements <= _PARAMETER_ELEMENTS


def _repeated(model: Any, nodes: Sequence[Any], times: int) -> bytes:  # noqa: ANN401
    """Return a model that holds an operator so often, each on the same inputs.

    Args:
        model: what it comes from.
        nodes: the operator, after those that go with it.
        times: how often.
    """
    graph, made = schema.SubGraphT(), schema.ModelT()
    graph.tensors, graph.operators, graph.inputs, graph.outputs = [], [], [], []
    made.version, made.subgraphs, made.buffers = 3, [graph], [schema.BufferT()]
    made.operatorCodes = [model.operatorCodes[node.opcodeIndex] for node in nodes]
    within = {int(number) for node in nodes[:-1] for number in node.outputs}
    read = [int(number) for node in nodes for number in node.inputs]
    copies = {number: _copy(model, made, number) for number in dict.fromkeys(read)
              if number >= 0 and number not in within}  # fmt: skip
    graph.inputs = [each for each in copies.values() if graph.tensors[each].buffer == 0]
    for _ in range(times):
        for place, node in enumerate(nodes):
            operator = schema.OperatorT()
            vars(operator).update(vars(node))
            operator.opcodeIndex, operator.intermediates = place, None
            operator.inputs = [copies.get(int(number), -1) for number in node.inputs]
            copies.update({int(number): _copy(model, made, number) for number in node.outputs})
            operator.outputs = [copies[int(number)] for number in node.outputs]
            graph.operators.append(operator)
        graph.outputs.extend(graph.operators[-1].outputs)
    builder = flatbuffers.Builder(1 << 16)
    builder.Finish(made.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())


def _copy(model: Any, made: Any, number: int) -> int:  # noqa: ANN401
    tensor, tensors = schema.TensorT(), made.subgraphs[0].tensors
    original = model.subgraphs[0].tensors[number]
    vars(tensor).update(vars(original))
    tensor.name, tensor.buffer = f"t{len(tensors)}", 0
    data = data_of(model, original)
    if data is not None:
        buffer = AlignedBuffer()
        buffer.data = data
        tensor.buffer = len(made.buffers)
        made.buffers.append(buffer)
    tensors.append(tensor)
    return len(tensors) - 1
