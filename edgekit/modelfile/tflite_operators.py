"""The operators of a .tflite file, read from the file alone, without a runtime."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from edgekit.errors import InvalidPathError, UnreadableModelError
from edgekit.files import reading
from edgekit.modelfile import tflite_checks
from edgekit.runtimes.operators import Operand, Operator

_DTYPES = {
    value: name.lower() for name, value in vars(schema.TensorType).items() if isinstance(value, int)
}
_KINDS = {value: name for name, value in vars(schema.BuiltinOperator).items()
          if isinstance(value, int)}  # fmt: skip
_MOST_MACS = 2**60
_CONVOLUTIONS = ("CONV_2D", "DEPTHWISE_CONV_2D")  # they read their first input


def read(path: Path) -> Any:  # noqa: ANN401 -- the schema module is untyped
    """Return the model of a .tflite file, a ``ModelT``; all numbers of its main graph lead inside.

    Raises:
        InvalidPathError: the file cannot be read.
        UnreadableModelError: this is no .tflite file, or it is damaged.
    """
    try:
        content = reading.content(path)
    except OSError as error:
        raise InvalidPathError(f"{path}: {error.strerror}") from error
    try:
        if content[4:8] != b"TFL3":
            raise ValueError("the file identifier is not TFL3")
        packed = schema.Model.GetRootAs(content)
        tflite_checks.check_size(packed, len(content))
        model = schema.ModelT.InitFromObj(packed)
        tflite_checks.check_graph(model, _DTYPES)
        operators = [operator_of(model, node) for node in model.subgraphs[0].operators]
        if sum(operator.macs for operator in operators) > _MOST_MACS:
            raise ValueError("its layers are larger than any device could compute")
        return model
    except Exception as error:  # the generated reader fails in many ways on a damaged file
        reason = str(error) or type(error).__name__
        raise UnreadableModelError(f"{path}: this is no .tflite file: {reason}") from error


def taken_in(model: Any) -> dict[int, list[int]]:  # noqa: ANN401
    """Return of each operator the numbers of those before it that the delegate takes into it."""
    graph = model.subgraphs[0]
    kinds = [kind_of(model, node) for node in graph.operators]
    makers = {int(each): n for n, node in enumerate(graph.operators) for each in node.outputs}
    reads = Counter(int(each) for node in graph.operators for each in node.inputs)
    kept = {int(each) for each in graph.outputs}
    before: dict[int, list[int]] = {}
    for number, node in enumerate(graph.operators):
        before[number] = []
        for place, tensor in enumerate(map(int, node.inputs)):
            maker = makers.get(tensor)
            if maker is None or tensor in kept:
                continue
            is_pad = kinds[maker] == "PAD" and kinds[number] in _CONVOLUTIONS and place == 0
            source = int(graph.operators[maker].inputs[0])
            is_stored = kinds[maker] == "DEQUANTIZE" and operand_of(model, source).constant
            if is_stored or (is_pad and reads[tensor] == 1):
                before[number].append(maker)
    return before


def kind_of(model: Any, node: Any) -> str:  # noqa: ANN401
    """Return the type of an operator, or the name of a custom one."""
    code = model.operatorCodes[node.opcodeIndex]
    if code.customCode:
        return str(code.customCode.decode())
    return str(_KINDS[max(code.builtinCode, code.deprecatedBuiltinCode)])


def data_of(model: Any, tensor: Any) -> np.ndarray | None:  # noqa: ANN401
    """Return the bytes of a stored tensor, or None."""
    data = model.buffers[tensor.buffer].data
    return None if data is None or len(data) == 0 else np.asarray(data, np.uint8)


def operand_of(model: Any, number: int) -> Operand:  # noqa: ANN401
    """Return a tensor of the main graph as an operand."""
    tensor = model.subgraphs[0].tensors[number]
    shape = () if tensor.shape is None else tuple(int(size) for size in tensor.shape)
    return Operand(shape, _DTYPES[tensor.type], data_of(model, tensor) is not None)


def operator_of(model: Any, node: Any) -> Operator:  # noqa: ANN401
    """Return a node of the main graph as an operator."""
    kind = kind_of(model, node)
    inputs = [operand_of(model, number) for number in node.inputs if number >= 0]
    outputs = [operand_of(model, number) for number in node.outputs]
    name = model.subgraphs[0].tensors[node.outputs[0]].name.decode() if outputs else kind
    taps, macs = _work(kind, node, inputs, outputs)
    groups = inputs[0].shape[3] // taps[1] if taps and kind in _CONVOLUTIONS else 1
    return Operator(name, kind, tuple(inputs), tuple(outputs), taps, macs, groups)


def _work(
    kind: str,
    node: Any,  # noqa: ANN401
    inputs: list[Operand],
    outputs: list[Operand],
) -> tuple[tuple[int, ...] | None, int]:
    """Return filter and MACs, as `edgekit.runtimes.operators.Operator` has them."""
    if kind == "CONV_2D":
        out, height, width, depth = inputs[1].shape
        return (out, depth, height, width), outputs[0].elements * height * width * depth
    if kind == "DEPTHWISE_CONV_2D":
        _, height, width, out = inputs[1].shape
        return (out, 1, height, width), outputs[0].elements * height * width
    if kind == "TRANSPOSE_CONV":  # output shape, weights, input
        out, height, width, depth = inputs[1].shape
        return (out, depth, height, width), inputs[2].elements * height * width * out
    if kind == "FULLY_CONNECTED":
        columns, depth = inputs[1].shape
        return (columns, depth), outputs[0].elements * depth
    if kind == "BATCH_MATMUL":
        depth = inputs[0].shape[-2 if node.builtinOptions.adjX else -1]
        return (outputs[0].shape[-1], depth), outputs[0].elements * depth
    return None, 0
