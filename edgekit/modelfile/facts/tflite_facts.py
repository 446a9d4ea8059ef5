"""Read the facts of a .tflite file's main graph."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from edgekit.errors import UnreadableModelError
from edgekit.modelfile import tflite_operators as operators
from edgekit.modelfile.facts.graph import GraphFacts, Node, Quantized, Value
from edgekit.modelfile.metadata import tflite_schema

_READ_DTYPES = ("bool", "int8", "uint8", "int16", "int32", "int64", "float16", "float32", "float64")


def read(path: Path) -> GraphFacts:
    """Return the facts of a .tflite file.

    Raises:
        InvalidPathError: the file cannot be read.
        UnreadableModelError: this is no .tflite file, or its tables contradict each other.
    """
    model = operators.read(path)
    try:
        return _facts(model)
    except (IndexError, KeyError, ValueError, TypeError, AttributeError) as error:
        raise UnreadableModelError(f"{path}: its tables contradict each other: {error}") from error


def _facts(model: Any) -> GraphFacts:  # noqa: ANN401 -- the schema module is untyped
    graph = model.subgraphs[0]
    taken = {number for numbers in operators.taken_in(model).values() for number in numbers}
    return GraphFacts(
        format="tflite",
        values={str(number): _value(model, number) for number in range(len(graph.tensors))},
        nodes=tuple(
            _node(model, number, node, number in taken)
            for number, node in enumerate(graph.operators)
        ),
        inputs=tuple(str(int(each)) for each in graph.inputs),
        outputs=tuple(str(int(each)) for each in graph.outputs),
        describes_itself=any(
            _text(entry.name) == tflite_schema.BUFFER_NAME for entry in model.metadata or ()
        ),
    )


def _value(model: Any, number: int) -> Value:  # noqa: ANN401
    tensor = model.subgraphs[0].tensors[number]
    operand = operators.operand_of(model, number)
    shape = operand.shape
    if tensor.shapeSignature is not None and len(tensor.shapeSignature) == len(shape):
        shape = tuple(int(size) for size in tensor.shapeSignature)
    stored = operators.data_of(model, tensor)
    data = None
    if stored is not None and operand.dtype in _READ_DTYPES and tensor.sparsity is None:
        whole = stored.tobytes()
        dtype = np.dtype(operand.dtype)
        if len(whole) == operand.elements * dtype.itemsize:
            data = np.frombuffer(whole, dtype).reshape(operand.shape)
    return Value(
        name=_text(tensor.name),
        shape=shape,
        dtype=operand.dtype,
        data=data,
        constant=stored is not None,
        quantized=_quantized(tensor.quantization),
        is_sparse=tensor.sparsity is not None,
        storage=str(tensor.buffer),
    )


def _quantized(found: Any) -> Quantized | None:  # noqa: ANN401
    if found is None or found.scale is None or len(found.scale) == 0:
        return None
    scales = tuple(float(each) for each in found.scale)
    zeros = () if found.zeroPoint is None else tuple(int(each) for each in found.zeroPoint)
    return Quantized(scales, zeros or (0,) * len(scales), int(found.quantizedDimension))


def _node(model: Any, number: int, node: Any, is_taken_in: bool) -> Node:  # noqa: ANN401
    outputs = tuple(str(int(each)) for each in node.outputs)
    kind = operators.kind_of(model, node)
    name = _text(model.subgraphs[0].tensors[int(node.outputs[0])].name) if outputs else kind
    return Node(
        number=number,
        name=name,
        kind=kind,
        inputs=tuple(str(int(each)) if int(each) >= 0 else "" for each in node.inputs),
        outputs=outputs,
        options=vars(node.builtinOptions) if node.builtinOptions else {},
        is_taken_in=is_taken_in,
    )


def _text(name: bytes | str | None) -> str:
    return name.decode(errors="replace") if isinstance(name, bytes) else name or ""
