"""MatMulNBits: a matrix product with weights of a few bits, a scale for each block of them."""

from __future__ import annotations

import math

import numpy as np
import onnx_ir as ir

from edgekit.export.sources.onnx_file import edit
from edgekit.export.sources.onnx_file.foreign.base import UnknownFormError, padded


def matmul(node: ir.Node) -> None:
    """Put the product with the real weights in its place; they are (columns, rows) in blocks."""
    source, packed, scales, zeros, order, bias = padded(node, 6)
    get = node.attributes
    rows, columns = get.get_int("K", 0), get.get_int("N", 0)
    bits, block = get.get_int("bits", 4), get.get_int("block_size", 0)
    codes, steps, offsets = (edit.constant(value) for value in (packed, scales, zeros))
    if codes is None or steps is None or (zeros is not None and offsets is None):
        raise UnknownFormError("its weights are computed")
    if block < 1:
        raise UnknownFormError(f"its blocks hold {block} weights")
    if order is not None or bits not in (2, 4, 8):
        raise UnknownFormError("its rows are in another order, or its bits are not 2, 4 or 8")
    blocks = math.ceil(rows / block)
    numbers = unpacked(codes.reshape(columns, -1), bits)[:, : blocks * block]
    if offsets is None:
        offsets = np.full((columns, blocks), 1 << (bits - 1))
    elif offsets.dtype == np.uint8:
        offsets = unpacked(offsets.reshape(columns, -1), bits)[:, :blocks]
    less = numbers.reshape(columns, blocks, block) - offsets.reshape(columns, blocks, 1)
    real = less.astype(np.float32) * steps.reshape(columns, blocks, 1).astype(np.float32)
    matrix = real.reshape(columns, -1)[:, :rows].T.astype(steps.dtype)
    product = edit.insert(node, "MatMul", [source, edit.literal(node, matrix)])
    if bias is None:
        edit.become(node, "Identity", [product])
    else:
        edit.become(node, "Add", [product, bias])


def unpacked(packed: np.ndarray, bits: int) -> np.ndarray:
    """Return the numbers of each row, the lowest bits of a byte first: int32."""
    shifts = np.arange(0, 8, bits)
    found = packed[:, :, None].astype(np.int32) >> shifts & ((1 << bits) - 1)
    return found.reshape(len(packed), -1)
