"""Reshape, Transpose, Identity and Pad: what moves values, or only says how to read them."""

from __future__ import annotations

import onnx_ir as ir

from edgekit.export.graph import nodes as g
from edgekit.export.graph import orders
from edgekit.export.graph.annotations import affine_of
from edgekit.export.tflite.emit.table import Emitters
from edgekit.export.tflite.orders import permutation_of
from edgekit.export.tflite.versions import Versions
from edgekit.export.tflite.writer import Writer, refuse


def emit_reshape(writer: Writer, node: ir.Node) -> None:
    """Emit RESHAPE; where the stored dimensions do not merge so, after a TRANSPOSE."""
    source, target = g.operand(node, 0), node.outputs[0]
    if 0 in (*g.shape_of(source), *g.shape_of(target)):
        raise refuse(node, "values without elements are not supported", "empty")
    needed, made = orders.of_reshape(g.shape_of(source), g.shape_of(target), writer.order(source))
    number = writer.tensor(source, needed)
    if made != writer.order(target):
        raise ValueError(f"{g.label(node)!r} is stored in another order than its operand gives")
    writer.reshape(number, writer.shape(target), str(target.name), writer.output(target))


def emit_stored_reshape(writer: Writer, node: ir.Node) -> None:
    """Emit RESHAPE of the stored numbers, NHWC if an image map, whatever they are called."""
    source, target = g.operand(node, 0), node.outputs[0]
    number = writer.tensor(source, orders.channels_last(len(g.shape_of(source))))
    writer.reshape(number, writer.shape(target), str(target.name), writer.output(target))


def emit_identity(writer: Writer, node: ir.Node) -> None:
    """Emit a RESHAPE that changes nothing: a second name for a value, as outputs have."""
    target, number = node.outputs[0], writer.operand(node, 0)
    writer.reshape(number, writer.shape(target), str(target.name), writer.output(target))


def emit_transpose(writer: Writer, node: ir.Node) -> None:
    """Give the operand's tensor another order; it moves only if the result's is not that one."""
    source, target = g.operand(node, 0), node.outputs[0]
    permutation, made = permutation_of(node), writer.order(target)
    order = orders.transposed(writer.order(source), permutation)
    if not orders.same_elements(g.shape_of(target), order, made):
        number, order = writer.tensor(source, tuple(permutation[d] for d in made)), made
    else:
        number = writer.tensor(source)
    stays = writer.integer or affine_of(target) is None
    if stays and order == made and g.constant(source) is None:
        writer.alias(target, number)
        return
    writer.reshape(number, writer.shape(target), str(target.name), writer.output(target))


EMITTERS: Emitters = {
    ("", "Identity"): emit_identity,
    ("", "Reshape"): emit_reshape,
    ("", "Transpose"): emit_transpose,
    ("edgekit", "StoredReshape"): emit_stored_reshape,
}
VERSIONS: Versions = {"TRANSPOSE": (2, 5)}
