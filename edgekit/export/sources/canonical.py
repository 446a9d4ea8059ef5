"""The canonical graph: ONNX, opset 18, static shapes, float32, batch norm folded, simplified.

Everything after works on this graph. Two doors lead to it: a torch module and an .onnx file. The
opset is a newer one where a file uses operators that came later.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import onnx
import onnx_ir as ir
from onnx_ir.passes.common import (
    ClearMetadataAndDocStringPass,
    DeduplicateInitializersPass,
    RemoveUnusedNodesPass,
)

from edgekit import __version__
from edgekit.errors import RefusedError
from edgekit.export import lowering
from edgekit.export.graph import nodes as g
from edgekit.export.rewriting import rules
from edgekit.export.sources import output_names, torch_graph
from edgekit.export.sources.shapes import USUAL, InputShapes, Shape

if TYPE_CHECKING:
    from torch import nn

IR_VERSION = 10


def from_module(module: nn.Module, inputs: Mapping[str, Shape], outputs: Sequence[str]) -> ir.Model:
    """Return the canonical graph of a torch module.

    Args:
        module: the network; all its inputs are float32.
        inputs: static shapes by name, in the order of ``forward``.
        outputs: names of the outputs, tuples and dicts flattened.

    Raises:
        RefusedError: torch cannot export the module.
    """
    return from_proto(
        output_names.kept(lambda names: torch_graph.to_onnx(module, inputs, names), outputs)
    )


def from_proto(
    proto: onnx.ModelProto, name: str = "the module", asked: InputShapes = USUAL
) -> ir.Model:
    """Return the canonical graph of a valid ONNX model that edgekit can trust.

    Native code works on it in this process; files of others are read by `onnx_file.isolated`.

    Args:
        proto: the model; it is left as it is.
        name: what to call it in messages.
        asked: sizes for what the model leaves open.

    Raises:
        UsageError: ``asked`` contradicts the model.
        RefusedError: sizes that stay open, operators and types that are not taken, or a graph
            that contradicts itself.
    """
    # Files are read in a process of their own: this one seldom needs what reads them.
    from edgekit.export.sources.onnx_file import pipeline

    return from_simplified(pipeline.read(proto, name, asked).simplified, name)


def from_simplified(model: ir.Model, name: str) -> ir.Model:
    """Return the canonical graph of what `onnx_file` has read.

    Args:
        model: standard operators, everything constant folded; it becomes that graph.
        name: what to call it in messages.

    Raises:
        RefusedError: a shape is not fixed, or all outputs are the same for every input.
    """
    model.ir_version = IR_VERSION
    model.producer_name, model.producer_version = "edgekit", __version__
    model.graph.name = "main"
    _refuse_open_shapes(model, name)
    _refuse_constant_outputs(model, name)
    ClearMetadataAndDocStringPass()(model)
    rules.apply(model, lowering.CANONICAL)
    DeduplicateInitializersPass()(model)
    RemoveUnusedNodesPass()(model)
    return model


def _refuse_constant_outputs(model: ir.Model, name: str) -> None:
    outputs = model.graph.outputs
    if outputs and all(ir.convenience.get_const_tensor(value) is not None for value in outputs):
        raise RefusedError(
            f"{name}: what it answers is the same for every input: it needs no network",
            reason_code="constant-output",
        )


_COUNTING = ("Compress", "NonMaxSuppression", "NonZero", "Unique")
"""Operators whose results are as long as what they find."""
_SEARCHED = 2  # of their operands: boxes and scores, or values and which of them


def _refuse_open_shapes(model: ir.Model, name: str) -> None:
    for node in model.graph:
        for value in node.outputs:
            known = value.shape is not None and value.shape.is_static()
            is_used = bool(value.uses()) or value.is_graph_output()
            if not known and value.name and is_used and g.is_op(node, *_COUNTING):
                before = ",".join(
                    str(each.name)
                    for each in node.inputs[:_SEARCHED]
                    if each is not None and g.constant(each) is None
                )
                raise RefusedError(
                    f"{name}: how many rows {node.op_type} {g.label(node)!r} finds depends on the "
                    "input, and edgekit exports networks with static shapes: leave the search to "
                    f"the app, and end before it: --end-at {before}",
                    reason_code="dynamic-shape",
                )
            if not known and value.name and is_used:
                raise RefusedError(
                    f"{name}: the shape of {value.name!r} ({node.op_type}) is not fixed: "
                    "edgekit exports networks with static shapes",
                    reason_code="dynamic-shape",
                )
