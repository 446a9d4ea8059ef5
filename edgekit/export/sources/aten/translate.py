"""A recorded program becomes an ONNX model, operator by operator."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import onnx
import onnx_ir as ir

from edgekit.export.sources.aten import optimizer
from edgekit.export.sources.aten.builder import Builder, NotInTableError, Operand
from edgekit.export.sources.aten.operators.joining import Parts
from edgekit.export.sources.aten.table import IN_PLACE, OPERATORS, VIEWS

if TYPE_CHECKING:
    from torch import Tensor
    from torch.fx import Node

    from edgekit.export.sources.aten.record import Program

IR_VERSION = 10


def to_onnx(program: Program, inputs: Sequence[str], outputs: Sequence[str]) -> onnx.ModelProto:
    """Translate a program, static and in evaluation mode.

    Args:
        program: what `record.record` gave.
        inputs: names of the inputs.
        outputs: names of the flattened outputs.

    Raises:
        NotInTableError: it holds an operator, a type or a use of one that no function translates.
    """
    builder = Builder()
    values = _placeholders(program, builder)
    for node in program.graph.nodes:
        if node.op == "call_function":
            _call(builder, node, values)
    _check_outputs(program)
    _inputs_and_outputs(program, builder.graph, values)
    _constants(program, builder.graph, values)
    model = ir.Model(builder.graph, ir_version=IR_VERSION)
    optimizer.run(model)
    for value, name in zip(model.graph.inputs, inputs, strict=True):
        value.name = name
    for value, name in zip(model.graph.outputs, outputs, strict=True):
        value.name = name
    return ir.to_proto(model)


def _placeholders(program: Program, builder: Builder) -> dict[Node, Operand | Parts]:
    return {
        node: builder.placeholder(node.name, node.meta["val"])
        for node in (*program.constants, *program.inputs)
    }


def _call(builder: Builder, node: Node, values: dict[Node, Operand | Parts]) -> None:
    name = str(node.target)
    overwritten = None
    if name in IN_PLACE:
        overwritten = node.args[0]
        _check_sole_memory(overwritten, node)
    translate = OPERATORS.get(name) or IN_PLACE.get(name)
    if translate is None:
        raise NotInTableError(name)
    _check_types(node)
    arguments = [_given(argument, values) for argument in node.args]
    options = {key: _given(argument, values) for key, argument in node.kwargs.items()}
    try:
        inspect.signature(translate).bind(builder, node.meta["val"], *arguments, **options)
    except TypeError as error:
        raise NotInTableError(f"{name} with other arguments") from error
    values[node] = translate(builder, node.meta["val"], *arguments, **options)
    if overwritten is not None:
        values[overwritten] = values[node]  # type: ignore[index]


def _given(argument: object, values: Mapping[Node, Operand | Parts]) -> object:
    import torch

    if isinstance(argument, torch.fx.Node):
        return values[argument]
    if isinstance(argument, (list, tuple)):
        return [_given(item, values) for item in argument]
    return argument


def _check_types(node: Node) -> None:
    """Refuse everything but float32; indices alone are int64."""
    import torch

    for value in _tensors(node.meta["val"]):
        if value.dtype != torch.float32:
            raise NotInTableError(f"{node.target} of {value.dtype}")
    for source in node.all_input_nodes:
        index = node.target is torch.ops.aten.index_select.default and source is node.args[2]
        wanted = torch.int64 if index else torch.float32
        if any(value.dtype != wanted for value in _tensors(source.meta["val"])):
            raise NotInTableError(f"{node.target} of other types")


def _tensors(found: object) -> Iterator[Tensor]:
    import torch

    for value in found if isinstance(found, (list, tuple)) else [found]:
        if not isinstance(value, torch.Tensor):
            raise NotInTableError("a result that is no tensor")
        yield value


def _check_sole_memory(overwritten: object, node: Node) -> None:
    """Refuse to overwrite what something else may show: inputs, views and what has views."""
    import torch

    if not isinstance(overwritten, torch.fx.Node) or overwritten.op != "call_function":
        raise NotInTableError(f"{node.target} of an input or a constant")
    if any(str(each.target) in VIEWS for each in (overwritten, *overwritten.users)):
        raise NotInTableError(f"{node.target} of a view")


def _check_outputs(program: Program) -> None:
    """Refuse an output that shows what was overwritten: torch makes such views anew."""
    for node in program.outputs:
        shown = node
        while str(shown.target) in VIEWS:
            shown = shown.all_input_nodes[0]
            if str(shown.target) in IN_PLACE:
                raise NotInTableError("an output that shows what was overwritten")


def _inputs_and_outputs(
    program: Program, graph: ir.Graph, values: Mapping[Node, Operand | Parts]
) -> None:
    graph.inputs.extend(_value(values[node]) for node in program.inputs)
    graph.outputs.extend(_value(values[node]) for node in program.outputs)


def _value(found: Operand | Parts) -> ir.Value:
    if not isinstance(found, Operand):
        raise NotInTableError("an input or output that is no tensor")
    return found.value


def _constants(program: Program, graph: ir.Graph, values: Mapping[Node, Operand | Parts]) -> None:
    """Register parameters, buffers and other constants under the names that the module has."""
    for node, (name, tensor) in program.constants.items():
        value = _value(values[node])
        value.name = name
        value.const_value = ir.tensor(tensor.detach().contiguous().numpy(), name=name)
        graph.register_initializer(value)
