"""A depthwise convolution of a large window becomes the sum of some with small, dilated ones.

XNNPACK's depthwise kernels have at most 25 taps; a larger window (ConvNeXt's and StarNet's 7x7) it
computes channel by channel, in six times the time of its parts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import onnx_ir as ir

from edgekit.export.expansion import tap_groups
from edgekit.export.expansion.tap_groups import Run
from edgekit.export.graph import nodes as g
from edgekit.export.graph import windows
from edgekit.export.lowering.permutation_into_conv import is_plain_depthwise


@dataclass(frozen=True)
class _Part:
    """What some taps read along one axis: from where to where of the input, and beyond it."""

    start: int
    end: int
    before: int
    after: int
    dilation: int


def rewrite(node: ir.Node) -> bool:
    """Match a convolution of maps that makes one channel of each."""
    if not (windows.is_windowed(node) and is_plain_depthwise(node)):
        return False
    weight = g.constant(node.inputs[1])
    if weight is None or weight.ndim != 4:
        return False
    height, width = windows.axes_of(node)
    if height.kernel * width.kernel <= tap_groups.MOST_TAPS:
        return False
    read = []
    for rows, columns in tap_groups.share_out(height.kernel, width.kernel) or ():
        parts = _part(height, rows), _part(width, columns)
        if all(part.start < part.end for part in parts):  # others read nothing but padding
            read.append((weight[:, :, rows.of_all][..., columns.of_all], parts))
    if not read:
        return False
    sums = [_insert(node, *read[0], node.inputs[2:])]
    for taps, parts in read[1:]:
        operands = [sums[-1], _insert(node, taps, parts)]
        sums.append(g.insert(node, "Add", operands, g.shape_of(sums[0])))
    g.replace(node, sums[-1])
    return True


def _part(axis: windows.Axis, run: Run) -> _Part:
    first = run.first * axis.dilation - axis.begin
    last = (axis.steps - 1) * axis.stride + run.last * axis.dilation - axis.begin
    end = axis.size if axis.size - 1 - last < axis.stride else last + 1  # no further step
    return _Part(
        max(first, 0), min(end, axis.size),
        max(-first, 0), max(last + 1 - axis.size, 0),
        run.step * axis.dilation,
    )  # fmt: skip


def _insert(
    node: ir.Node,
    taps: np.ndarray,
    parts: tuple[_Part, _Part],
    bias: Sequence[ir.Value | None] = (),
) -> ir.Value:
    """Insert the convolution of some taps."""
    source = g.operand(node, 0)
    for axis, part in enumerate(parts, start=2):
        source = g.sliced(node, source, axis, part.start, part.end - part.start)
    weight = g.add_constant(g.graph_of(node), f"{g.label(node)}_taps", taps.copy())
    attributes = windows.scalars(node) | {
        "kernel_shape": taps.shape[2:],
        "strides": tuple(node.attributes.get_ints("strides", (1, 1))),
        "dilations": tuple(part.dilation for part in parts),
        "pads": (*(part.before for part in parts), *(part.after for part in parts)),
    }
    shape = g.shape_of(node.outputs[0])
    return g.insert(node, "Conv", [source, weight, *bias], shape, attributes)
