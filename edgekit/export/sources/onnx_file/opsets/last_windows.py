"""Pools that round up, and whose last window would start behind the map, leave that window out.

ONNX Runtime and PyTorch always have; ONNX says so from opset 22 on, and infers a larger shape
below it.
"""

from __future__ import annotations

from collections.abc import Callable

import onnx_ir as ir

from edgekit.export.graph import nodes as g
from edgekit.export.graph.windows import Axis
from edgekit.export.sources.onnx_file import edit

_POOLS = ("AveragePool", "LpPool", "MaxPool")
_EXPLICIT = ("NOTSET", "VALID")  # the second has no padding


def leave_out(model: ir.Model, infer: Callable[[ir.Model], ir.Model]) -> ir.Model:
    """Return the model with such pools rounding down, which gives the same windows.

    Args:
        model: constants lifted; its pools may be changed in place.
        infer: returns a model with every shape inferred anew.
    """
    changed = any(_may_start_behind(node) for node in model.graph)
    while changed:
        model = infer(model)
        changed = any(_changed(node) for node in model.graph if _may_start_behind(node))
    return model


def _may_start_behind(node: ir.Node) -> bool:
    get = node.attributes
    if not g.is_op(node, *_POOLS) or get.get_string("auto_pad", "NOTSET") not in _EXPLICIT:
        return False
    if not get.get_int("ceil_mode", 0):
        return False
    kernel = get.get_ints("kernel_shape", ())
    ones, none = (1,) * len(kernel), (0,) * 2 * len(kernel)
    ends = get.get_ints("pads", none)[len(kernel) :]
    steps = zip(
        kernel, get.get_ints("strides", ones), get.get_ints("dilations", ones), ends, strict=True
    )
    return any(end + stride > (size - 1) * wide + 1 for size, stride, wide, end in steps)


def _changed(node: ir.Node) -> bool:
    """Let a pool round down where its last window starts behind the map; tell whether it did."""
    source = node.inputs[0]
    if source is None or source.shape is None or not source.shape.is_static():
        return False
    get, sizes = node.attributes, g.shape_of(source)[2:]
    ones = (1,) * len(sizes)
    pads = list(get.get_ints("pads", (0, 0) * len(sizes)))
    strides, dilations = get.get_ints("strides", ones), get.get_ints("dilations", ones)
    begins, ends = pads[: len(sizes)], pads[len(sizes) :]
    axes = []
    for i, kernel in enumerate(get.get_ints("kernel_shape", ())):
        left = sizes[i] + begins[i] + ends[i] - (kernel - 1) * dilations[i] - 1
        steps = -(-left // strides[i]) + 1
        axes.append(Axis(sizes[i], steps, kernel, strides[i], begins[i], dilations[i]))
    if not any(axis.starts_beyond for axis in axes):
        return False
    rounded = [i for i, axis in enumerate(axes) if not axis.starts_beyond and axis.end > ends[i]]
    if not rounded or not get.get_int("count_include_pad", 0):
        for i in rounded:  # rounding down keeps their last windows where the padding goes on
            pads[len(sizes) + i] = axes[i].end
        edit.set_attribute(node, "ceil_mode", 0)
    else:
        for i in (i for i, axis in enumerate(axes) if axis.starts_beyond):
            _cut(node, i, axes[i], pads)
    get.pop("auto_pad", None)
    edit.set_attribute(node, "pads", pads)
    return True


def _cut(node: ir.Node, number: int, axis: Axis, pads: list[int]) -> None:
    """Take off the end of one axis, padding first, what no window reaches but the last."""
    place = len(pads) // 2 + number
    reach = (axis.kernel - 1) * axis.dilation + 1
    spare = axis.size + axis.begin + pads[place] - (axis.steps - 2) * axis.stride - reach
    padding = min(spare, pads[place])
    pads[place] -= padding
    if spare > padding:
        bounds = [0], [axis.size - spare + padding], [number + 2]
        cut = [edit.integers(node, each) for each in bounds]
        node.replace_input_with(0, edit.insert(node, "Slice", [node.inputs[0], *cut]))
