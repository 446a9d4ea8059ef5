"""Tables of ONNX Runtime's own: sums of embeddings that are normalized, rows in blocks."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from edgekit.export.sources.onnx_file import edit
from edgekit.export.sources.onnx_file.foreign.base import UnknownFormError, give, padded
from edgekit.export.sources.onnx_file.foreign.quantized.blockwise_weights import unpacked


def normalized(node: ir.Node) -> None:
    """EmbedLayerNormalization: words, places and segments are added and normalized."""
    words, segments, *tables, gamma, beta, mask, places = padded(node, 9)
    _sum(node, (words, segments, places), tables, (gamma, beta), mask)


def quantized(node: ir.Node) -> None:
    """QEmbedLayerNormalization: all its tables are stored as integers."""
    words, segments, *tables, mask = padded(node, 18)[:8]
    steps = zip(tables, padded(node, 18)[8:13], padded(node, 18)[13:18], strict=True)
    real = [
        None if table is None else edit.insert(node, "DequantizeLinear", [table, step, zero])
        for table, step, zero in steps
    ]
    _sum(node, (words, segments, None), real[:3], (real[3], real[4]), mask)


def _sum(
    node: ir.Node,
    indices: tuple[ir.Value | None, ...],
    tables: list[ir.Value | None],
    norm: tuple[ir.Value | None, ir.Value | None],
    mask: ir.Value | None,
) -> None:
    words, segments, places = indices
    total = edit.insert(node, "Gather", [tables[0], words], {"axis": 0})
    if segments is not None and tables[2] is not None:
        part = edit.insert(node, "Gather", [tables[2], segments], {"axis": 0})
        total = edit.insert(node, "Add", [total, part])
    if places is None:
        count = edit.insert(node, "Shape", [words], {"start": 1, "end": 2})
        ends = [edit.literal(node, np.array(number, np.int64)) for number in (0, 1)]
        places = edit.insert(
            node, "Range", [ends[0], edit.insert(node, "Squeeze", [count]), ends[1]]
        )
    total = edit.insert(
        node, "Add", [total, edit.insert(node, "Gather", [tables[1], places], {"axis": 0})]
    )
    outputs = list(node.outputs)
    if len(outputs) > 1:
        give(outputs[1], _lengths(node, words, mask))
    if len(outputs) > 2:
        give(outputs[2], edit.insert(node, "Identity", [total]))
    node.resize_outputs(1)
    attributes = {"axis": -1, "epsilon": node.attributes.get_float("epsilon", 1e-12)}
    edit.become(node, "LayerNormalization", [total, *norm], attributes)


def _lengths(node: ir.Node, words: ir.Value | None, mask: ir.Value | None) -> ir.Value:
    """Return how many ones each sequence's mask has: int32, 0 without a mask."""
    zero, one = (edit.literal(node, np.array(number, np.int32)) for number in (0, 1))
    if mask is None:
        ones = edit.insert(node, "Mul", [words, zero])
    else:
        is_one = edit.insert(node, "Equal", [mask, one])
        ones = edit.insert(node, "Cast", [is_one], {"to": int(ir.DataType.INT32)})
    return edit.insert(node, "ReduceSum", [ones, edit.integers(node, [1])], {"keepdims": 0})


def rows_in_blocks(node: ir.Node) -> None:
    """GatherBlockQuantized: rows of a table that has a scale for each block of numbers."""
    table, indices, steps, zeros = padded(node, 4)
    get = node.attributes
    codes, scales, offsets = (edit.constant(value) for value in (table, steps, zeros))
    if codes is None or scales is None or (zeros is not None and offsets is None):
        raise UnknownFormError("its table is computed")
    axis, block, bits = (
        get.get_int("quantize_axis", 1),
        get.get_int("block_size", 128),
        get.get_int("bits", 4),
    )
    is_packed = codes.dtype == np.uint8 and bits < 8
    if is_packed:
        codes = _apart(codes, bits)
        offsets = None if offsets is None else _apart(offsets, bits)
    real = codes.astype(np.float32)
    middle = 1 << (bits - 1) if table is not None and table.dtype == ir.DataType.UINT8 else 0
    wide = [
        np.repeat(each.astype(np.float32), block, axis).take(range(real.shape[axis]), axis)
        for each in (scales, np.full(scales.shape, middle) if offsets is None else offsets)
    ]
    numbers = ((real - wide[1]) * wide[0]).astype(scales.dtype)
    attributes = {"axis": get.get_int("gather_axis", 0)}
    edit.become(node, "Gather", [edit.literal(node, numbers), indices], attributes)


def _apart(packed: np.ndarray, bits: int) -> np.ndarray:
    """Return the numbers of which several lie in each byte of the last axis."""
    rows = unpacked(packed.reshape(-1, packed.shape[-1]), bits)
    return rows.reshape(*packed.shape[:-1], -1)
