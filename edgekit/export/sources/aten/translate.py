"""An exported program becomes an ONNX model, operator by operator."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import onnx
import onnx_ir as ir

from edgekit.export.sources.aten import optimizer
from edgekit.export.sources.aten.builder import Builder, NotInTableError, Operand
from edgekit.export.sources.aten.joining import Parts
from edgekit.export.sources.aten.table import IN_PLACE, OPERATORS, VIEWS

if TYPE_CHECKING:
    from torch import Tensor
    from torch.export import ExportedProgram
    from torch.fx import Node

IR_VERSION = 10


def to_onnx(
    program: ExportedProgram, inputs: Sequence[str], outputs: Sequence[str]
) -> onnx.ModelProto:
    """Translate a program, static and in evaluation mode.

    Args:
        program: what ``torch.export.export`` gave.
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


def _placeholders(program: ExportedProgram, builder: Builder) -> dict[Node, Operand | Parts]:
    return {
        node: builder.placeholder(node.name, node.meta["val"])
        for node in program.graph.nodes
        if node.op == "placeholder"
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


def _check_outputs(program: ExportedProgram) -> None:
    """Refuse an output that shows what was overwritten: torch makes such views anew."""
    for node in program.graph.nodes:
        if node.op != "output":
            continue
        for shown in node.all_input_nodes:
            while str(shown.target) in VIEWS:
                shown = shown.all_input_nodes[0]
                if str(shown.target) in IN_PLACE:
                    raise NotInTableError("an output that shows what was overwritten")


def _inputs_and_outputs(
    program: ExportedProgram, graph: ir.Graph, values: Mapping[Node, Operand | Parts]
) -> None:
    by_name = {node.name: value for node, value in values.items()}
    signature = program.graph_signature
    if len(signature.user_outputs) != len(signature.output_specs):
        raise NotInTableError("a program that changes its buffers")
    for name in signature.user_inputs:
        graph.inputs.append(_value(by_name, name))
    for name in signature.user_outputs:
        if name is not None:
            graph.outputs.append(_value(by_name, name))


def _value(by_name: Mapping[str, Operand | Parts], name: object) -> ir.Value:
    found = by_name.get(name) if isinstance(name, str) else None
    if not isinstance(found, Operand):
        raise NotInTableError("an input or output that is no tensor")
    return found.value


def _constants(
    program: ExportedProgram, graph: ir.Graph, values: Mapping[Node, Operand | Parts]
) -> None:
    """Register parameters, buffers and other constants under the names that the module has."""
    by_name = {node.name: value for node, value in values.items()}
    signature = program.graph_signature
    named = {
        **signature.inputs_to_parameters,
        **signature.inputs_to_buffers,
        **signature.inputs_to_lifted_tensor_constants,
    }
    tensors = {
        **dict(program.named_parameters()),
        **dict(program.named_buffers()),
        **program.constants,
    }
    for placeholder, name in named.items():
        value = _value(by_name, placeholder)
        array = tensors[name].detach().contiguous().numpy()
        value.name = name
        value.const_value = ir.tensor(array, name=name)
        graph.register_initializer(value)
