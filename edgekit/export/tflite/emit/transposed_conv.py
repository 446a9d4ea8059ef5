"""ConvTranspose: TRANSPOSE_CONV or CONV_3D_TRANSPOSE, and a SLICE where the padding is another."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from edgekit.export.graph import nodes as g
from edgekit.export.graph import orders, windows
from edgekit.export.tflite.emit import activation, spatial, weights
from edgekit.export.tflite.emit.table import Emitters
from edgekit.export.tflite.program import OptionValue
from edgekit.export.tflite.versions import Versions
from edgekit.export.tflite.writer import Writer, refuse

_BIAS_VERSION, _ACTIVATION_VERSION = 3, 4


def emit(writer: Writer, node: ir.Node) -> None:
    """Weights IOHW become OHWI, IODHW become DHWOI; a missing bias is zero.

    Dilated weights are spread out with zeros. Where the output is a part of what the windows make,
    all of it is made and sliced.
    """
    if node.attributes.get_int("group", 1) != 1:
        raise refuse(node, "groups over a volume or with computed weights", "grouped-transposed")
    if not windows.is_windowed(node):
        raise ValueError(f"the padding of {g.label(node)!r} was not lowered")
    axes, shape = spatial.windows_of(node), g.shape_of(node.outputs[0])
    reaches = [(axis.kernel - 1) * axis.dilation + 1 for axis in axes]
    whole = [(axis.size - 1) * axis.stride + r for axis, r in zip(axes, reaches, strict=True)]
    # output_padding beyond the last window holds the bias alone: weights of zero reach there.
    missing = [
        max(axis.begin + size - made, 0)
        for axis, size, made in zip(axes, shape[2:], whole, strict=True)
    ]
    order = (1, 2, 3, 0) if len(axes) == 2 else (2, 3, 4, 1, 0)
    kernel = _kernel(writer, node, axes, missing, order)
    whole = [made + more for made, more in zip(whole, missing, strict=True)]
    reaches = [reach + more for reach, more in zip(reaches, missing, strict=True)]
    padding, made = _scheme(axes, shape[2:], reaches, whole)
    source = writer.tensor(node.inputs[0], orders.channels_last(len(shape)))
    values: dict[str, OptionValue] = {
        "padding": padding,
        "fusedActivationFunction": activation.fused(node),
    }
    for name, axis in zip("DHW"[-len(axes) :], axes, strict=True):
        values[f"stride{name}"] = axis.stride
    stored = (shape[0], *made, shape[1])
    size = writer.constant("output_shape", np.array(stored, dtype=np.int32))
    inputs = [size, kernel, source, weights.bias(writer, node, shape[1])]
    target = writer.output(node.outputs[0])
    is_whole = tuple(made) == shape[2:]
    result = target if is_whole else writer.temporary(f"{g.label(node)}_whole", stored, target)
    if len(axes) == 2:
        version = _ACTIVATION_VERSION if activation.fused(node) else _BIAS_VERSION
        code, options = "TRANSPOSE_CONV", "TransposeConvOptions"
        writer.emit(code, inputs, [result], options, values, version=version)
    else:
        writer.emit("CONV_3D_TRANSPOSE", inputs, [result], "Conv3DOptions", values)
    if not is_whole:
        begins = np.array([0, *(axis.begin for axis in axes), 0], dtype=np.int32)
        sizes = np.array(writer.shape(node.outputs[0]), dtype=np.int32)
        cut = [result, writer.constant("slice_begin", begins), writer.constant("slice_size", sizes)]
        writer.emit("SLICE", cut, [target], "SliceOptions")


def _scheme(
    axes: tuple[windows.Axis, ...],
    sizes: tuple[int, ...],
    reaches: list[int],
    whole: list[int],
) -> tuple[int, list[int]]:
    """Return the padding scheme and the sizes to ask for: those of the output where one fits."""
    if list(sizes) == whole and not any(axis.begin for axis in axes):
        return spatial.VALID, whole
    is_same = all(
        -(-size // axis.stride) == axis.size
        and axis.begin == max((axis.size - 1) * axis.stride + reach - size, 0) // 2
        for axis, size, reach in zip(axes, sizes, reaches, strict=True)
    )
    return (spatial.SAME, list(sizes)) if is_same else (spatial.VALID, whole)


def _kernel(
    writer: Writer,
    node: ir.Node,
    axes: tuple[windows.Axis, ...],
    missing: list[int],
    order: tuple[int, ...],
) -> int:
    if all(axis.dilation == 1 for axis in axes) and not any(missing):
        return weights.of_layer(writer, node, order, order.index(1))
    weight = g.constant(node.inputs[1])
    if weight is None:
        raise refuse(node, "dilated or widened weights that are computed", "dynamic-weights")
    sizes = [
        (axis.kernel - 1) * axis.dilation + 1 + more
        for axis, more in zip(axes, missing, strict=True)
    ]
    spread = np.zeros((*weight.shape[:2], *sizes), weight.dtype)
    taps = tuple(slice(0, (a.kernel - 1) * a.dilation + 1, a.dilation) for a in axes)
    spread[(slice(None), slice(None), *taps)] = weight
    stored = np.ascontiguousarray(spread.transpose(order))
    return weights.add_weight(writer, node, stored, order.index(1))


EMITTERS: Emitters = {
    ("", "ConvTranspose"): emit,
}
VERSIONS: Versions = {}
