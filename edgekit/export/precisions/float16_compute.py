"""Leave for float16 arithmetic, where a processor has it; the numbers in the file stay float32.

The entry ``reduced_precision_support`` of a .tflite file's metadata lets the XNNPACK delegate
compute in float16 on Arm cores with Armv8.2 half precision (phones since 2018); elsewhere the file
computes as the float32 one does. ONNX Runtime has no such switch. Whether a network gains is told
by counting, and what its answers lose by `edgekit verify --isa cortex-a76`.
"""

from __future__ import annotations

from types import MappingProxyType

import onnx_ir as ir

ENTRY = "reduced_precision_support"
"""Of the metadata; also the key of `onnx_ir.Model.meta` that the writer reads."""

_FLOAT16_SUMS_IN_FLOAT16 = b"fp16accfp16"


def note(model: ir.Model) -> None:
    """Note the leave on a lowered graph, in place."""
    model.meta[ENTRY] = _FLOAT16_SUMS_IN_FLOAT16


FORMS = MappingProxyType({"tflite": note})
"""The transform of the one format that has it."""
