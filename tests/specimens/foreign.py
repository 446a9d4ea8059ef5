"""Small networks that are no classifiers of images, as .onnx files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx

from tests.specimens import graphs

SIDE, TOKENS, WORDS, CLASSES = 8, 6, 10, 3


def two_inputs(path: Path) -> Path:
    """An image (1, 3, 8, 8) of float32 and six tokens (1, 6) of int64 to five scores."""
    model = graphs.proto(
        f"g (float[1,3,{SIDE},{SIDE}] image, int64[1,{TOKENS}] tokens) => (float[1,5] scores) {{"
        " c = Conv<pads=[1,1,1,1]>(image, w, b)\n r = Relu(c)\n p = GlobalAveragePool(r)\n"
        " f = Flatten(p)\n e = Gather(words, tokens)\n m = ReduceMean<keepdims=0>(e, axes)\n"
        " s = Add(f, m)\n scores = Gemm(s, fc, fb) }",
        w=graphs.weights(8, 3, 3, 3) / 5,
        b=graphs.weights(8, seed=1),
        words=graphs.weights(WORDS, 8, seed=2),
        axes=np.array([1]),
        fc=graphs.weights(8, 5, seed=3),
        fb=graphs.weights(5, seed=4),
    )
    onnx.save(model, path)
    return path


def samples(count: int = 12) -> dict[str, np.ndarray]:
    """Inputs of `two_inputs`, samples first."""
    rng = np.random.default_rng(5)
    return {
        "image": rng.standard_normal((count, 3, SIDE, SIDE), dtype=np.float32),
        "tokens": rng.integers(0, WORDS, (count, TOKENS)),
    }


def segmenter(path: Path, side: int = 16, strength: float = 1.0) -> Path:
    """Three convolutions, padded, from an RGB image to the class of its strongest colour."""
    mix = np.zeros((6, 3, 3, 3), np.float32)
    for channel in range(3):
        mix[channel, channel] = 1 / 9
        mix[3 + channel, channel] = -1 / 9
    part = np.zeros((6, 6, 1, 1), np.float32)
    part[:, :, 0, 0] = np.eye(6)
    out = np.zeros((CLASSES, 6, 1, 1), np.float32)
    for channel in range(CLASSES):
        out[channel, channel, 0, 0], out[channel, 3 + channel, 0, 0] = strength, -1
    model = graphs.proto(
        f"g (float[1,3,{side},{side}] x) => (float[1,{CLASSES},{side},{side}] y) {{"
        " a = Conv<pads=[1,1,1,1]>(x, w)\n b = Relu(a)\n c = Conv(b, v)\n d = Relu(c)\n"
        " y = Conv(d, u) }",
        w=mix,
        v=part,
        u=out,
    )
    onnx.save(model, path)
    return path
