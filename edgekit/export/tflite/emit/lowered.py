"""Operators that lowering takes apart: what it has left of them is refused with its reason."""

from __future__ import annotations

import onnx_ir as ir

from edgekit.export.lowering import (
    attention_as_products,
    grid_sample_as_gathers,
    unrolled_recurrence,
)
from edgekit.export.tflite.emit.table import Emitters
from edgekit.export.tflite.versions import Versions
from edgekit.export.tflite.writer import Writer, refuse

_REASONS = {
    "OneHot": ("the depth must be constant", "dynamic-depth"),
    "Trilu": ("the diagonal must be constant", "dynamic-diagonal"),
}


def refuse_left(writer: Writer, node: ir.Node) -> None:  # noqa: ARG001  # nothing is emitted
    """Refuse a node that its rule did not match."""
    raise refuse(node, *_REASONS[node.op_type])


def refuse_attention(writer: Writer, node: ir.Node) -> None:  # noqa: ARG001  # nothing is emitted
    """Refuse an Attention that was not taken apart."""
    why = attention_as_products.why_not(node)
    raise refuse(node, *(why or ("it was not taken apart", "unsupported-attention")))


def refuse_sampling(writer: Writer, node: ir.Node) -> None:  # noqa: ARG001  # nothing is emitted
    """Refuse a GridSample that was not made of Gathers."""
    raise refuse(node, *grid_sample_as_gathers.why_not(node))


def refuse_recurrence(writer: Writer, node: ir.Node) -> None:  # noqa: ARG001  # nothing is emitted
    """Refuse an LSTM, GRU or RNN that was not unrolled."""
    why = unrolled_recurrence.why_not(node)
    raise refuse(node, *(why or ("the sequence was not unrolled", "unsupported-recurrence")))


EMITTERS: Emitters = {
    ("", "Attention"): refuse_attention,
    ("", "GRU"): refuse_recurrence,
    ("", "GridSample"): refuse_sampling,
    ("", "LSTM"): refuse_recurrence,
    ("", "OneHot"): refuse_left,
    ("", "RNN"): refuse_recurrence,
    ("", "Trilu"): refuse_left,
}
VERSIONS: Versions = {}
