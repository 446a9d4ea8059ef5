"""One network for each operator that is gone once a file has been read."""

from __future__ import annotations

import numpy as np

from tests.specimens.graphs import weights

_NEWER = '<ir_version: 11, opset_import: ["" : 24]> g '
_NEWEST = '<ir_version: 14, opset_import: ["" : 28]> g '

FOLDED: dict[str, tuple[str, dict[str, np.ndarray]]] = {
    "BitCast": (
        _NEWEST + "(float[3] x) => (float[3] y) { c = BitCast<to=1>(n)\n y = Add(x, c) }",
        {"n": np.int32([0, 1 << 30, 1])},
    ),
    "BlackmanWindow": (
        "g (float[1,8] x) => (float[1,8] y) { w = BlackmanWindow(n)\n y = Mul(x, w) }",
        {"n": np.int64(8)},
    ),
    "Constant": (
        "g (float[2] x) => (float[2] y) { c = Constant<value_float=2.0>()\n y = Mul(x, c) }",
        {},
    ),
    "ConstantOfShape": (
        "g (float[2,3] x) => (float[2,3] y) { s = Shape(x)\n c = ConstantOfShape(s)\n"
        " y = Max(x, c) }",
        {},
    ),
    "CumProd": (
        _NEWEST + "(float[3] x) => (float[3] y) { c = CumProd(n, a)\n y = Mul(x, c) }",
        {"n": np.float32([1, 2, 3]), "a": np.int64(0)},
    ),
    "Det": (
        "g (float[3] x) => (float[3] y) { c = Det(n)\n y = Mul(x, c) }",
        {"n": np.float32([[2, 1], [1, 3]])},
    ),
    "EyeLike": (
        "g (float[3,3] x) => (float[3,3] y) { e = EyeLike(x)\n y = Add(x, e) }",
        {},
    ),
    "HammingWindow": (
        "g (float[1,8] x) => (float[1,8] y) { w = HammingWindow(n)\n y = Mul(x, w) }",
        {"n": np.int64(8)},
    ),
    "HannWindow": (
        "g (float[1,8] x) => (float[1,8] y) { w = HannWindow<periodic=0>(n)\n y = Mul(x, w) }",
        {"n": np.int64(8)},
    ),
    "MelWeightMatrix": (
        "g (float[1,9] x) => (float[1,4] y) { m = MelWeightMatrix(b, l, r, f, t)\n"
        " y = MatMul(x, m) }",
        {
            "b": np.int64(4),
            "l": np.int64(16),
            "r": np.int64(8192),
            "f": np.float32(0),
            "t": np.float32(4096),
        },
    ),
    "NonZero": (
        "g (float[4] x) => (float[1,2] y) { i = NonZero(n)\n y = Gather(x, i) }",
        {"n": np.float32([0, 1, 0, 2])},
    ),
    "Range": (
        "g (float[4] x) => (float[4] y) { r = Range(a, b, c)\n y = Add(x, r) }",
        {"a": np.float32(0), "b": np.float32(4), "c": np.float32(1)},
    ),
    "Shape": (
        "g (float[2,3] x) => (float[2,3] y) { s = Shape(x)\n c = Cast<to=1>(s)\n"
        " t = ReduceSum(c)\n y = Mul(x, t) }",
        {},
    ),
    "Size": (
        "g (float[2,3] x) => (float[2,3] y) { s = Size(x)\n c = Cast<to=1>(s)\n y = Mul(x, c) }",
        {},
    ),
    "Unique": (
        "g (float[4] x) => (float[2] y) { u = Unique(n)\n y = Gather(x, u) }",
        {"n": np.array([3, 1, 3])},
    ),
}
"""Operators whose inputs are constant, or of which the shape alone counts."""

LAID_OUT: dict[str, tuple[str, dict[str, np.ndarray]]] = {
    "CausalConvWithState": (
        _NEWEST + "(float[1,4,6] x) => (float[1,4,6] y) { y, p = CausalConvWithState(x, w) }",
        {"w": weights(4, 1, 3)},
    ),
    "Compress": (
        "g (float[3,2] x) => (float[2,2] y) { y = Compress<axis=0>(x, c) }",
        {"c": np.array([True, False, True])},
    ),
    "ConcatFromSequence": (
        "g (float[2] x) => (float[4] y) { s = SequenceConstruct(x, x)\n"
        " y = ConcatFromSequence<axis=0>(s) }",
        {},
    ),
    "ConvInteger": (
        "g (float[1,1,3] x) => (float[1,1,3] y) { q, s, z = DynamicQuantizeLinear(x)\n"
        " c = ConvInteger<pads=[1,1]>(q, w, z)\n f = Cast<to=1>(c)\n y = Mul(f, s) }",
        {"w": np.int8([[[1, -2, 3]]])},
    ),
    "DynamicQuantizeLinear": (
        "g (float[3] x) => (float[3] y) { q, s, z = DynamicQuantizeLinear(x)\n"
        " y = DequantizeLinear(q, s, z) }",
        {},
    ),
    "If": (
        "g (float[2] x) => (float[2] y) { y = If<then_branch = t () => (float[2] a)"
        " { a = Relu(x) }, else_branch = e () => (float[2] b) { b = Neg(x) }>(c) }",
        {"c": np.array(True)},
    ),
    "LinearAttention": (
        _NEWEST + "(float[1,4,8] q) => (float[1,4,8] y) {"
        ' y, p = LinearAttention<q_num_heads=2,kv_num_heads=2,update_rule="linear">(q, q, q) }',
        {},
    ),
    "Loop": (
        "g (float[2] x) => (float[2] y) { y = Loop<body = b (int64 i, bool c, float[2] v) =>"
        " (bool d, float[2] w) { d = Identity(c)\n w = Add(v, v) }>(n, t, x) }",
        {"n": np.int64(3), "t": np.array(True)},
    ),
    "MatMulInteger": (
        "g (float[2,3] x) => (float[2,2] y) { q, s, z = DynamicQuantizeLinear(x)\n"
        " p = MatMulInteger(q, w, z)\n f = Cast<to=1>(p)\n y = Mul(f, s) }",
        {"w": np.int8([[1, -2], [3, -4], [5, -6]])},
    ),
    "Optional": (
        "g (float[2] x) => (float[2] y) { o = Optional(x)\n y = OptionalGetElement(o) }",
        {},
    ),
    "OptionalGetElement": (
        "g (float[2] x) => (float[2] y) { a = Neg(x)\n y = OptionalGetElement(a) }",
        {},
    ),
    "OptionalHasElement": (
        "g (float[2] x) => (float[2] y) { h = OptionalHasElement(x)\n y = Where(h, x, z) }",
        {"z": np.float32([0, 0])},
    ),
    "Scan": (
        "g (float[3,2] x) => (float[3,2] y) { f, y = Scan<num_scan_inputs=1, body ="
        " b (float[2] a, float[2] r) => (float[2] c, float[2] d)"
        " { c = Add(a, r)\n d = Identity(c) }>(z, x) }",
        {"z": np.float32([0, 0])},
    ),
    "SequenceAt": (
        "g (float[2] x) => (float[2] y) { n = Neg(x)\n s = SequenceConstruct(x, n)\n"
        " y = SequenceAt(s, i) }",
        {"i": np.int64(1)},
    ),
    "SequenceConstruct": (
        "g (float[2] x) => (float[2,2] y) { n = Neg(x)\n s = SequenceConstruct(x, n)\n"
        " y = ConcatFromSequence<axis=0,new_axis=1>(s) }",
        {},
    ),
    "SequenceEmpty": (
        "g (float[2] x) => (float[2] y) { s = SequenceEmpty()\n t = SequenceInsert(s, x)\n"
        " y = SequenceAt(t, i) }",
        {"i": np.int64(0)},
    ),
    "SequenceErase": (
        "g (float[2] x) => (float[2] y) { n = Neg(x)\n s = SequenceConstruct(x, n)\n"
        " t = SequenceErase(s, i)\n y = SequenceAt(t, i) }",
        {"i": np.int64(0)},
    ),
    "SequenceInsert": (
        "g (float[2] x) => (float[2] y) { n = Neg(x)\n s = SequenceConstruct(x)\n"
        " t = SequenceInsert(s, n, i)\n y = SequenceAt(t, i) }",
        {"i": np.int64(0)},
    ),
    "SequenceLength": (
        "g (float[2] x) => (float[2] y) { s = SequenceConstruct(x, x)\n l = SequenceLength(s)\n"
        " f = Cast<to=1>(l)\n y = Mul(x, f) }",
        {},
    ),
    "SequenceMap": (
        "g (float[2] x) => (float[4] y) { n = Neg(x)\n s = SequenceConstruct(x, n)\n"
        " t = SequenceMap<body = b (float[2] a) => (float[2] r) { r = Relu(a) }>(s)\n"
        " y = ConcatFromSequence<axis=0>(t) }",
        {},
    ),
    "SplitToSequence": (
        "g (float[4] x) => (float[2] y) { s = SplitToSequence<axis=0>(x, n)\n"
        " y = SequenceAt(s, i) }",
        {"n": np.int64(2), "i": np.int64(1)},
    ),
    "SwiGLU": (
        _NEWEST + "(float[2,4] x) => (float[2,4] y) { n = Neg(x)\n y = SwiGLU(x, n) }",
        {},
    ),
}
"""Operators that are laid out in others where what decides is constant."""

_STEP = {"s": np.float32(0.1), "z": np.int8(3), "t": np.float32(0.02), "n": np.int8(0)}

STORED: dict[str, tuple[str, dict[str, np.ndarray]]] = {
    "DequantizeLinear": (
        "g (float[2,3] x) => (float[2,3] y) { q = QuantizeLinear(x, s, z)\n"
        " y = DequantizeLinear(q, s, z) }",
        _STEP,
    ),
    "QLinearConv": (
        "g (float[1,3,4,4] x) => (float[1,2,4,4] y) { q = QuantizeLinear(x, s, z)\n"
        " c = QLinearConv(q, s, z, w, t, n, s, z)\n y = DequantizeLinear(c, s, z) }",
        {**_STEP, "w": np.int8(weights(2, 3, 1, 1) * 40)},
    ),
    "QLinearMatMul": (
        "g (float[2,3] x) => (float[2,4] y) { q = QuantizeLinear(x, s, z)\n"
        " c = QLinearMatMul(q, s, z, w, t, n, s, z)\n y = DequantizeLinear(c, s, z) }",
        {**_STEP, "w": np.int8(weights(3, 4) * 40)},
    ),
}
"""Operators of networks that are quantized already."""
STORED["QuantizeLinear"] = STORED["DequantizeLinear"]
