"""A convolution of few channels reads several columns as one, with more channels each.

Integer kernels take inputs in fours and make outputs in sixteens, float32 ones in eights, and pay
for every such vector, whether it is full or not; a convolution that makes 2, 4 or 8 channels fills
little of it. In NHWC, neighbouring columns are neighbouring numbers, so the folded map is the same
memory: exact, no operator but two reshapes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import onnx_ir as ir

from edgekit.export.graph import nodes as g
from edgekit.export.graph.annotations import affine_of, is_integer

MOST_CHANNELS = 16
_LARGEST_FOLD = 8
_LEAST_GAIN = 1.3


@dataclass(frozen=True)
class _Kernels:
    """What convolutions cost, counted on a Cortex-A76 from the shapes of MicroNet.

    Attributes:
        depths: inputs that are taken at once: by dot products, and by AVX512.
        width: outputs that are made at once.
        fixed: what such a vector of outputs costs beside its inputs, in inputs: bounds, addresses,
            and of integers the rescaling.
    """

    depths: tuple[int, ...]
    width: int
    fixed: int


_INTEGER, _FLOAT = _Kernels((4, 8), 16, 35), _Kernels((1,), 8, 8)


@dataclass(frozen=True)
class _Columns:
    """How a convolution runs along the width: ``begin`` columns of padding before ``size``."""

    kernels: _Kernels
    channels: int
    outputs: int
    height: int
    kernel: int
    stride: int
    begin: int
    size: int

    def span(self, fold: int) -> tuple[int, int]:
        """Return the first and last folded column that a folded output reads, relative to it."""
        last = fold - self.stride - self.begin + self.kernel - 1
        return math.floor(-self.begin / fold), math.floor(last / fold)

    def cost(self, fold: int, depth: int) -> int:
        """Return what the vectors of a row cost, in inputs, padding of vectors included."""
        first, last = self.span(fold)
        taps, channels = last - first + 1, self.channels * fold
        return self._cost(
            self.size // fold, taps, channels, self.outputs * fold // self.stride, depth
        )

    def plain_cost(self, depth: int) -> int:
        """Return the same for the convolution as it is."""
        places = self.size // self.stride
        return self._cost(places, self.kernel, self.channels, self.outputs, depth)

    def _cost(self, places: int, taps: int, channels: int, outputs: int, depth: int) -> int:
        inputs = self.height * taps * _up(channels, depth)
        return places * (inputs + self.kernels.fixed) * _up(outputs, self.kernels.width)


def rewrite(node: ir.Node) -> bool:
    """Match a convolution whose width can be folded with gain on every kind of kernel."""
    columns = _columns(node)
    if columns is None:
        return False
    folds = [
        fold
        for fold in range(2, _LARGEST_FOLD + 1)
        if columns.size % fold == 0 and fold % columns.stride == 0
    ]
    if not folds:
        return False
    depths = columns.kernels.depths
    best = min(folds, key=lambda fold: columns.cost(fold, depths[0]))
    if any(columns.plain_cost(d) < _LEAST_GAIN * columns.cost(best, d) for d in depths):
        return False
    _fold(node, columns, best)
    return True


def _columns(node: ir.Node) -> _Columns | None:
    """Return how the width is read, if a fold can say the same; None if not."""
    if not g.is_op(node, "Conv") or "folded" in node.meta:
        return None
    weight, get = g.constant(node.inputs[1]), node.attributes
    if weight is None or weight.ndim != 4 or get.get_int("group", 1) != 1:
        return None
    if is_integer(node) and affine_of(node.outputs[0]) is None:
        return None  # an activation is still to be fused into it, whose range its integers have
    if weight.shape[1] > MOST_CHANNELS or get.get_string("auto_pad", "NOTSET") != "NOTSET":
        return None
    if len(node.inputs) > 2 and node.inputs[2] is not None and g.constant(node.inputs[2]) is None:
        return None
    stride, width = get.get_ints("strides", (1, 1))[1], g.shape_of(g.operand(node, 0))[3]
    if any(d != 1 for d in get.get_ints("dilations", (1, 1))):
        return None
    if g.shape_of(node.outputs[0])[3] * stride != width:
        return None
    begin = get.get_ints("pads", (0, 0, 0, 0))[1]
    kernels = _INTEGER if is_integer(node) else _FLOAT
    outputs, channels, height, kernel = weight.shape
    return _Columns(kernels, channels, outputs, height, kernel, stride, begin, width)


def _fold(node: ir.Node, columns: _Columns, fold: int) -> None:
    copies, (first, last) = fold // columns.stride, columns.span(fold)
    source, result, get = g.operand(node, 0), node.outputs[0], node.attributes
    batch, channels, rows, width = g.shape_of(source)
    _, outputs, made_rows, made_width = g.shape_of(result)
    weight = g.constant(node.inputs[1])
    if weight is None:
        raise ValueError("a matched convolution has constant weights")
    height = weight.shape[2]
    spread = np.zeros((copies, outputs, fold, channels, height, last - first + 1), weight.dtype)
    for copy in range(copies):
        for tap in range(columns.kernel):
            place = columns.stride * copy - columns.begin + tap
            spread[copy, :, place % fold, :, :, place // fold - first] = weight[..., tap]
    folded = spread.reshape(copies * outputs, fold * channels, height, -1)
    pads = get.get_ints("pads", (0, 0, 0, 0))
    attributes: dict[str, g.AttributeValue] = {
        "kernel_shape": folded.shape[2:],
        "strides": (get.get_ints("strides", (1, 1))[0], 1),
        "pads": (pads[0], -first, pads[2], last),
    }
    inputs = [
        _stored_as(node, source, (batch, fold * channels, rows, width // fold)),
        g.add_constant(g.graph_of(node), "folded_weight", folded),
    ]
    bias = g.constant(node.inputs[2]) if len(node.inputs) > 2 else None
    if bias is not None:
        inputs.append(g.add_constant(g.graph_of(node), "folded_bias", np.tile(bias, copies)))
    shape = (batch, copies * outputs, made_rows, made_width // copies)
    made = g.insert(node, "Conv", inputs, shape, attributes)
    conv = made.producer()
    if conv is None:
        raise ValueError("an inserted node makes its output")
    conv.meta.update({**node.meta, "folded": True})
    scales = node.meta.get("scales")
    if scales is not None and scales.size > 1:
        conv.meta["scales"] = np.tile(scales, copies)
    if "affine" in result.meta:
        made.meta["affine"] = result.meta["affine"]
    g.replace(node, made if copies == 1 else _stored_as(node, made, g.shape_of(result)))


def _stored_as(node: ir.Node, value: ir.Value, shape: tuple[int, ...]) -> ir.Value:
    """Return the same stored numbers, NHWC, as a map of another shape (NCHW)."""
    reshaped = g.insert(node, "StoredReshape", [value], shape, domain="edgekit")
    if "affine" in value.meta:
        reshaped.meta["affine"] = value.meta["affine"]
    return reshaped


def _up(number: int, step: int) -> int:
    return -(-number // step) * step
