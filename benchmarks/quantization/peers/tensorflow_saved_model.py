"""Rebuild a float .onnx file in TensorFlow and save it, for TensorFlow's own converter.

    python tensorflow_saved_model.py FLOAT.onnx IMAGES.npy ANSWERS.npy SAVED_MODEL

Knows the operators of edgekit's canonical graphs. Image maps become NHWC, as TensorFlow wants
them; padding becomes "SAME" where it is that. Fails, and saves nothing, if an operator is unknown
or if an answer differs from ANSWERS by 1e-4 or more of the range of its image's answers.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import tensorflow as tf
from calibration import Images

TOLERANCE = 1e-4
Operands = list[Any]
Attributes = dict[str, Any]


def to_nhwc(value: Any) -> Any:  # noqa: ANN401 -- constants and tensors alike
    """Return a constant as it is met by image maps: broadcast to 4 axes, channels last."""
    if isinstance(value, np.ndarray) and value.ndim:
        expanded = value.reshape((1,) * (4 - value.ndim) + value.shape)
        return expanded.transpose(0, 2, 3, 1)
    return value


def padding(x: tf.Tensor, attributes: Attributes, kernel: list[int]) -> tuple[tf.Tensor, str]:
    """Return the map and the name of TensorFlow's padding that does what the attributes say."""
    pads, strides = attributes.get("pads", [0] * 4), attributes.get("strides", [1, 1])
    same = []
    for size, stride, width in zip(x.shape[1:3], strides, kernel, strict=True):
        total = max((-(-size // stride) - 1) * stride + width - size, 0)
        same.append((total // 2, total - total // 2))
    if (pads[0], pads[2]) == same[0] and (pads[1], pads[3]) == same[1]:
        return x, "SAME"
    if any(pads):
        x = tf.pad(x, [[0, 0], [pads[0], pads[2]], [pads[1], pads[3]], [0, 0]])
    return x, "VALID"


def convolution(operands: Operands, attributes: Attributes) -> tf.Tensor:
    """Conv: dense, grouped or depthwise; the weight comes as (out, in / group, rows, columns)."""
    x, weight, *bias = operands
    group, strides = attributes.get("group", 1), attributes.get("strides", [1, 1])
    if attributes.get("dilations", [1, 1]) != [1, 1]:
        raise NotImplementedError("Conv with dilation")
    x, pad = padding(x, attributes, list(weight.shape[2:]))
    if group > 1 and group == x.shape[-1] and strides[0] == strides[1]:
        outputs, _, rows, columns = weight.shape
        filters = weight.reshape(group, outputs // group, rows, columns).transpose(2, 3, 0, 1)
        y = tf.nn.depthwise_conv2d(x, filters, [1, *strides, 1], pad)
    else:
        y = tf.nn.conv2d(x, weight.transpose(2, 3, 1, 0), strides, pad)
    return y + bias[0] if bias else y


def clip(operands: Operands, _: Attributes) -> tf.Tensor:
    """Clip; that between 0 and 6 has a name of its own."""
    x, low, high = operands
    return tf.nn.relu6(x) if (low, high) == (0, 6) else tf.clip_by_value(x, low, high)


def average_pool(operands: Operands, attributes: Attributes) -> tf.Tensor:
    """AveragePool; TensorFlow leaves padding out of the mean, and so must the attributes."""
    kernel = attributes["kernel_shape"]
    x, pad = padding(operands[0], attributes, kernel)
    if attributes.get("ceil_mode", 0):
        raise NotImplementedError("AveragePool with ceil_mode")
    if any(attributes.get("pads", [])) and (pad == "SAME") == attributes.get("count_include_pad"):
        raise NotImplementedError("AveragePool with this padding")
    return tf.nn.avg_pool2d(x, kernel, attributes.get("strides", [1, 1]), pad)


def reshape(operands: Operands, _: Attributes) -> tf.Tensor:
    """Reshape between vectors (N, C) and maps (N, C, 1, 1) only."""
    x, shape = operands
    wanted = [int(size) for size in shape]
    if len(x.shape) == 4 and len(wanted) == 2 and tuple(x.shape[1:3]) == (1, 1):
        return tf.reshape(x, [1, -1])
    if len(x.shape) == 2 and len(wanted) == 4 and wanted[2:] == [1, 1]:
        return tf.reshape(x, [1, 1, 1, -1])
    raise NotImplementedError(f"Reshape of {x.shape} to {wanted}")


def gemm(operands: Operands, attributes: Attributes) -> tf.Tensor:
    """Gemm of a vector with a constant matrix."""
    x, weight, *bias = operands
    if attributes.get("transA", 0) or {attributes.get(key, 1.0) for key in ("alpha", "beta")} != {
        1.0
    }:
        raise NotImplementedError("Gemm with transA, alpha or beta")
    y = tf.matmul(x, weight.T if attributes.get("transB", 0) else weight)
    return y + bias[0] if bias else y


def axis_of(x: tf.Tensor, attributes: Attributes) -> int:
    """Return where an axis of the .onnx file is now."""
    axis = int(attributes.get("axis", 0)) % len(x.shape)
    return (0, 3, 1, 2)[axis] if len(x.shape) == 4 else axis


def hard_sigmoid(operands: Operands, attributes: Attributes) -> tf.Tensor:
    """HardSigmoid, as a ReLU6 divided by 6."""
    alpha, beta = attributes.get("alpha", 0.2), attributes.get("beta", 0.5)
    x = operands[0] if np.isclose(alpha, 1 / 6) else operands[0] * (6 * alpha)
    return tf.nn.relu6(x + 6 * beta) * (1 / 6)


def split(operands: Operands, attributes: Attributes) -> list[tf.Tensor]:
    """Split, into the sizes that the second operand says or into equal parts."""
    x, *sizes = operands
    parts = sizes[0].tolist() if sizes else attributes["num_outputs"]
    return tf.split(x, parts, axis_of(x, attributes))


def gather(operands: Operands, attributes: Attributes) -> tf.Tensor:
    """Gather with constant indices; a channel shuffle becomes a transposition, which is faster."""
    x, indices = operands
    axis, count = axis_of(x, attributes), int(x.shape[-1])
    if axis == len(x.shape) - 1 and indices.shape == (count,):
        for groups in (g for g in range(2, count) if count % g == 0):
            if np.array_equal(indices, np.arange(count).reshape(groups, -1).T.ravel()):
                outer = x.shape[:-1].as_list()
                parts = tf.reshape(x, [*outer, groups, count // groups])
                order = [*range(len(outer)), len(outer) + 1, len(outer)]
                return tf.reshape(tf.transpose(parts, order), [*outer, count])
    return tf.gather(x, indices, axis=axis)


def max_pool(operands: Operands, attributes: Attributes) -> tf.Tensor:
    """MaxPool; after a ReLU it may be padded with zeros, which int8 can hold."""
    (x,), kernel = operands, attributes["kernel_shape"]
    if attributes.get("ceil_mode", 0) or attributes.get("dilations", [1, 1]) != [1, 1]:
        raise NotImplementedError("MaxPool with ceil_mode or dilation")
    pads, after_relu = attributes.get("pads", [0] * 4), x.op.type in ("Relu", "Relu6")
    padded, pad = padding(x, attributes, kernel)
    if pad == "VALID" and any(pads) and not after_relu:
        widths = [[0, 0], [pads[0], pads[2]], [pads[1], pads[3]], [0, 0]]
        padded = tf.pad(x, widths, constant_values=x.dtype.min)
    return tf.nn.max_pool2d(padded, kernel, attributes.get("strides", [1, 1]), pad)


OPERATORS = {
    "Add": lambda x, _: tf.add(*x),
    "AveragePool": average_pool,
    "Clip": clip,
    "Concat": lambda x, a: tf.concat(x, axis_of(x[0], a)),
    "Conv": convolution,
    "Gather": gather,
    "Gemm": gemm,
    "GlobalAveragePool": lambda x, _: tf.reduce_mean(x[0], [1, 2], keepdims=True),
    "HardSigmoid": hard_sigmoid,
    "HardSwish": lambda x, _: x[0] * (tf.nn.relu6(x[0] + 3.0) * (1 / 6)),
    "MaxPool": max_pool,
    "Max": lambda x, _: tf.maximum(*x),
    "Mul": lambda x, _: tf.multiply(*x),
    "Relu": lambda x, _: tf.nn.relu(x[0]),
    "Reshape": reshape,
    "Split": split,
}
_BROADCASTING = ("Add", "Max", "Mul")


def run(model: onnx.ModelProto, image: tf.Tensor) -> tf.Tensor:
    """Compute the file's only output from its only input, a map (1, H, W, C)."""
    values: dict[str, Any] = {
        tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in model.graph.initializer
    }
    values[model.graph.input[0].name] = image
    for node in model.graph.node:
        operands = [values[name] for name in node.input if name]
        if node.op_type in _BROADCASTING and any(len(x.shape) == 4 for x in operands):
            operands = [to_nhwc(x) for x in operands]
        attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
        answers = OPERATORS[node.op_type](operands, attributes)
        if not isinstance(answers, list):
            answers = [answers]
        values |= zip(node.output, answers, strict=True)
    return values[model.graph.output[0].name]


def main() -> int:
    """Rebuild, compare, save."""
    parser = argparse.ArgumentParser(description="Rebuild an .onnx file in TensorFlow.")
    parser.add_argument("model", type=Path)
    parser.add_argument("images", type=Path)
    parser.add_argument("answers", type=Path)
    parser.add_argument("output", type=Path)
    options = parser.parse_args()
    model = onnx.load(options.model)
    unknown = sorted({node.op_type for node in model.graph.node} - OPERATORS.keys())
    if unknown:
        print(f"operators that cannot be rebuilt here: {', '.join(unknown)}")
        return 1
    images = Images(options.images, channels_last=True)
    network = tf.Module()
    network.serve = tf.function(
        lambda image: {"logits": run(model, image)},
        input_signature=[tf.TensorSpec(images[0].shape, tf.float32, "image")],
    )
    answers = np.load(options.answers)
    for image, answer in zip(images, answers, strict=False):
        error = np.abs(network.serve(image)["logits"].numpy().ravel() - answer).max()
        if not error / np.ptp(answer) < TOLERANCE:
            print(f"the rebuilt network is off by {error / np.ptp(answer):.1e} of the range")
            return 1
    tf.saved_model.save(network, str(options.output), signatures=network.serve)
    return 0


if __name__ == "__main__":
    sys.exit(main())
