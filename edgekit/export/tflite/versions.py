"""Operator versions: the number that tells a runtime whether it knows a form of an operator.

A runtime refuses a file that asks for a version it does not have, so each operator asks for the
one that its form came with, as TensorFlow's ``lite/tools/versioning/op_version.cc`` numbers them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TypeAlias

import numpy as np

from edgekit.export.tflite.program import Tensor

Versions: TypeAlias = Mapping[str, tuple[int, int]]
"""By operator: the version of its int8 form and of its int16 form. Others have one form."""

_HYBRID = MappingProxyType({
    "CONV_2D": (2, 5),
    "DEPTHWISE_CONV_2D": (4, 6),
    "FULLY_CONNECTED": (9, 12),
})  # fmt: skip
"""float32 outside, int8 weights: with one scale in all, and with one an output channel."""

_FLOAT16_DEQUANTIZE, _PER_CHANNEL_DEQUANTIZE = 3, 5
_INT16_QUANTIZE = 2
_COARSE_MUL = 3  # the product of the input scales is no smaller than the output scale


def of(
    code: str,
    inputs: Sequence[Tensor],
    outputs: Sequence[Tensor],
    least: int,
    integer: Versions,
) -> int:
    """Return the version of an operator's form.

    Args:
        code: name in the schema's BuiltinOperator.
        inputs: its operands.
        outputs: its results.
        least: version that its options ask for.
        integer: versions of integer forms.
    """
    main = inputs[1 if code == "SPLIT" else 0]
    kind = main.dtype.name
    if code == "QUANTIZE":
        found = _INT16_QUANTIZE if outputs[0].dtype == np.int16 else 1
    elif code == "DEQUANTIZE" and kind == "float16":
        found = _FLOAT16_DEQUANTIZE
    elif code == "DEQUANTIZE" and _is_per_channel(main):
        found = _PER_CHANNEL_DEQUANTIZE
    elif code in _HYBRID and kind == "float32" and inputs[1].dtype == np.int8:
        found = _HYBRID[code][_is_per_channel(inputs[1])]
    elif code == "MUL" and kind == "int8" and _is_coarse(inputs, outputs[0]):
        found = _COARSE_MUL
    elif kind in ("int8", "int16"):
        found = integer.get(code, (1, 1))[kind == "int16"]
    else:
        found = 1
    return max(found, least)


def _is_per_channel(tensor: Tensor) -> bool:
    return tensor.quantization is not None and len(tensor.quantization.scales) > 1


def _is_coarse(inputs: Sequence[Tensor], output: Tensor) -> bool:
    left, right, result = (
        1.0 if tensor.quantization is None else tensor.quantization.scales[0]
        for tensor in (*inputs, output)
    )
    return left * right >= result
