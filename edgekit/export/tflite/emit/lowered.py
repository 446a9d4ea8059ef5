"""Operators that lowering takes apart: what it has left of them is refused with its reason."""

from __future__ import annotations

import onnx_ir as ir

from edgekit.export.lowering import unrolled_recurrence
from edgekit.export.tflite.emit.table import Emitters
from edgekit.export.tflite.versions import Versions
from edgekit.export.tflite.writer import Writer, refuse


def refuse_recurrence(writer: Writer, node: ir.Node) -> None:  # noqa: ARG001  # no operator is emitted
    """Refuse an LSTM, GRU or RNN that was not unrolled."""
    why = unrolled_recurrence.why_not(node)
    raise refuse(node, *(why or ("the sequence was not unrolled", "unsupported-recurrence")))


EMITTERS: Emitters = {
    ("", "GRU"): refuse_recurrence,
    ("", "LSTM"): refuse_recurrence,
    ("", "RNN"): refuse_recurrence,
}
VERSIONS: Versions = {}
