"""The ONNX writer: a lowered graph in, the bytes of a portable .onnx file out."""

from __future__ import annotations

import onnx
import onnx_ir as ir
from onnx_ir.passes.common import RemoveUnusedNodesPass

from edgekit.export.stored_weights import held_file, writing
from edgekit.export.stored_weights.held_file import HeldFile

OWN_TYPE = "own type"
"""Mark of a float32 input: the type that the network's own file has it in, as `ir.DataType`."""


def to_bytes(model: ir.Model, description: str) -> bytes:
    """Return what `content` does, in memory."""
    return held_file.whole(content(model, description))


def content(model: ir.Model, description: str) -> bytes | HeldFile:
    """Return the file: one piece, weights inside, standard operators only.

    Equal graphs give equal bytes. Those of large weights wait in an unnamed file.

    Args:
        model: a graph that went through ``lowering.ONNXRUNTIME``; it is left as it is.
        description: free text for the file's doc_string.

    Raises:
        onnx.checker.ValidationError: the graph is not valid ONNX, a fault in a rule.
        StorageError: there is no room for it in the temporary folder.
    """
    kept = model.clone()
    RemoveUnusedNodesPass()(kept)  # and constants, such as weights that others stand in for
    for value in kept.graph.inputs:
        if OWN_TYPE in value.meta:
            _take_own_type(kept.graph, value)
    proto, weights = writing.without_weights(kept)
    proto.doc_string = description
    onnx.checker.check_model(writing.as_inputs(proto), full_check=True)
    if not weights:
        return bytes(proto.SerializeToString(deterministic=True))
    return held_file.made(lambda file: writing.write(proto, weights, file))


def _take_own_type(graph: ir.Graph, value: ir.Value) -> None:
    """Let the file take what the file that it was made of takes, and go on in float32."""
    cast = ir.node("Cast", [value], attributes={"to": int(ir.DataType.FLOAT)})
    whole = cast.outputs[0]
    whole.name, whole.shape = f"{value.name}_float32", value.shape
    whole.type = ir.TensorType(ir.DataType.FLOAT)
    value.replace_all_uses_with(whole)
    cast.replace_input_with(0, value)
    value.type = ir.TensorType(value.meta[OWN_TYPE])  # clones share the type object
    first = next(iter(graph), None)
    if first is None:
        graph.append(cast)
    else:
        graph.insert_before(first, cast)


def emitted(model: ir.Model) -> list[tuple[ir.Node, tuple[str, ...]]]:
    """Return what each node becomes in the file: itself."""
    return [(node, (node.op_type,)) for node in model.graph]
