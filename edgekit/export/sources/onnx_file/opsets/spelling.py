"""Names, defaults and number types that were said otherwise."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx_ir as ir

from edgekit.export.sources.onnx_file import edit
from edgekit.export.sources.onnx_file.opsets.base import UnconvertibleError


def default(name: str, value: edit.Attribute) -> Callable[[ir.Node], None]:
    """Return a conversion that says ``value`` where nothing was said."""

    def convert(node: ir.Node) -> None:
        if name not in node.attributes:
            edit.set_attribute(node, name, value)

    return convert


def dropped(*names: str) -> Callable[[ir.Node], None]:
    """Return a conversion that forgets attributes that told runtimes how to work."""

    def convert(node: ir.Node) -> None:
        for name in names:
            node.attributes.pop(name, None)

    return convert


def renamed(before: str, after: str) -> Callable[[ir.Node], None]:
    """Return a conversion that calls an attribute by its new name."""

    def convert(node: ir.Node) -> None:
        attribute = node.attributes.pop(before, None)
        if attribute is not None:
            edit.set_attribute(node, after, attribute.value)

    return convert


def whole_norm(node: ir.Node) -> None:
    """The norm of LpPool and GlobalLpPool was a float."""
    norm = node.attributes.pop("p", None)
    number = 2.0 if norm is None else norm.as_float()
    if number != int(number):
        raise UnconvertibleError(f"its norm {number:g} is not a whole number")
    edit.set_attribute(node, "p", int(number))


def cast_target(node: ir.Node) -> None:
    """Cast's target was a word."""
    target = node.attributes.pop("to", None)
    if target is not None and target.type == ir.AttributeType.STRING:
        edit.set_attribute(node, "to", int(ir.DataType[target.as_string().upper()]))
    elif target is not None:
        node.attributes.add(target)


def direction(node: ir.Node) -> None:
    """The first GRU had a slip of the pen for its default."""
    if node.attributes.get_string("direction", "forward") == "foward":
        edit.set_attribute(node, "direction", "forward")
    node.attributes.pop("output_sequence", None)


def scatter(node: ir.Node) -> None:
    """Scatter is called ScatterElements."""
    node.op_type = "ScatterElements"


def sampling_mode(node: ir.Node) -> None:
    """GridSample's modes are called as Resize's since opset 20."""
    words = {"bilinear": "linear", "bicubic": "cubic"}
    mode = node.attributes.get_string("mode", "bilinear")
    edit.set_attribute(node, "mode", words.get(mode, mode))


def scales_of_channels(node: ir.Node) -> None:
    """GroupNormalization-18 has a scale a group, since opset 21 one a channel."""
    source = node.inputs[0]
    groups = node.attributes.get_int("num_groups", 0)
    if source is None or source.shape is None or not isinstance(source.shape[1], int):
        raise UnconvertibleError("the number of its channels is not known")
    for index in (1, 2):
        array = edit.constant(node.inputs[index])
        if array is None:
            raise UnconvertibleError("its scale or its bias is not constant")
        node.replace_input_with(
            index, edit.literal(node, np.repeat(array, source.shape[1] // groups))
        )
