"""What was an attribute once and is an input since: axes, sizes, bounds, amounts."""

from __future__ import annotations

from collections.abc import Callable

import onnx_ir as ir

from edgekit.export.sources.onnx_file import edit
from edgekit.export.sources.onnx_file.opsets.base import UnconvertibleError


def integers_as_input(name: str, index: int) -> Callable[[ir.Node], None]:
    """Return a conversion that makes the integers ``name`` the input ``index``."""

    def convert(node: ir.Node) -> None:
        attribute = node.attributes.pop(name, None)
        if attribute is None:
            return
        _pad(node, index + 1)
        numbers = attribute.as_ints() if attribute.type == ir.AttributeType.INTS else None
        values = [attribute.as_int()] if numbers is None else list(numbers)
        node.replace_input_with(index, edit.integers(node, values))

    return convert


def clip(node: ir.Node) -> None:
    """``min`` and ``max``; absent ones bound nothing."""
    source = node.inputs[0]
    bounds: list[ir.Value | None] = []
    for name in ("min", "max"):
        attribute = node.attributes.pop(name, None)
        bounds.append(
            None if attribute is None else edit.scalar(node, attribute.as_float(), source)
        )
    node.resize_inputs(3)
    for index, bound in enumerate(bounds, start=1):
        node.replace_input_with(index, bound)


def pad_amounts(node: ir.Node) -> None:
    """``pads`` and ``value``."""
    pads = node.attributes.pop("pads", None)
    value = node.attributes.pop("value", None)
    if pads is None:
        raise UnconvertibleError("it has no pads")
    node.resize_inputs(3)
    node.replace_input_with(1, edit.integers(node, pads.as_ints()))
    number = 0.0 if value is None else value.as_float()
    node.replace_input_with(2, edit.scalar(node, number, node.inputs[0]))


def slice_bounds(node: ir.Node) -> None:
    """``starts``, ``ends`` and ``axes``."""
    starts, ends = (node.attributes.pop(name, None) for name in ("starts", "ends"))
    axes = node.attributes.pop("axes", None)
    if starts is None or ends is None:
        raise UnconvertibleError("it has no starts or no ends")
    node.resize_inputs(3 if axes is None else 4)
    for index, attribute in enumerate((starts, ends, axes), start=1):
        if attribute is not None:
            node.replace_input_with(index, edit.integers(node, attribute.as_ints()))


def tile_of_one_axis(node: ir.Node) -> None:
    """Tile-1 repeats one axis; both numbers are inputs of one element."""
    tiles, axis = edit.constant(node.inputs[1]), edit.constant(node.inputs[2])
    rank = edit.rank(node.inputs[0])
    if tiles is None or axis is None or rank is None:
        raise UnconvertibleError("its axis or its input's rank is not known")
    repeats = [1] * rank
    repeats[int(axis.item())] = int(tiles.item())
    edit.become(node, "Tile", [node.inputs[0], edit.integers(node, repeats)])


def old_split(node: ir.Node) -> None:
    """Split-1 takes its sizes as an attribute or as an input."""
    if len(node.inputs) == 2:
        sizes = edit.constant(node.inputs[1])
        if sizes is None:
            raise UnconvertibleError("its sizes are not constant")
        node.resize_inputs(1)
        edit.set_attribute(node, "split", [int(size) for size in sizes])


def number_of_splits(node: ir.Node) -> None:
    """Equal parts need their number said since opset 18."""
    if len(node.inputs) < 2 or node.inputs[1] is None:
        edit.set_attribute(node, "num_outputs", len(node.outputs))


def transform_axis(node: ir.Node) -> None:
    """DFT-17 has an axis as an attribute, 1 where none is said."""
    axis = node.attributes.pop("axis", None)
    _pad(node, 3)
    number = 1 if axis is None else axis.as_int()
    node.replace_input_with(2, edit.integers(node, [number]))


def _pad(node: ir.Node, count: int) -> None:
    if len(node.inputs) < count:
        node.resize_inputs(count)
