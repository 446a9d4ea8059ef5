"""The TFLite writer: a lowered graph in, the bytes of a .tflite file out."""

from __future__ import annotations

from collections.abc import Sequence

import onnx_ir as ir

from edgekit.errors import UnsupportedOperatorError
from edgekit.export.graph import nodes as g
from edgekit.export.graph.annotations import is_integer
from edgekit.export.precisions import float16_compute
from edgekit.export.stored_weights import held_file
from edgekit.export.stored_weights.held_file import HeldFile
from edgekit.export.tflite import orders, reshapes, serialize, shared_memory
from edgekit.export.tflite.emit import EMITTERS, VERSIONS
from edgekit.export.tflite.writer import Writer, refuse


def to_bytes(
    model: ir.Model,
    description: str,
    *,
    integer_io: bool = False,
    shown: Sequence[ir.Value] = (),
) -> bytes:
    """Return what `content` does, in memory."""
    return held_file.whole(content(model, description, integer_io=integer_io, shown=shown))


def content(
    model: ir.Model,
    description: str,
    *,
    integer_io: bool = False,
    shown: Sequence[ir.Value] = (),
) -> bytes | HeldFile:
    """Return the .tflite file of a lowered graph; a large one waits in an unnamed file.

    Image maps become NHWC, at the borders too; `image_maps` says which those are.

    Args:
        model: a graph that went through ``lowering.TFLITE``, or an encoded one that went
            through ``lowering.TFLITE_INTEGER``.
        description: free text for the file's description field.
        integer_io: encoded inputs and outputs of the graph hold stored integers; else float32.
        shown: values whose stored form the file has as further outputs, to look into it; those
            of inputs and outputs are called ``<name>_quantized``.

    Raises:
        UnsupportedOperatorError: for the first node without an emitter or with a form that
            its emitter cannot express exactly; it carries the errors of all others.
    """
    writer = Writer(orders.assign(model), VERSIONS)
    emitted = _emit(writer, model, integer_io=integer_io)
    refused = [error for _, error in emitted if not isinstance(error, tuple)]
    if refused:
        raise refused[0].among(refused[1:])
    borders = {*model.graph.inputs, *model.graph.outputs}  # their own names are taken
    for value in shown:
        name = f"{value.name}_quantized" if value in borders else value.name
        writer.add_output(value, integer=True, name=name)
    reshapes.read_their_source(writer.program)
    shared_memory.keep_apart(writer.program)
    leave = model.meta.get(float16_compute.ENTRY)
    entries = {} if leave is None else {float16_compute.ENTRY: leave}
    return serialize.content(writer.program, description, entries)


def image_maps(model: ir.Model, shown: Sequence[ir.Value] = ()) -> frozenset[str]:
    """See `edgekit.export.tflite.orders.image_maps`."""
    return orders.image_maps(model, shown)


def emitted(model: ir.Model) -> list[tuple[ir.Node, tuple[str, ...] | UnsupportedOperatorError]]:
    """Return for each node the operators that it becomes in the file, or why it cannot."""
    return _emit(Writer(orders.assign(model), VERSIONS), model)


def _emit(
    writer: Writer, model: ir.Model, *, integer_io: bool = False
) -> list[tuple[ir.Node, tuple[str, ...] | UnsupportedOperatorError]]:
    """Emit every node; one that is refused leaves its outputs behind, so that others can go on."""
    result: list[tuple[ir.Node, tuple[str, ...] | UnsupportedOperatorError]] = []
    for value in model.graph.inputs:
        writer.add_input(value, integer=integer_io)
    operators = writer.program.operators
    for node in model.graph:
        start = len(operators)
        try:
            _emit_node(writer, node)
            result.append((node, tuple(operator.code for operator in operators[start:])))
        except UnsupportedOperatorError as error:
            for value in node.outputs:
                writer.placeholder(value)
            result.append((node, error))
    for value in model.graph.outputs:
        writer.add_output(value, integer=integer_io)
    return result


def _emit_node(writer: Writer, node: ir.Node) -> None:
    emitter = EMITTERS.get((node.domain, node.op_type))
    if emitter is None:
        raise refuse(node, f"operator {g.qualified(node)} is not supported")
    taken = [value for value in node.inputs if value is not None and value.is_graph_input()]
    for values, what in ((taken, "input"), (node.outputs, "output")):
        for value in values:
            if value.dtype is not None and value.dtype.numpy().name not in serialize.TYPES:
                kind = value.dtype.name
                raise refuse(node, f"an {what} of type {kind} is not supported", "dtype")
    writer.integer = is_integer(node)
    emitter(writer, node)
    writer.finish_node()
