"""Of every lint rule two files that compute the same: one that it finds, and one that it does not.

``size`` scales them: small for tests, larger for the benchmark that confirms the rules' claims.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import onnx

from edgekit.bundle import metadata
from edgekit.export.tflite.program import Quantization
from edgekit.modelfile.metadata import FileDescription, Normalization, TensorDescription
from tests.specimens import graphs
from tests.specimens.drawn.sketch import RELU6, Sketch, sparse


@dataclass(frozen=True)
class Pair:
    """Two files of one function.

    Attributes:
        found: has what the rule looks for.
        clean: has it not.
        suffix: of both.
    """

    found: Callable[[int], bytes]
    clean: Callable[[int], bytes]
    suffix: str = ".tflite"


def _power(size: int, *, clean: bool) -> bytes:
    s = Sketch(8 * size, 8)
    x = s.plain_conv(s.image)
    if clean:
        x = s.op("MUL", [x, x], None, "MulOptions")
    else:
        x = s.op("POW", [x, s.constant(np.array([2], np.float32))], None, "PowOptions")
    return s.done(s.plain_conv(x, seed=1))


def _gather(size: int, *, clean: bool) -> bytes:
    s = Sketch(8 * size, 8)
    x = s.plain_conv(s.image)
    order = np.random.default_rng(2).permutation(8).astype(np.int32)
    weights = np.eye(8, dtype=np.float32)
    if clean:
        weights = weights[:, order.argsort()]
    else:
        x = s.op("GATHER", [x, s.constant(order)], None, "GatherOptions", axis=3)
    zeros = s.constant(np.zeros(8, np.float32))
    return s.done(s.conv(x, s.constant(weights.reshape(8, 1, 1, 8)), zeros))


def _transposed(size: int, *, clean: bool) -> bytes:
    s = Sketch(8 * size, 8)
    x, side = s.plain_conv(s.image), 8 * size
    if not clean:
        to, back = (s.constant(np.array(each, np.int32)) for each in ([0, 3, 1, 2], [0, 2, 3, 1]))
        x = s.op("TRANSPOSE", [x, to], (1, 8, side, side), "TransposeOptions")
    x = s.op("HARD_SWISH", [x], None, "HardSwishOptions")
    if not clean:
        x = s.op("TRANSPOSE", [x, back], (1, side, side, 8), "TransposeOptions")
    return s.done(s.plain_conv(x, seed=1))


def _padded(size: int, *, clean: bool) -> bytes:
    s = Sketch(8 * size, 8)
    weights = [s.constant(graphs.weights(8, 3, 3, 8, seed=seed)) for seed in (1, 2)]
    zeros = s.constant(np.zeros(8, np.float32))
    x = s.plain_conv(s.image)
    maps = [s.pad(x), s.pad(x)] if clean else [s.pad(x)] * 2
    made = [s.conv(m, w, zeros, is_valid=True) for m, w in zip(maps, weights, strict=True)]
    return s.done(s.op("ADD", made, None, "AddOptions"))


def _wide(size: int, *, clean: bool) -> bytes:
    s = Sketch(8 * size, 8)
    x, taps = s.plain_conv(s.image), graphs.weights(1, 3, 9, 8)
    zeros = s.constant(np.zeros(8, np.float32))

    def depthwise(weights: np.ndarray, step: int) -> int:
        return s.op(
            "DEPTHWISE_CONV_2D", [x, s.constant(weights), zeros], None, "DepthwiseConv2DOptions", 2,
            strideH=1, strideW=1, dilationHFactor=1, dilationWFactor=step, depthMultiplier=1,
        )  # fmt: skip

    if not clean:
        return s.done(depthwise(taps, 1))
    parts = [depthwise(taps[:, :, first::2], 2) for first in (0, 1)]
    return s.done(s.op("ADD", parts, None, "AddOptions"))


def _activated(size: int, *, clean: bool) -> bytes:
    s = Sketch(8 * size, 8)
    x = s.plain_conv(s.image, activation=RELU6 if clean else 0)
    return s.done(x if clean else s.op("RELU6", [x]))


def _integer_conv(
    s: Sketch, x: int, weights: np.ndarray, scales: tuple[float, ...], bias: np.ndarray, out: float
) -> int:
    given = s.program.tensors[x].quantization
    assert given is not None
    stored = s.constant(weights, Quantization(scales))
    of_bias = Quantization(tuple(given.scales[0] * each for each in scales))
    return s.conv(x, stored, s.constant(bias, of_bias), scale=out)


def _integers(s: Sketch, x: int, channels: int, seed: int = 0) -> int:
    draw = np.random.default_rng(seed).integers
    weights = draw(-100, 100, (channels, 1, 1, channels)).astype(np.int8)
    zeros = np.zeros(channels, np.int32)
    return _integer_conv(s, x, weights, (0.01,) * channels, zeros, 0.05)


def _island(size: int, *, clean: bool) -> bytes:
    s = Sketch(8 * size, 8, "int8", 0.05)
    weights = np.random.default_rng(4).integers(-20, 20, (16, 3, 3, 8)).astype(np.int8)
    x = _integers(s, s.image, 8)
    if clean:
        zeros = np.zeros(16, np.int32)
        return s.done(_integer_conv(s, x, weights, (0.01,) * 16, zeros, 0.1))
    x = s.op("DEQUANTIZE", [x], None, "DequantizeOptions", 2, "float32")
    real = s.constant(weights.astype(np.float32) * np.float32(0.01))
    x = s.conv(x, real, s.constant(np.zeros(16, np.float32)))
    return s.done(s.op("QUANTIZE", [x], None, "QuantizeOptions", 1, "int8", 0.1))


def _constant(size: int, *, clean: bool) -> bytes:
    s = Sketch(8 * size, 8)
    a, b = (graphs.weights(*s.shape(s.image), seed=seed) for seed in (1, 2))
    if clean:
        factor = s.constant(a + b)
    else:
        factor = s.op("ADD", [s.constant(a), s.constant(b)], None, "AddOptions")
    return s.done(s.op("MUL", [s.image, factor], None, "MulOptions"))


def _sixteen(size: int, *, clean: bool) -> bytes:
    s = Sketch(8 * size, 8, "int8" if clean else "int16", 0.05)
    if clean:
        return s.done(_integers(s, s.image, 8))
    weights = np.random.default_rng(0).integers(-100, 100, (8, 1, 1, 8)).astype(np.int8)
    bias = s.constant(np.zeros(8, np.int64), Quantization((0.0005,) * 8))
    return s.done(s.conv(s.image, s.constant(weights, Quantization((0.01,) * 8)), bias, scale=0.05))


def unlike_channels() -> np.ndarray:
    """Real weights of which the last channel is a hundredth of the first."""
    ranges = np.geomspace(1, 0.01, 8, dtype=np.float32)[:, None, None, None]
    return graphs.weights(8, 1, 1, 8, seed=3).clip(-1, 1) * ranges


def _unlike(size: int, *, clean: bool) -> bytes:
    s = Sketch(8 * size, 8, "int8", 0.02)
    real = unlike_channels()
    largest = np.abs(real).max(axis=(1, 2, 3)) if clean else np.abs(real).max(keepdims=True).ravel()
    steps = (largest / 127).astype(float)
    stored = np.rint(real / steps.reshape(-1, 1, 1, 1)).astype(np.int8)
    scales = tuple(map(float, steps))
    return s.done(_integer_conv(s, s.image, stored, scales, np.zeros(8, np.int32), 0.05))


def _biased(size: int, *, clean: bool) -> bytes:
    """A bias of half a million, of which products take a part away again."""
    s = Sketch(8 * size, 8, "int8", 0.02)
    scale = 0.1 if clean else 0.0125
    weights = np.full((8, 1, 1, 8), 10 if clean else 80, np.int8)
    bias = np.full(8, round((2**31 - 1000) * 0.0125 / scale), np.int32)
    return s.done(_integer_conv(s, s.image, weights, (scale,) * 8, bias, 5000.0))


def _neighbours(size: int, *, clean: bool) -> bytes:
    """A quantized convolution with weights of 8 or of 7 bits."""
    side, most = 8 * size, 63 if clean else 127
    model = graphs.proto(
        f"g (float[1,32,{side},{side}] x) => (float[1,16,{side},{side}] y) "
        "{ q = QuantizeLinear(x, s, z)\n d = DequantizeLinear(q, s, z)\n"
        " v = DequantizeLinear(w, t)\n c = Conv(d, v)\n"
        " p = QuantizeLinear(c, u, z)\n y = DequantizeLinear(p, u, z) }",
        s=np.float32(0.02),
        z=np.uint8(0),
        t=np.float32(0.5 / most),
        u=np.float32(0.5),
        w=np.full((16, 32, 1, 1), most, np.int8),
    )
    content: bytes = model.SerializeToString()
    return content


def _half(size: int, *, clean: bool) -> bytes:
    s = Sketch(8, 64 * size)
    weights = graphs.weights(64 * size, 1, 1, 64 * size).astype(np.float16)
    stored = s.constant(weights.astype(np.float32) if clean else weights)
    if not clean:
        stored = s.op("DEQUANTIZE", [stored], None, "DequantizeOptions", 3, "float32")
    return s.done(s.conv(s.image, stored, s.constant(np.zeros(64 * size, np.float32))))


def _zeros(size: int, *, clean: bool) -> bytes:
    s = Sketch(8, 32 * size)
    weights = graphs.weights(32 * size, 1, 1, 32 * size)
    weights[np.abs(weights) < 1.5] = 0  # 87 % of them
    zeros = s.constant(np.zeros(32 * size, np.float32))
    content = s.done(s.conv(s.image, s.constant(weights), zeros))
    return sparse(content) if clean else content


def _twice(size: int, *, clean: bool) -> bytes:
    s = Sketch(8, 32 * size)
    weights = graphs.weights(32 * size, 1, 1, 32 * size) / 10
    zeros = s.constant(np.zeros(32 * size, np.float32))
    x = s.conv(s.image, s.constant(weights), zeros)
    return s.done(s.conv(x, s.constant(weights, is_copy=not clean), zeros))


def _open(size: int, *, clean: bool) -> bytes:
    side = str(8 * size) if clean else "H"
    model = graphs.proto(f"g (float[1,3,{side},8] x) => (float[1,3,{side},8] y) {{ y = Relu(x) }}")
    content: bytes = model.SerializeToString()
    return content


def _silent(size: int, *, clean: bool) -> bytes:
    del size
    s = Sketch(8, 3)
    content = s.done(s.op("MEAN", [s.plain_conv(s.image),
                                   s.constant(np.array([1, 2], np.int32))], (1, 3),
                          "ReducerOptions"))  # fmt: skip
    if not clean:
        return content
    image = TensorDescription("image", "", Normalization((127.5,), (127.5,)), "RGB")
    scores = TensorDescription("scores", "", None, "", "labels.txt")
    about = FileDescription("m", "", "1", "", "", (image,), (scores,), ("a", "b", "c"))
    return metadata.to_tflite(content, about)


def _pair(draw: Callable[..., bytes], suffix: str = ".tflite") -> Pair:
    return Pair(lambda size: draw(size, clean=False), lambda size: draw(size, clean=True), suffix)


PAIRS: dict[str, Pair] = {
    "outside-delegate": _pair(_power),
    "gather-splits-delegate": _pair(_gather),
    "transpose": _pair(_transposed),
    "unfused-padding": _pair(_padded),
    "unfused-activation": _pair(_activated),
    "large-depthwise": _pair(_wide),
    "float-island": _pair(_island),
    "constant-operator": _pair(_constant),
    "int16-activations": _pair(_sixteen),
    "per-tensor-weights": _pair(_unlike),
    "bias-overflow": _pair(_biased),
    "saturation-without-vnni": _pair(_neighbours, ".onnx"),
    "float16-constants": _pair(_half),
    "dense-zeros": _pair(_zeros),
    "stored-twice": _pair(_twice),
    "dynamic-shapes": _pair(_open, ".onnx"),
    "missing-metadata": _pair(_silent),
}
"""By code of the rule."""


def both_formats() -> onnx.ModelProto:
    """An .onnx with what rules for both formats look for, weights quantized per tensor."""
    weights = np.concatenate([np.full((1, 32, 1, 1), 127), np.full((1, 32, 1, 1), 2)])
    return graphs.proto(
        "g (float[1,32,H,8] x) => (float[1,H,8,2] z) "
        "{ w = DequantizeLinear(q, s)\n v = DequantizeLinear(r, s)\n"
        " a = Conv(x, w)\n b = Conv(x, v)\n c = Add(a, b)\n z = Transpose <perm=[0,2,3,1]> (c) }",
        q=np.tile(weights, (1, 8, 1, 1))[:, :32].astype(np.int8),
        r=np.tile(weights, (1, 8, 1, 1))[:, :32].astype(np.int8),
        s=np.float32(0.1),
    )
