"""The table of emitters: one line an operator.

Adding an operator: a function ``(writer, node)`` in the file of its kind, one line here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import onnx_ir as ir

from edgekit.export.tflite.emit import (
    activation,
    channels,
    conv,
    elementwise,
    gemm,
    joining,
    pool,
    reordering,
    requantization,
)
from edgekit.export.tflite.writer import Writer

Emitter: TypeAlias = Callable[[Writer, ir.Node], None]

EMITTERS: dict[tuple[str, str], Emitter] = {
    ("", "Add"): elementwise.emit,
    ("", "AveragePool"): pool.emit,
    ("", "Clip"): activation.emit_clip,
    ("", "Concat"): joining.emit_concat,
    ("", "Conv"): conv.emit,
    ("", "Div"): elementwise.emit,
    ("", "Gather"): channels.emit_gather,
    ("", "Gemm"): gemm.emit,
    ("", "GlobalAveragePool"): pool.emit_global,
    ("", "HardSwish"): activation.emit,
    ("", "Identity"): reordering.emit_identity,
    ("", "LeakyRelu"): activation.emit_leaky_relu,
    ("", "MatMul"): gemm.emit,
    ("", "Max"): elementwise.emit_extremum,
    ("", "MaxPool"): pool.emit,
    ("", "Min"): elementwise.emit_extremum,
    ("", "Mul"): elementwise.emit,
    ("", "Pad"): reordering.emit_pad,
    ("", "Relu"): activation.emit,
    ("", "Reshape"): reordering.emit_reshape,
    ("", "Sigmoid"): activation.emit,
    ("", "Slice"): joining.emit_slice,
    ("", "Softmax"): activation.emit_softmax,
    ("", "Split"): joining.emit_split,
    ("", "Sqrt"): activation.emit,
    ("", "Sub"): elementwise.emit,
    ("", "Tanh"): activation.emit,
    ("", "Transpose"): reordering.emit_transpose,
    ("edgekit", "ChannelRoll"): channels.emit_roll,
    ("edgekit", "ChannelShuffle"): channels.emit_shuffle,
    ("edgekit", "StoredReshape"): reordering.emit_stored_reshape,
    ("edgekit", "Requantize"): requantization.emit,
    ("edgekit", "SpatialMean"): pool.emit_global,
}
