"""Fold a preprocessing that the standard metadata cannot say into the front of a .tflite file.

NormalizationOptions know one mean and one deviation for all channels (MediaPipe refuses more) and
red-green-blue alone. One 1x1 convolution in front of the file takes pixels that are normalized in
that plain way to what the network was made for, so that an app needs the plain way only.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import flatbuffers
import numpy as np
import numpy.typing as npt
from ai_edge_litert import schema_py_generated as tflite

from edgekit.errors import RefusedError
from edgekit.export.tflite.serialize import AlignedBuffer
from edgekit.models import Preprocessing, preprocessing

INPUT = "pixels"
"""Name of the new input."""


def fold(content: bytes, wanted: Preprocessing, name: str) -> tuple[bytes, Preprocessing]:
    """Return the file with a convolution in front, and the preprocessing that it now wants.

    Args:
        content: a .tflite file with one float32 input of shape (1, side, side, 3).
        wanted: the file's preprocessing.
        name: what to call the file in a message.

    Returns:
        The new file, whose input is ``pixel / 127.5 - 1`` in red-green-blue, and that
        preprocessing. Equal arguments give equal bytes.

    Raises:
        RefusedError: the input is of another type or shape (reason "cannot-fold").
    """
    model = tflite.ModelT.InitFromObj(tflite.Model.GetRootAs(content))
    graph = model.subgraphs[0]
    source = graph.tensors[graph.inputs[0]]
    shape = [int(size) for size in source.shape]
    if source.type != tflite.TensorType.FLOAT32 or len(shape) != 4 or shape[3] != 3:
        raise RefusedError(
            f"{name}: the preprocessing can be folded into a float32 NHWC input of 3 channels, "
            f"and this one has the shape {shape} of type {source.type}: leave out "
            "--fold-preprocessing",
            reason_code="cannot-fold",
        )
    plain = replace(
        preprocessing.minus_one_to_one(wanted.crop, wanted.resize),
        interpolation=wanted.interpolation,
    )
    for buffer in model.buffers:
        buffer.__class__ = AlignedBuffer
        if buffer.data is not None:
            buffer.data = np.asarray(buffer.data, np.uint8)
    weights, bias = _affine(wanted, plain)
    _prepend(model, weights, bias)
    builder = flatbuffers.Builder(len(content) + 4096)
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output()), plain


def _affine(
    wanted: Preprocessing, plain: Preprocessing
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Return weights (3, 1, 1, 3) and bias (3,) from the plain input to the wanted one."""
    # pixel = (plain + mean) / scale, channel by channel; its std is 1.
    slope = wanted.scale / plain.scale / np.array(wanted.std)
    offset = (plain.mean[0] / plain.scale * wanted.scale - np.array(wanted.mean)) / wanted.std
    order = np.eye(3) if wanted.channel_order == "RGB" else np.eye(3)[::-1]
    weights = (order * slope[:, None]).reshape(3, 1, 1, 3)
    return weights.astype(np.float32), offset.astype(np.float32)


def _prepend(model: Any, weights: np.ndarray, bias: np.ndarray) -> None:  # noqa: ANN401 -- untyped
    graph = model.subgraphs[0]
    old = int(graph.inputs[0])
    shape = [int(size) for size in graph.tensors[old].shape]
    new = _tensor(graph, INPUT, shape, 0)
    added = [
        _tensor(graph, f"{INPUT}/{part}", list(values.shape), _stored(model, values))
        for part, values in (("weights", weights), ("bias", bias))
    ]
    options = tflite.Conv2DOptionsT()
    options.strideW = options.strideH = 1
    options.padding = tflite.Padding.VALID
    code = tflite.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = tflite.BuiltinOperator.CONV_2D
    code.version = 1
    model.operatorCodes.append(code)
    node = tflite.OperatorT()
    node.opcodeIndex = len(model.operatorCodes) - 1
    node.inputs, node.outputs = [new, *added], [old]
    node.builtinOptionsType, node.builtinOptions = tflite.BuiltinOptions.Conv2DOptions, options
    graph.operators.insert(0, node)
    graph.inputs = [new]
    for signature in model.signatureDefs or []:
        for entry in signature.inputs:
            if entry.tensorIndex == old:
                entry.tensorIndex, entry.name = new, INPUT


def _tensor(graph: Any, name: str, shape: list[int], buffer: int) -> int:  # noqa: ANN401
    tensor = tflite.TensorT()
    tensor.name, tensor.shape, tensor.buffer = name, shape, buffer
    tensor.type, tensor.hasRank = tflite.TensorType.FLOAT32, True
    graph.tensors.append(tensor)
    return len(graph.tensors) - 1


def _stored(model: Any, values: np.ndarray) -> int:  # noqa: ANN401
    buffer = AlignedBuffer()
    buffer.data = np.frombuffer(values.tobytes(), np.uint8)
    model.buffers.append(buffer)
    return len(model.buffers) - 1
