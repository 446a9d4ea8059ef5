"""Operators that lowering takes apart: what it has left of them is refused with its reason."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import onnx_ir as ir

from edgekit.export.lowering import (
    attention_as_products,
    deform_conv_as_gathers,
    grid_sample_as_gathers,
    roi_align_as_gathers,
    spectrum_as_products,
    unpool_as_scatter,
    unrolled_recurrence,
)
from edgekit.export.tflite.emit.table import Emitters
from edgekit.export.tflite.versions import Versions
from edgekit.export.tflite.writer import Writer, refuse

_WHY_NOT: Mapping[str, Callable[[ir.Node], tuple[str, str] | None]] = MappingProxyType(
    {
        "Attention": attention_as_products.why_not,
        "DFT": spectrum_as_products.why_not,
        "DeformConv": deform_conv_as_gathers.why_not,
        "GRU": unrolled_recurrence.why_not,
        "GridSample": grid_sample_as_gathers.why_not,
        "LSTM": unrolled_recurrence.why_not,
        "MaxUnpool": unpool_as_scatter.why_not,
        "RNN": unrolled_recurrence.why_not,
        "RoiAlign": roi_align_as_gathers.why_not,
        "STFT": spectrum_as_products.why_not,
    }
)
_REASONS = {
    "OneHot": ("the depth must be constant", "dynamic-depth"),
    "Trilu": ("the diagonal must be constant", "dynamic-diagonal"),
}


def refuse_left(writer: Writer, node: ir.Node) -> None:  # noqa: ARG001  # nothing is emitted
    """Refuse a node that its rule did not match."""
    raise refuse(node, *_REASONS[node.op_type])


def refuse_in_parts(writer: Writer, node: ir.Node) -> None:  # noqa: ARG001  # nothing is emitted
    """Refuse a node that was not taken apart, for its rule's reason."""
    why = _WHY_NOT[node.op_type](node)
    raise refuse(node, *(why or ("it was not taken apart", "unsupported-form")))


EMITTERS: Emitters = {
    **{("", kind): refuse_in_parts for kind in _WHY_NOT},
    **{("", kind): refuse_left for kind in _REASONS},
}
VERSIONS: Versions = {}
