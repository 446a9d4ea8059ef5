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


def detector(path: Path) -> Path:
    """Boxes with grid, stride and anchors, and scores, of an 8 by 8 map: YOLO's arithmetic."""
    side = 8
    places = np.stack(np.meshgrid(np.arange(side), np.arange(side)), -1)
    model = graphs.proto(
        f"g (float[1,3,32,32] x) => (float[1,{side**2},4] boxes, float[1,{side**2},5] scores) {{"
        " a = Conv<pads=[1,1,1,1],strides=[2,2]>(x, w1)\n ar = Relu(a)\n"
        " b = Conv<pads=[1,1,1,1],strides=[2,2]>(ar, w2)\n br = Relu(b)\n c = Conv(br, w3, b3)\n"
        " f = Reshape(c, shape)\n t = Transpose<perm=[0,2,1]>(f)\n"
        " xy, wh, raw = Split<axis=2>(t, parts)\n sx = Sigmoid(xy)\n gx = Add(sx, grid)\n"
        " px = Mul(gx, stride)\n e = Exp(wh)\n pw = Mul(e, anchors)\n half = Mul(pw, h)\n"
        " lo = Sub(px, half)\n hi = Add(px, half)\n boxes = Concat<axis=2>(lo, hi)\n"
        " scores = Sigmoid(raw) }",
        w1=graphs.weights(8, 3, 3, 3) / 3,
        w2=graphs.weights(16, 8, 3, 3, seed=1) / 6,
        w3=graphs.weights(9, 16, 1, 1, seed=2) / 6,
        b3=graphs.weights(9, seed=3) / 3,
        shape=np.array([1, 9, side**2]),
        parts=np.array([2, 2, 5]),
        grid=places.reshape(1, side**2, 2).astype(np.float32),
        stride=np.float32(4),
        anchors=np.array([6, 10], np.float32).reshape(1, 1, 2),
        h=np.float32(0.5),
    )
    onnx.save(model, path)
    return path


def attention(path: Path) -> Path:
    """One block of a transformer over 12 tokens of 16 numbers."""
    model = graphs.proto(
        "g (float[1,12,16] x) => (float[1,12,16] y) { q = MatMul(x, wq)\n k = MatMul(x, wk)\n"
        " v = MatMul(x, wv)\n kt = Transpose<perm=[0,2,1]>(k)\n s = MatMul(q, kt)\n"
        " t = Mul(s, sharp)\n p = Softmax<axis=-1>(t)\n o = MatMul(p, v)\n r = MatMul(o, wo)\n"
        " z = Add(r, x)\n n = LayerNormalization<axis=-1>(z, ones, none)\n h = MatMul(n, w1)\n"
        " hr = Relu(h)\n g = MatMul(hr, w2)\n y = Add(g, z) }",
        wq=graphs.weights(16, 16) / 3,
        wk=graphs.weights(16, 16, seed=1) / 3,
        wv=graphs.weights(16, 16, seed=2) / 4,
        wo=graphs.weights(16, 16, seed=3) / 4,
        sharp=np.float32(2),
        ones=np.ones(16, np.float32),
        none=np.zeros(16, np.float32),
        w1=graphs.weights(16, 32, seed=4) / 4,
        w2=graphs.weights(32, 16, seed=5) / 5,
    )
    onnx.save(model, path)
    return path
