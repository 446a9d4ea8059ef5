"""Graphs one step away from a specimen: what a rewrite rule must refuse, or must do right too.

Each changes one thing that a rule could have taken for granted: who else reads a value, an
attribute, a constant, the order of two operands, the kind of an operator.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

_OTHER_KIND = {
    "Relu": "Sigmoid",
    "Sigmoid": "Neg",
    "Add": "Sub",
    "Sub": "Add",
    "Mul": "Add",
    "Div": "Mul",
    "Max": "Min",
    "MaxPool": "AveragePool",
    "AveragePool": "MaxPool",
    "GlobalAveragePool": "GlobalMaxPool",
    "Clip": "Max",
    "ReduceMean": "ReduceMax",
}

_SWITCHES = {"ceil_mode", "count_include_pad", "keepdims", "training_mode", "transA", "transB"}
_UNCHECKED = {
    "num_outputs",
    "rotary_embedding_dim",
}  # ONNX Runtime dies of a wrong one, or makes noise
_OF_WINDOWS = {"Conv", "ConvTranspose"}  # ONNX Runtime dies of weights of another rank


def of(model: onnx.ModelProto) -> Iterator[tuple[str, onnx.ModelProto]]:
    """Yield what was changed and the changed graph, for every change that leaves a valid one."""
    for words, change in _changes(model):
        changed = onnx.ModelProto()
        changed.CopyFrom(model)
        change(changed.graph)
        if _settle(changed):
            yield words, changed


def _changes(model: onnx.ModelProto) -> Iterator[tuple[str, Callable[[onnx.GraphProto], None]]]:
    graph = model.graph
    named = {value.name for value in (*graph.output, *graph.input)}
    for place, node in enumerate(graph.node):
        for name in filter(None, node.output):
            if name not in named:
                yield f"{name} is an output, too", lambda g, n=name: _add_output(g, n)
            yield f"{name} has another reader", lambda g, n=name: _add_reader(g, n)
        for attribute in node.attribute:
            for value in _other_values(attribute):
                yield (
                    f"{attribute.name} of {node.output[0]} is {value}",
                    lambda g, p=place, a=attribute.name, v=value: _set(g, p, a, v),
                )
        if node.op_type in _OTHER_KIND:
            other = _OTHER_KIND[node.op_type]
            yield (
                f"{node.output[0]} is by {other}",
                lambda g, p=place, o=other: _set_kind(g, p, o),
            )
        if len(node.input) > 1 and node.input[0] and node.input[1]:
            yield f"operands of {node.output[0]} change places", lambda g, p=place: _swap(g, p)
    rigid = {name for node in graph.node if node.op_type in _OF_WINDOWS for name in node.input}
    for number, tensor in enumerate(graph.initializer):
        for words, array in _other_arrays(numpy_helper.to_array(tensor), tensor.name in rigid):
            yield (
                f"{tensor.name} {words}",
                lambda g, n=number, a=array: g.initializer[n].CopyFrom(
                    numpy_helper.from_array(a, g.initializer[n].name)
                ),
            )
        if tensor.data_type == TensorProto.FLOAT:
            yield f"{tensor.name} is computed", lambda g, n=number: _make_input(g, n)


def _other_values(attribute: onnx.AttributeProto) -> Iterator[object]:
    value = helper.get_attribute_value(attribute)
    if attribute.name in _UNCHECKED:
        return
    if attribute.name in _SWITCHES:
        yield 1 - value
    elif isinstance(value, int):
        yield from {value + 1, value - 1, 0, 1, -1} - {value}
    elif isinstance(value, float):
        yield value * 2
        yield value / 2
    elif isinstance(value, list) and value and isinstance(value[0], int):
        if value[::-1] != value:
            yield value[::-1]
        yield [*value[:-1], value[-1] + 1]
        yield [value[0] + 1, *value[1:]]
        if any(each > 1 for each in value):
            yield [1] * len(value)


def _other_arrays(array: np.ndarray, is_rigid: bool) -> Iterator[tuple[str, np.ndarray]]:
    yield "has other signs", ~array if array.dtype == np.bool_ else -array
    if array.size > 1:
        yield "is turned round", np.ascontiguousarray(array.reshape(-1)[::-1].reshape(array.shape))
        raised = array.copy()
        raised.reshape(-1)[0] += 1
        yield "begins one higher", raised
    if array.dtype == np.float32:
        yield "is zero", np.zeros_like(array)
        yield "is twice as large", array * 2
        if array.ndim and not is_rigid:
            yield "has a dimension more", array[np.newaxis]
    if array.ndim > 1 and array.shape[-1] > 1:
        column = np.ascontiguousarray(array[..., :1])
        yield "is one column", column
    if array.ndim == 0 or array.size == 1:
        yield "is a vector of four", np.linspace(-1, 2, 4).astype(array.dtype)


def _add_output(graph: onnx.GraphProto, name: str) -> None:
    graph.output.append(helper.make_empty_tensor_value_info(name))


def _add_reader(graph: onnx.GraphProto, name: str) -> None:
    graph.node.append(helper.make_node("Neg", [name], [f"{name}_read"]))
    _add_output(graph, f"{name}_read")


def _set(graph: onnx.GraphProto, place: int, name: str, value: object) -> None:
    kept = [each for each in graph.node[place].attribute if each.name != name]
    del graph.node[place].attribute[:]
    graph.node[place].attribute.extend([*kept, helper.make_attribute(name, value)])


def _set_kind(graph: onnx.GraphProto, place: int, kind: str) -> None:
    graph.node[place].op_type = kind


def _swap(graph: onnx.GraphProto, place: int) -> None:
    inputs = graph.node[place].input
    inputs[0], inputs[1] = inputs[1], inputs[0]


def _make_input(graph: onnx.GraphProto, number: int) -> None:
    tensor = graph.initializer[number]
    graph.input.append(helper.make_tensor_value_info(tensor.name, TensorProto.FLOAT, tensor.dims))
    del graph.initializer[number]


def _settle(model: onnx.ModelProto) -> bool:
    """Infer all types anew; False if the graph is not a valid one of known shapes."""
    del model.graph.value_info[:]
    outputs = [value.name for value in model.graph.output]
    del model.graph.output[:]
    model.graph.output.extend(helper.make_empty_tensor_value_info(name) for name in outputs)
    try:
        inferred = onnx.shape_inference.infer_shapes(model, strict_mode=True, data_prop=True)
        onnx.checker.check_model(inferred)
    except (onnx.shape_inference.InferenceError, onnx.checker.ValidationError):
        return False
    model.CopyFrom(inferred)
    return all(_is_static(value) for value in (*model.graph.input, *model.graph.output))


def _is_static(value: onnx.ValueInfoProto) -> bool:
    shape = value.type.tensor_type.shape
    return value.type.tensor_type.HasField("shape") and all(
        each.HasField("dim_value") and each.dim_value > 0 for each in shape.dim
    )
