"""What masks and the order of rows add to the scores of an attention."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from edgekit.export.sources.onnx_file import edit
from edgekit.export.sources.onnx_file.foreign.attention import heads
from edgekit.export.sources.onnx_file.foreign.base import UnknownFormError, UnknownRankError

_LOWEST = float(np.finfo(np.float32).min)


def of_order(node: ir.Node, query: ir.Value, key: ir.Value) -> ir.Value:
    """Return what keeps each row from the columns behind it; the last row sees all."""
    ends = [edit.insert(node, "Squeeze", [heads.length(node, each)]) for each in (query, key)]
    zero, one = heads.number(node, 0), heads.number(node, 1)
    row, column = (edit.insert(node, "Range", [zero, end, one]) for end in ends)
    ahead = edit.insert(node, "Sub", [ends[1], ends[0]])
    last = edit.insert(node, "Add", [row, ahead])
    upright = edit.insert(node, "Unsqueeze", [last, edit.integers(node, [1])])
    seen = edit.insert(node, "LessOrEqual", [column, upright])
    never = [edit.scalar(node, number) for number in (0, _LOWEST)]
    return edit.insert(node, "Where", [seen, *never])


def of_integers(node: ir.Node, mask: ir.Value | None, key: ir.Value) -> ir.Value | None:
    """Return what a mask of integers adds to the scores: nothing where it is positive."""
    if mask is None:
        return None
    rank = edit.rank(mask)
    if rank is None:
        raise UnknownRankError
    number = node.attributes.get_float("mask_filter_value", -10000.0)
    if rank == 1:
        seen = _within(node, mask, key)
    elif rank in (2, 3):
        seen = edit.insert(node, "Greater", [mask, edit.literal(node, np.array(0, np.int32))])
    else:
        raise UnknownFormError("its mask has four dimensions")
    axes = edit.integers(node, [1] if rank == 3 else [1, 2])
    lifted = edit.insert(node, "Unsqueeze", [seen, axes])
    return edit.insert(node, "Where", [lifted, edit.scalar(node, 0), edit.scalar(node, number)])


def _within(node: ir.Node, lengths: ir.Value, key: ir.Value) -> ir.Value:
    """Return which keys are within the lengths of a batch's sequences: (batch, keys)."""
    end = edit.insert(node, "Squeeze", [heads.length(node, key)])
    places = edit.insert(node, "Range", [heads.number(node, 0), end, heads.number(node, 1)])
    limits = edit.insert(node, "Cast", [lengths], {"to": int(ir.DataType.INT64)})
    upright = edit.insert(node, "Unsqueeze", [limits, edit.integers(node, [1])])
    return edit.insert(node, "Less", [places, upright])
