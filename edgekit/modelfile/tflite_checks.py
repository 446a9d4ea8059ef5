"""Whether the numbers in a .tflite file lead anywhere, before anybody follows them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

_MOST_AXES = 8  # of a tensor; LiteRT's kernels take 6
_MOST_ELEMENTS = 2**40  # of a tensor
_BYTES_PER_ENTRY = 4  # an entry of a vector takes in the file, at least


def check_size(model: Any, size_bytes: int) -> None:  # noqa: ANN401 -- the schema is untyped
    """Check that a file holds as many tables as it says, and not one of them many times.

    Args:
        model: of the schema, a ``Model`` that is not unpacked.
        size_bytes: of the file.

    Raises:
        ValueError: unpacked it would be far larger than it is.
        Exception: what the generated reader raises at positions outside of the file.
    """
    left = size_bytes // _BYTES_PER_ENTRY
    for count in _counts(model):
        left -= count
        if left < 0:
            raise ValueError("it says that it holds more than fits into it")


def check_graph(model: Any, types: Iterable[int]) -> None:  # noqa: ANN401
    """Check the numbers of the main graph, and put empty lists where a file has none.

    Args:
        model: a ``ModelT``, unpacked.
        types: numbers of the known element types.

    Raises:
        ValueError: a number is out of range; says which.
    """
    model.buffers, model.operatorCodes = model.buffers or [], model.operatorCodes or []
    if not model.subgraphs:
        raise ValueError("it holds no graph")
    graph = model.subgraphs[0]
    graph.tensors, graph.operators = graph.tensors or [], graph.operators or []
    graph.inputs, graph.outputs = _numbers(graph.inputs), _numbers(graph.outputs)
    known = frozenset(types)
    for number, tensor in enumerate(graph.tensors):
        _check_tensor(model, tensor, f"tensor {number}", known)
    tensors = len(graph.tensors)
    _check_range(graph.inputs, 0, tensors, "an input of the graph")
    _check_range(graph.outputs, 0, tensors, "an output of the graph")
    for number, node in enumerate(graph.operators):
        where = f"operator {number}"
        _check_range([node.opcodeIndex], 0, len(model.operatorCodes), f"{where}: its type")
        node.inputs, node.outputs = _numbers(node.inputs), _numbers(node.outputs)
        _check_range(node.inputs, -1, tensors, f"{where}: an input")
        _check_range(node.outputs, 0, tensors, f"{where}: an output")


def _counts(model: Any) -> Iterator[int]:  # noqa: ANN401
    yield model.OperatorCodesLength()
    yield model.BuffersLength()
    yield model.MetadataLength()
    yield model.SubgraphsLength()
    for number in range(model.SubgraphsLength()):
        graph = model.Subgraphs(number)
        yield graph.OperatorsLength()
        yield graph.TensorsLength()
        for place in range(graph.TensorsLength()):
            tensor = graph.Tensors(place)
            yield tensor.VariantTensorsLength()
            sparsity = tensor.Sparsity()
            if sparsity is not None:
                yield sparsity.DimMetadataLength()
    yield model.SignatureDefsLength()
    for number in range(model.SignatureDefsLength()):
        signature = model.SignatureDefs(number)
        yield signature.InputsLength()
        yield signature.OutputsLength()


def _check_tensor(model: Any, tensor: Any, where: str, types: frozenset[int]) -> None:  # noqa: ANN401
    _check_range([tensor.buffer], 0, len(model.buffers), f"{where}: its buffer")
    if tensor.type not in types:
        raise ValueError(f"{where}: there is no element type {tensor.type}")
    tensor.name = tensor.name or b""
    tensor.name.decode("utf-8")
    sizes = [int(size) for size in _numbers(tensor.shape)]
    elements = 1
    for size in sizes:
        elements *= size
    if len(sizes) > _MOST_AXES or min(sizes, default=0) < 0 or elements > _MOST_ELEMENTS:
        raise ValueError(f"{where}: it cannot have the shape {sizes[:_MOST_AXES]}")


def _numbers(found: Any) -> Any:  # noqa: ANN401
    """Return a vector of integers, which the generated reader has as an array, a list or None."""
    return np.zeros(0, np.int32) if found is None else found


def _check_range(numbers: Iterable[int], least: int, end: int, what: str) -> None:
    for number in numbers:
        if not least <= int(number) < end:
            raise ValueError(f"{what} is number {number} of {end}")
