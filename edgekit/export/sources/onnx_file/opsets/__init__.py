"""From every opset to the canonical one.

Adding a conversion: one function in the file of its kind, one line of the table.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import onnx
import onnx_ir as ir

from edgekit.errors import RefusedError, UnsupportedOperatorError
from edgekit.export.graph import nodes as g
from edgekit.export.sources.onnx_file import edit
from edgekit.export.sources.onnx_file.opsets import (
    attributes_as_inputs as inputs,
)
from edgekit.export.sources.onnx_file.opsets import (
    broadcasting,
    flattening_softmax,
    normalizing,
    oldest,
    resizing,
    spelling,
)
from edgekit.export.sources.onnx_file.opsets.base import UnconvertibleError

CANONICAL = edit.CANONICAL_OPSET

_BINARY = ("Add", "Sub", "Mul", "Div", "Pow", "And", "Or", "Xor", "Equal", "Greater", "Less")
_REDUCTIONS = tuple(
    f"Reduce{name}"
    for name in ("L1", "L2", "LogSum", "LogSumExp", "Max", "Mean", "Min", "Prod", "SumSquare")
)


_IN_RUNTIMES_BEFORE = ("LayerNormalization", "ThresholdedRelu", "Trilu")
"""Operators that runtimes had, under the standard's name, before the standard took them as such."""


_SAID = {
    "MeanVarianceNormalization": spelling.default("axes", (0, 2, 3)),
    "STFT": spelling.default("onesided", 1),
}
"""Defaults that are always spelled out: onnx infers shapes as if they were others, or none."""

_SHORTS = (ir.DataType.INT16, ir.DataType.UINT16)


@dataclass(frozen=True)
class Change:
    """One change of the standard.

    Attributes:
        opset: the first in which the new form holds.
        operators: whose form changed.
        convert: makes a node of the old form one of the new, in place.
    """

    opset: int
    operators: tuple[str, ...]
    convert: Callable[[ir.Node], None]


CHANGES = (
    Change(2, ("Pad",), spelling.renamed("paddings", "pads")),
    Change(2, ("Split",), inputs.old_split),
    Change(2, ("Split",), spelling.default("axis", 0)),
    Change(2, ("GlobalLpPool", "LpPool"), spelling.whole_norm),
    Change(4, ("Concat",), spelling.default("axis", 1)),
    Change(5, ("Reshape",), inputs.integers_as_input("shape", 1)),
    Change(6, ("Selu",), spelling.default("alpha", 1.6732)),
    Change(6, ("Selu",), spelling.default("gamma", 1.0507)),
    Change(6, ("Tile",), inputs.tile_of_one_axis),
    Change(6, ("Cast",), spelling.cast_target),
    Change(7, _BINARY, broadcasting.align),
    Change(7, ("Gemm",), broadcasting.gemm),
    Change(7, ("PRelu",), broadcasting.slopes),
    Change(7, ("GRU", "LSTM", "RNN"), spelling.direction),
    Change(7, ("BatchNormalization",), normalizing.said_mode),
    Change(7, ("Upsample",), resizing.height_and_width),
    Change(9, ("Upsample",), resizing.factors_as_input),
    Change(9, ("BatchNormalization",), normalizing.per_element),
    Change(10, ("Slice",), inputs.slice_bounds),
    Change(10, ("TopK",), inputs.integers_as_input("k", 1)),
    Change(11, ("Upsample", "Resize"), resizing.upsample),
    Change(11, ("Clip",), inputs.clip),
    Change(11, ("Pad",), inputs.pad_amounts),
    Change(11, ("Scatter",), spelling.scatter),
    Change(12, ("Dropout",), normalizing.dropout),
    Change(13, ("Hardmax", "LogSoftmax", "Softmax"), flattening_softmax.convert),
    Change(13, ("ReduceSum", "Squeeze", "Unsqueeze"), inputs.integers_as_input("axes", 1)),
    Change(13, ("Resize",), resizing.half_pixels_of_tensorflow),
    Change(13, ("Split",), inputs.integers_as_input("split", 1)),
    Change(14, ("BatchNormalization",), normalizing.statistics),
    Change(18, _REDUCTIONS, inputs.integers_as_input("axes", 1)),
    Change(18, ("Split",), inputs.number_of_splits),
    Change(20, ("DFT",), inputs.transform_axis),
    Change(20, ("GridSample",), spelling.sampling_mode),
    Change(21, ("GroupNormalization",), spelling.scales_of_channels),
)
"""Every change between two opsets that says the same in other words, in their order."""


def convert(model: ir.Model, name: str) -> None:
    """Bring every graph and function of ``model`` to one opset, in place.

    Args:
        model: of any opset; ranks should be known where they can be.
        name: what to call it in messages.

    Raises:
        RefusedError: an operator's form has no counterpart (``opset``).
    """
    holders: list[ir.Graph | ir.Function] = [model.graph, *model.functions.values()]
    own = [holder.opset_imports.get("", holder.opset_imports.get("ai.onnx")) for holder in holders]
    nodes = [
        (node, node.version or opset or CANONICAL)
        for holder, opset in zip(holders, own, strict=True)
        for node in ir.traversal.RecursiveGraphIterator(holder)
        if node.domain in ("", "ai.onnx")
    ]
    for node, opset in nodes:
        node.domain = ""
        _refuse_unknown(node, opset, name)
    target = max((_needed(node, opset) for node, opset in nodes), default=CANONICAL)
    for node, opset in nodes:
        if opset > target:
            oldest.forget_defaults(node, target)
        _raise(node, opset, target, name)
        if node.op_type in _SAID:
            _SAID[node.op_type](node)
    for holder in holders:
        holder.opset_imports[""] = target
        holder.opset_imports.pop("ai.onnx", None)


def _needed(node: ir.Node, opset: int) -> int:
    """Return the oldest opset, canonical or newer, that can say what ``node`` says."""
    if node.op_type == "GroupNormalization":
        return 21  # before, its scales were the groups' and no runtime had a kernel for it
    if g.is_op(node, "DequantizeLinear", "QuantizeLinear") and len(node.inputs) > 2:
        zero = node.inputs[2]
        if zero is not None and zero.dtype in _SHORTS:
            return 21  # before, ONNX Runtime alone had them
    return oldest.needed_by(node, opset, CANONICAL)


def _raise(node: ir.Node, opset: int, target: int, name: str) -> None:
    if opset < 6:
        node.attributes.pop("consumed_inputs", None)
    for change in CHANGES:
        if opset < change.opset <= target and node.op_type in change.operators:
            try:
                change.convert(node)
            except UnconvertibleError as error:
                raise RefusedError(
                    f"{name} has opset {opset}, and its {node.op_type} {g.label(node)!r} cannot be "
                    f"said in opset {target}: {error}; export it again with a newer opset",
                    reason_code="opset",
                ) from error


def _refuse_unknown(node: ir.Node, opset: int, name: str) -> None:
    if node.op_type in _IN_RUNTIMES_BEFORE:
        return
    if not onnx.defs.has(node.op_type, min(opset, onnx.defs.onnx_opset_version()), ""):
        raise UnsupportedOperatorError(
            node.op_type,
            g.label(node),
            f"opset {opset} has no such operator",
            f"{name} was made by another version of the standard: export it again",
            reason_code="foreign-operator",
        )
