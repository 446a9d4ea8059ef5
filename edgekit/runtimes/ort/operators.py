"""The operators of an ONNX graph that ONNX Runtime has optimized, without the onnx package.

Shapes come from ONNX Runtime's profile, constants and attributes from the optimized graph as it
saves it, and the channels of a blocked layout, which it pads, from the original graph.
"""

from __future__ import annotations

import math
import mmap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edgekit.runtimes.operators import Operand, Operator
from edgekit.runtimes.ort.onnx_protobuf import fields, packed

# Field numbers of onnx.proto.
_MODEL_GRAPH = 7
_GRAPH_NODE, _GRAPH_INITIALIZER = 1, 5
_NODE_INPUT, _NODE_OUTPUT, _NODE_NAME, _NODE_TYPE, _NODE_ATTRIBUTE = 1, 2, 3, 4, 5
_ATTRIBUTE_NAME, _ATTRIBUTE_INT = 1, 3
_TENSOR_DIMS, _TENSOR_TYPE, _TENSOR_NAME = 1, 2, 8

_TYPES = {
    1: "float32", 2: "uint8", 3: "int8", 4: "uint16", 5: "int16", 6: "int32", 7: "int64",
    8: "string", 9: "bool", 10: "float16", 11: "float64", 12: "uint32", 13: "uint64",
    16: "bfloat16", 21: "uint4", 22: "int4",
}  # fmt: skip
_NAMES = {"float": "float32", "double": "float64"}  # where ONNX and numpy differ

_CONVOLUTIONS = ("Conv", "FusedConv", "NhwcFusedConv", "QLinearConv", "ConvInteger")
_TRANSPOSED = ("ConvTranspose",)
_PRODUCTS = (
    "Gemm", "FusedGemm", "MatMul", "FusedMatMul", "QGemm", "QLinearMatMul", "MatMulInteger",
    "MatMulIntegerToFloat", "DynamicQuantizeMatMul", "MatMulNBits",
)  # fmt: skip
_AFTER_SCALES = ("QLinearConv", "QLinearMatMul", "QGemm")  # their weight is the fourth input
_BLOCKED = "_nchwc"  # ends the names that ONNX Runtime gives to convolutions of blocked layout


@dataclass(frozen=True)
class Node:
    """One node of a graph: names of its tensors, and its integer attributes."""

    name: str
    kind: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    integers: Mapping[str, int] = field(default_factory=dict)

    @property
    def weight(self) -> str:
        """Name of the second operand of a convolution or matrix product."""
        return self.inputs[3 if self.kind in _AFTER_SCALES else 1]


@dataclass(frozen=True)
class Graph:
    """The main graph of an .onnx file: nodes in the file's order, and what is stored in it."""

    nodes: tuple[Node, ...]
    constants: Mapping[str, Operand]


def read(path: Path) -> Graph:
    """Read an .onnx file; weights are not loaded.

    Raises:
        ValueError: the file is no protocol buffer.
    """
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        nodes, constants = [], {}
        for number, graph in fields(data, (0, len(data))):
            if number != _MODEL_GRAPH or isinstance(graph, int):
                continue
            for part, span in fields(data, graph):
                if isinstance(span, int):
                    continue
                if part == _GRAPH_NODE:
                    nodes.append(_node(data, span))
                elif part == _GRAPH_INITIALIZER:
                    name, operand = _constant(data, span)
                    constants[name] = operand
        return Graph(tuple(nodes), constants)


def _node(data: mmap.mmap, span: tuple[int, int]) -> Node:
    texts: dict[int, list[str]] = {}
    integers = {}
    for number, value in fields(data, span):
        if isinstance(value, int):
            continue
        if number == _NODE_ATTRIBUTE:
            found = dict(fields(data, value))
            name, integer = found.get(_ATTRIBUTE_NAME), found.get(_ATTRIBUTE_INT)
            if isinstance(name, tuple) and isinstance(integer, int):
                integers[data[slice(*name)].decode()] = integer
        elif number in (_NODE_INPUT, _NODE_OUTPUT, _NODE_NAME, _NODE_TYPE):
            texts.setdefault(number, []).append(data[slice(*value)].decode())
    return Node(
        name="".join(texts.get(_NODE_NAME, [])),
        kind="".join(texts.get(_NODE_TYPE, [])),
        inputs=tuple(texts.get(_NODE_INPUT, [])),
        outputs=tuple(texts.get(_NODE_OUTPUT, [])),
        integers=integers,
    )


def _constant(data: mmap.mmap, span: tuple[int, int]) -> tuple[str, Operand]:
    name, dtype, shape = "", "float32", []
    for number, value in fields(data, span):
        if number == _TENSOR_DIMS:
            shape += packed(data, value)
        elif number == _TENSOR_TYPE and isinstance(value, int):
            dtype = _TYPES.get(value, f"type {value}")
        elif number == _TENSOR_NAME and isinstance(value, tuple):
            name = data[slice(*value)].decode()
    return name, Operand(tuple(shape), dtype, constant=True)


def operators(
    original: Graph,
    optimized: Graph,
    inputs: Mapping[str, Operand],
    written: Sequence[Sequence[Mapping[str, Sequence[int]]]],
) -> tuple[Operator, ...]:
    """Return the operators of the optimized graph, in its order.

    Args:
        original: the graph as the file has it.
        optimized: the graph as ONNX Runtime runs it.
        inputs: the graph's inputs by name.
        written: of each node of the optimized graph the outputs' types and shapes, as ONNX
            Runtime's profiler lists them (``output_type_shape``).
    """
    known = {**inputs, **optimized.constants}
    found = []
    for node, shapes in zip(optimized.nodes, written):  # noqa: B905 -- Python 3.9
        known.update(zip(filter(None, node.outputs), _operands(shapes)))  # noqa: B905
        found.append(_operator(node, known, original))
    return tuple(found)


def _operands(shapes: Sequence[Mapping[str, Sequence[int]]]) -> Iterator[Operand]:
    for entry in shapes:
        for dtype, shape in entry.items():
            yield Operand(tuple(shape), _NAMES.get(dtype, dtype))


def _operator(node: Node, known: Mapping[str, Operand], original: Graph) -> Operator:
    made: dict[str, Any] = {
        "name": node.name or next(filter(None, node.outputs), ""),
        "kind": node.kind,
        "inputs": tuple(known[name] for name in node.inputs if name in known),
        "outputs": tuple(known[name] for name in node.outputs if name in known),
    }
    first = known.get(node.inputs[0]) if node.inputs else None
    if first is None or not made["outputs"]:
        return Operator(**made)
    shape = made["outputs"][0].shape
    if node.kind in (*_CONVOLUTIONS, *_TRANSPOSED) and node.weight in known:
        taps = known[node.weight].shape
        made["groups"] = node.integers.get("group", 1)
        if node.kind in _TRANSPOSED:  # it reads each input once, a convolution writes each output
            made.update(filter=taps, macs=math.prod(first.shape) * math.prod(taps[1:]))
            return Operator(**made)
        if node.name.endswith(_BLOCKED):
            channels = _channels(original, node.name[: -len(_BLOCKED)]) or taps[0]
            shape = (shape[0], channels, *shape[2:])
            taps = (channels, *taps[1:])
        made.update(filter=taps, macs=math.prod(shape) * math.prod(taps[1:]))
    elif node.kind in _PRODUCTS and first.shape and shape:
        depth = first.shape[-2 if node.integers.get("transA") else -1]
        made.update(filter=(shape[-1], depth), macs=math.prod(shape) * depth)
    return Operator(**made)


def _channels(original: Graph, tensor: str) -> int | None:
    """Return the channels of a convolution's output, perhaps after activations and sums."""
    makers = {name: node for node in original.nodes for name in node.outputs}
    while tensor in makers:
        node = makers[tensor]
        if node.kind == "Conv" and node.weight in original.constants:
            return original.constants[node.weight].shape[0]
        if not node.inputs:
            break
        tensor = node.inputs[0]
    return None
