"""Cut an int8 ONNX model into its layers, each with inputs and an output of its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeGuard

import numpy as np
from onnx import GraphProto, ModelProto, NodeProto, ValueInfoProto, helper, numpy_helper

_FLOAT_FORM = ("Conv", "ConvTranspose", "Gemm", "MatMul")  # between Dequantize- and QuantizeLinear
_INTEGER_FORM = (
    "ConvInteger", "MatMulInteger", "QGemm", "QLinearConv", "QLinearMatMul",
)  # fmt: skip
_FUSED = ("Clip", "Relu")  # what a runtime computes together with the layer before it


@dataclass(frozen=True, eq=False)
class Piece:
    """One layer of weights with all that a runtime fuses with it.

    Attributes:
        name: the layer's node name, or its output's name where it has none.
        operator: its operator type.
        nodes: of the piece, in order, with names of their own.
        sources: values of the whole model that the piece takes.
        inputs: names under which it takes them.
        target: name of its one output.
        step: real value of one quantized step of the output; None if it has none.
        constants: values of the whole model that it needs and that depend on no input.
    """

    name: str
    operator: str
    nodes: tuple[NodeProto, ...]
    sources: tuple[str, ...]
    inputs: tuple[str, ...]
    target: str
    step: float | None
    constants: tuple[str, ...]


def pieces(model: ModelProto) -> tuple[Piece, ...]:
    """Return the int8 layers of a model's main graph, in order."""
    view = _View(model.graph)
    layers = [node for node in model.graph.node if _is_int8_layer(node, view)]
    return tuple(_piece(node, view, f"piece{i}/") for i, node in enumerate(layers))


def showing(model: ModelProto, names: Iterable[str]) -> ModelProto:
    """Return the model with some inner values as its only outputs.

    Graph inputs among ``names`` are left out, as whoever runs the model has them.
    """
    shown = ModelProto()
    shown.CopyFrom(model)
    del shown.graph.output[:]
    given = {each.name for each in model.graph.input}
    shown.graph.output.extend(ValueInfoProto(name=name) for name in names if name not in given)
    if not shown.graph.output:
        shown.graph.output.extend(model.graph.output)
    return shown


def apart(model: ModelProto, cut: Sequence[Piece], values: Mapping[str, np.ndarray]) -> ModelProto:
    """Return one model that holds the pieces side by side.

    Args:
        model: the whole model.
        cut: its pieces.
        values: one example of each source, which tells its type and shape.
    """
    view = _View(model.graph)
    needed = view.with_makers({name for piece in cut for name in piece.constants})
    graph = GraphProto(name="pieces")
    graph.initializer.extend(each for name, each in view.initializers.items() if name in needed)
    graph.node.extend(n for n in model.graph.node if n.output and n.output[0] in needed)
    for piece in cut:
        graph.node.extend(piece.nodes)
        graph.output.append(ValueInfoProto(name=piece.target))
        for name, source in zip(piece.inputs, piece.sources, strict=True):
            example = values[source]
            kind = helper.np_dtype_to_tensor_dtype(example.dtype)
            graph.input.append(helper.make_tensor_value_info(name, kind, example.shape))
    result = ModelProto()
    result.CopyFrom(model)
    result.graph.CopyFrom(graph)
    return result


class _View:
    """Who makes and who reads each value of a graph."""

    def __init__(self, graph: GraphProto) -> None:
        self.initializers = {each.name: each for each in graph.initializer}
        self.makers = {name: node for node in graph.node for name in node.output}
        self.readers: dict[str, list[NodeProto]] = {}
        self.constants = {"", *self.initializers}  # values that depend on no input
        for node in graph.node:  # makers come before readers
            for name in node.input:
                self.readers.setdefault(name, []).append(node)
            if self.constants.issuperset(node.input):
                self.constants.update(node.output)
        self._outputs = {each.name for each in graph.output}

    def with_makers(self, names: Iterable[str]) -> set[str]:
        """Return constant values and all that they are made of."""
        found, pending = set(), list(names)
        while pending:
            name = pending.pop()
            if name not in found:
                found.add(name)
                pending += self.makers[name].input if name in self.makers else ()
        return found

    def only_reader(self, name: str) -> NodeProto | None:
        """Return the one node that reads a value, if there is one and nothing else sees it."""
        readers = self.readers.get(name, [])
        return readers[0] if len(readers) == 1 and name not in self._outputs else None


def _is_int8_layer(node: NodeProto, view: _View) -> bool:
    if node.output[0] in view.constants:
        return False
    if node.op_type in _INTEGER_FORM:
        return True
    maker = view.makers.get(node.input[0]) if node.op_type in _FLOAT_FORM else None
    return maker is not None and maker.op_type == "DequantizeLinear"


def _piece(layer: NodeProto, view: _View, prefix: str) -> Piece:
    pairs = [_pair_before(name, view) for name in dict.fromkeys(layer.input)]
    after = _fused_after(layer, view)
    nodes = [*(node for pair in pairs for node in pair), layer, *after]
    made = {name for node in nodes for name in node.output}
    # A pair's first input is fed what its last output is: integers, read as real numbers.
    sources = {pair[0].input[0]: pair[-1].output[0] for pair in pairs if len(pair) == 2}
    for name in (name for node in nodes for name in node.input):
        if name not in made and name not in view.constants:
            sources.setdefault(name, name)
    renamed = {name: f"{prefix}{name}" for name in (*made, *sources)}
    scale = view.initializers.get(after[-1].input[1]) if after else None
    return Piece(
        name=layer.name or layer.output[0],
        operator=layer.op_type,
        nodes=tuple(_renamed(node, renamed, prefix) for node in nodes),
        sources=tuple(sources.values()),
        inputs=tuple(renamed[name] for name in sources),
        target=renamed[nodes[-1].output[0]],
        step=None if scale is None else float(numpy_helper.to_array(scale).ravel()[0]),
        constants=tuple(
            {name: None for node in nodes for name in node.input if name in view.constants if name}
        ),
    )


def _renamed(node: NodeProto, names: Mapping[str, str], prefix: str) -> NodeProto:
    copy = NodeProto()
    copy.CopyFrom(node)
    copy.name = f"{prefix}{node.name or node.output[0]}"
    copy.input[:] = [names.get(name, name) for name in node.input]
    copy.output[:] = [names.get(name, name) for name in node.output]
    return copy


def _pair_before(name: str, view: _View) -> list[NodeProto]:
    """Return the QuantizeLinear, if any, and the DequantizeLinear that make an input.

    Both are needed: on x86-64 ONNX Runtime makes int8 pairs uint8 ones, and fuses nothing with
    an int8 value that has no pair.
    """
    dequantize = view.makers.get(name)
    if name in view.constants or not _is(dequantize, "DequantizeLinear"):
        return []
    quantize = view.makers.get(dequantize.input[0])
    return [quantize, dequantize] if _is(quantize, "QuantizeLinear") else [dequantize]


def _fused_after(layer: NodeProto, view: _View) -> list[NodeProto]:
    """Return the activations and the pair after a layer; nothing if there is no pair."""
    chain: list[NodeProto] = []
    node: NodeProto | None = layer
    while node is not None and node.op_type != "QuantizeLinear":
        node = view.only_reader(node.output[0])
        if node is None or node.op_type not in (*_FUSED, "QuantizeLinear"):
            return []
        chain.append(node)
    readers = view.readers.get(chain[-1].output[0], [])
    return chain + [each for each in readers if _is(each, "DequantizeLinear")][:1]


def _is(node: NodeProto | None, operator: str) -> TypeGuard[NodeProto]:
    return node is not None and node.op_type == operator
