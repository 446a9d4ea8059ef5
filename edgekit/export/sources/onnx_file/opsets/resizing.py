"""Upsample, and Resize as it was at first, become Resize with its ways said.

Both place the first elements over each other ("asymmetric"). Their nearest neighbour is the one
before, except that ONNX Runtime, which defines what these files mean, takes the one after where
an axis shrinks.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from edgekit.export.sources.onnx_file import edit
from edgekit.export.sources.onnx_file.opsets.base import UnconvertibleError


def height_and_width(node: ir.Node) -> None:
    """Upsample-1 has two factors, of a map."""
    height, width = (node.attributes.pop(f"{name}_scale", None) for name in ("height", "width"))
    if height is None or width is None:
        raise UnconvertibleError("it has no height_scale or no width_scale")
    factors = [1.0, 1.0, height.as_float(), width.as_float()]
    edit.set_attribute(node, "scales", factors)


def factors_as_input(node: ir.Node) -> None:
    """Upsample-7 has its factors as an attribute."""
    scales = node.attributes.pop("scales", None)
    if scales is None:
        raise UnconvertibleError("it has no scales")
    node.resize_inputs(2)
    node.replace_input_with(1, edit.literal(node, np.array(scales.as_floats(), dtype=np.float32)))


def upsample(node: ir.Node) -> None:
    """Upsample-9 and Resize-10 have their factors as the second input."""
    source, scales = node.inputs
    mode = node.attributes.get_string("mode", "nearest")
    attributes: dict[str, edit.Attribute] = {
        "mode": "linear" if mode in ("linear", "bilinear") else mode,
        "coordinate_transformation_mode": "asymmetric",
    }
    if mode == "nearest":
        attributes["nearest_mode"] = _nearest(scales)
    edit.become(node, "Resize", [source, None, scales], attributes)


def _nearest(scales: ir.Value | None) -> str:
    factors = edit.constant(scales)
    if factors is None or (factors >= 1).all():
        return "floor"
    if (factors <= 1).all():
        return "ceil"
    raise UnconvertibleError("it shrinks one axis and grows another")


def half_pixels_of_tensorflow(node: ir.Node) -> None:
    """Resize-11 knew TensorFlow's half pixels, by which (i + 0.5) / scale is rounded down."""
    name = "coordinate_transformation_mode"
    if node.attributes.get_string(name, "half_pixel") != "tf_half_pixel_for_nn":
        return
    if node.attributes.get_string("nearest_mode", "round_prefer_floor") != "floor":
        raise UnconvertibleError("tf_half_pixel_for_nn is understood with nearest_mode floor only")
    edit.set_attribute(node, name, "half_pixel")
    edit.set_attribute(node, "nearest_mode", "round_prefer_ceil")
