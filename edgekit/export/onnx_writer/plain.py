"""The ONNX writer: a lowered graph in, the bytes of a portable .onnx file out."""

from __future__ import annotations

import onnx
import onnx_ir as ir
from onnx_ir.passes.common import RemoveUnusedNodesPass


def to_bytes(model: ir.Model, description: str) -> bytes:
    """Return the file: one piece, weights inside, standard operators only.

    Equal graphs give equal bytes.

    Args:
        model: a graph that went through ``lowering.ONNXRUNTIME``; it is left as it is.
        description: free text for the file's doc_string.

    Raises:
        onnx.checker.ValidationError: the graph is not valid ONNX, a fault in a rule.
    """
    kept = model.clone()
    RemoveUnusedNodesPass()(kept)  # and constants, such as weights that others stand in for
    proto = ir.to_proto(kept)
    proto.doc_string = description
    onnx.checker.check_model(proto, full_check=True)
    return bytes(proto.SerializeToString(deterministic=True))


def emitted(model: ir.Model) -> list[tuple[ir.Node, tuple[str, ...]]]:
    """Return what each node becomes in the file: itself."""
    return [(node, (node.op_type,)) for node in model.graph]
