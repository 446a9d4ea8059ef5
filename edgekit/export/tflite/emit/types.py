"""Which plain numbers LiteRT's arithmetic takes, and the way round through int32 for others.

LiteRT computes on int8, uint8 and int16 as quantized numbers, which need a scale. Plain ones are
cast to int32 and back: sums and products that leave the narrow type wrap round as ONNX's do.
"""

from __future__ import annotations

from types import MappingProxyType

import numpy as np
import onnx_ir as ir

from edgekit.export.tflite.writer import Writer, refuse

_FLOAT, _WIDE = frozenset({"float32"}), frozenset({"float32", "int32", "int64"})
_ORDERED = _WIDE | {"int16"}
TAKEN = MappingProxyType({
    "ABS": frozenset({"float32", "int32"}),
    "ADD": _WIDE,
    "ARG_MAX": frozenset({"float32", "int8", "uint8", "int32", "bool"}),
    "ARG_MIN": frozenset({"float32", "int8", "uint8", "int32", "bool"}),
    "BITWISE_XOR": frozenset({"int8", "uint8", "int16", "int32"}),
    "CUMSUM": _WIDE,
    "DIV": frozenset({"float32", "int32"}),
    "EQUAL": _ORDERED | {"bool"},
    "FLOOR_MOD": _WIDE,
    "GREATER": _ORDERED,
    "GREATER_EQUAL": _ORDERED,
    "LESS": _ORDERED,
    "LESS_EQUAL": _ORDERED,
    "LOGICAL_AND": frozenset({"bool"}),
    "LOGICAL_NOT": frozenset({"bool"}),
    "LOGICAL_OR": frozenset({"bool"}),
    "MAXIMUM": _WIDE,
    "MINIMUM": _WIDE,
    "MUL": _WIDE,
    "NEG": _WIDE,
    "NOT_EQUAL": _ORDERED | {"bool"},
    "POW": frozenset({"float32", "int32"}),
    "REDUCE_MAX": _WIDE,
    "REDUCE_MIN": _WIDE,
    "REDUCE_PROD": _WIDE,
    "REDUCE_ALL": frozenset({"bool"}),
    "REDUCE_ANY": frozenset({"bool"}),
    "RIGHT_SHIFT": frozenset({"int8", "uint8", "int16", "int32"}),
    "SIGN": frozenset({"float32", "int32"}),
    "SUB": _WIDE,
    "SUM": _WIDE,
    "TOPK_V2": _ORDERED | {"int8", "uint8"},
})  # fmt: skip
"""Element types that a kernel computes as they are; float32 alone for those not listed."""

NARROW = frozenset({"int8", "uint8", "int16"})


def cast(writer: Writer, source: int, dtype: str, target: int | None = None) -> int:
    """Emit CAST of a stored tensor into ``target``, or a new tensor, and return it."""
    tensors = writer.program.tensors
    if target is None:
        name, shape = f"{tensors[source].name}_{dtype}", tensors[source].shape
        target = writer.program.add_tensor(name, shape, np.dtype(dtype))
    kinds = {tensors[source].dtype.name, dtype}
    version = 5 if "float16" in kinds else 3 if "int8" in kinds else 1
    writer.emit("CAST", [source], [target], "CastOptions", version=version)
    return target


def fitted(writer: Writer, node: ir.Node, code: str, source: int) -> int:
    """Return a plain operand in an element type that the kernel takes, cast if need be.

    Raises:
        UnsupportedOperatorError: it takes none that holds these numbers.
    """
    tensor = writer.program.tensors[source]
    kind, taken = tensor.dtype.name, TAKEN.get(code, _FLOAT)
    if kind in taken or tensor.quantization is not None:
        return source
    if kind not in NARROW or "int32" not in taken:
        raise refuse(node, f"{kind} operands are not supported", "dtype")
    if tensor.data is not None:
        return writer.constant(f"{tensor.name}_int32", tensor.data.astype(np.int32))
    return cast(writer, source, "int32")


def widened(writer: Writer, node: ir.Node, source: int) -> int:
    """Return a plain operand of whole numbers as int32.

    Raises:
        UnsupportedOperatorError: int32 does not hold them.
    """
    tensor = writer.program.tensors[source]
    kind = tensor.dtype.name
    if kind == "int32":
        return source
    if kind not in NARROW:
        raise refuse(node, f"{kind} operands are not supported", "dtype")
    if tensor.data is not None:
        return writer.constant(f"{tensor.name}_int32", tensor.data.astype(np.int32))
    return cast(writer, source, "int32")
