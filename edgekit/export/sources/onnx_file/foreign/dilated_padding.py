"""Widened convolutions that keep the size of a map get their padding in numbers."""

from __future__ import annotations

import onnx_ir as ir

from edgekit.export.graph import nodes as g
from edgekit.export.sources.onnx_file import edit


def spell_out(model: ir.Model) -> bool:
    """Give widened convolutions that keep the size of a map their padding in numbers, in place.

    ONNX Runtime computes no others; with strides, it depends on the map's size.
    """
    found = False
    for node in ir.traversal.RecursiveGraphIterator(model.graph):
        get = node.attributes
        mode = get.get_string("auto_pad", "NOTSET") if g.is_op(node, "Conv") else "NOTSET"
        dilations = get.get_ints("dilations", ())
        weight = edit.constant(node.inputs[1]) if mode.startswith("SAME") else None
        if (
            weight is None
            or max(dilations, default=1) == 1
            or max(get.get_ints("strides", (1,))) > 1
        ):
            continue
        sizes = zip(weight.shape[2:], dilations, strict=True)
        total = [(size - 1) * dilation for size, dilation in sizes]
        less, more = [each // 2 for each in total], [each - each // 2 for each in total]
        pads = [*less, *more] if mode == "SAME_UPPER" else [*more, *less]
        del get["auto_pad"]
        edit.set_attribute(node, "pads", pads)
        found = True
    return found
