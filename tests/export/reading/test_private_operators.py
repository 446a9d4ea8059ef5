"""Operators outside the standard get its form, or are refused."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from edgekit.errors import RefusedError
from edgekit.export.sources import source
from tests.export.reading.foreign_files import MAP, ROWS, exported, write
from tests.specimens.graphs import weights

FOREIGN = {
    "FusedConv": (
        11,
        f"""{MAP} {{ y = com.microsoft.FusedConv<activation="LeakyRelu", activation_params=[0.2],
              strides=[2,2]>(x, w, b) }}""",
        {"w": weights(3, 4, 3, 3), "b": weights(3)},
        {"Conv": 1, "LeakyRelu": 1},
    ),
    "FusedConv of a sum": (
        8,
        f"""{MAP} {{ y = com.microsoft.FusedConv<activation="Clip", activation_params=[-1.0,1.0]>
              (x, w, b, z) }}""",
        {"w": weights(4, 4, 1, 1), "b": weights(4), "z": weights(1, 4, 6, 6)},
        {"Conv": 1, "Add": 1, "Clip": 1},
    ),
    "FusedMatMul": (
        13,
        f"{ROWS} {{ y = com.microsoft.FusedMatMul<alpha=0.5, transA=1>(x, w) }}",
        {"w": weights(2, 3, 5)},
        {"Transpose": 1, "MatMul": 1, "Mul": 1},
    ),
    "Gelu": (13, f"{ROWS} {{ y = com.microsoft.Gelu(x) }}", {}, {"Gelu": 1}),
    "BiasGelu": (
        13,
        f"{ROWS} {{ y = com.microsoft.BiasGelu(x, b) }}",
        {"b": weights(4)},
        {"Add": 1, "Gelu": 1},
    ),
    "FastGelu": (
        13,
        f"{ROWS} {{ y = com.microsoft.FastGelu(x, b) }}",
        {"b": weights(4)},
        {"Add": 1, "Gelu": 1},
    ),
    "QuickGelu": (
        13,
        f"{ROWS} {{ y = com.microsoft.QuickGelu<alpha=1.5>(x) }}",
        {},
        {"Mul": 2, "Sigmoid": 1},
    ),
    "SkipLayerNormalization": (
        13,
        f"{ROWS} {{ y = com.microsoft.SkipLayerNormalization<epsilon=0.1>(x, x, g, b, c) }}",
        {"g": weights(4), "b": weights(4, seed=1), "c": weights(4, seed=2)},
        {"Add": 2, "LayerNormalization": 1},
    ),
    "LayerNormalization": (
        12,
        f"{ROWS} {{ y = LayerNormalization<axis=-1>(x, g, b) }}",
        {"g": weights(4), "b": weights(4, seed=1)},
        {"LayerNormalization": 1},
    ),
    "SimplifiedLayerNormalization": (
        14,
        f"{ROWS} {{ y = SimplifiedLayerNormalization<axis=-1, epsilon=0.01>(x, g) }}",
        {"g": weights(4)},
        {"Mul": 2, "ReduceMean": 1, "Add": 1, "Sqrt": 1, "Div": 1},
    ),
    "ImageScaler": (
        9,
        f"{MAP} {{ y = ImageScaler<bias=[1.0,2.0,3.0,4.0], scale=0.5>(x) }}",
        {},
        {"Mul": 1, "Add": 1},
    ),
}


X = "g (float[2,6,16] x) => (float[a,b,c] y)"
QKV = {"w": weights(16, 48) / 5, "b": weights(48, seed=1) / 9}
CACHES = {"c": np.cos(weights(9, 4)), "s": np.sin(weights(9, 4))}
WORDS = "g (int32[2,6] ids, int32[2,6] part"
TABLES = {
    "tw": weights(10, 8), "tp": weights(6, 8, seed=1), "ts": weights(2, 8, seed=2),
    "g": weights(8, seed=3), "e": weights(8, seed=4),
}  # fmt: skip
CODES = np.random.default_rng(5).integers(0, 256, (10, 16), np.uint8)

FUSED = {
    "Attention": (f"{X} {{ y = com.microsoft.Attention<num_heads=4>(x, w, b) }}", QKV),
    "Attention of what came before": (
        f"{X} {{ y = com.microsoft.Attention<num_heads=4, unidirectional=1, scale=0.2>(x, w, b) }}",
        QKV,
    ),
    "Attention within lengths": (
        f"{X} {{ y = com.microsoft.Attention<num_heads=4>(x, w, b, lengths) }}",
        {**QKV, "lengths": np.array([4, 6], np.int32)},
    ),
    "Attention with a mask": (
        "g (float[2,6,16] x, int32[2,6] m) => (float[a,b,c] y)"
        " { y = com.microsoft.Attention<num_heads=4, mask_filter_value=-50.0>(x, w, b, m) }",
        QKV,
    ),
    "Attention with a past": (
        "g (float[2,6,16] x, float[2,2,4,3,4] past) => (float[a,b,c] y, float[d,f,h,i,j] present)"
        " { y, present = com.microsoft.Attention<num_heads=4>(x, w, b, , past) }",
        QKV,
    ),
    "QAttention": (
        f"{X} {{ q = QuantizeLinear(x, xs, xz)\n"
        " y = com.microsoft.QAttention<num_heads=4>(q, w, b, xs, ws, , xz, wz) }",
        {
            "w": (weights(16, 48) * 40).astype(np.int8),
            "b": QKV["b"],
            "xs": np.float32(0.03),
            "xz": np.uint8(128),
            "ws": np.float32(0.005),
            "wz": np.int8(0),
        },
    ),
    "MultiHeadAttention": (
        "g (float[1,6,16] q, float[1,5,16] k, float[1,5,8] v, float[1,4,6,5] r) =>"
        " (float[a,b,c] y, float[d,e,f,h] pk, float[d,e,f,i] pv)"
        " { y, pk, pv = com.microsoft.MultiHeadAttention<num_heads=4>(q, k, v, , , r) }",
        {},
    ),
    "MultiHeadAttention of heads, biased": (
        "g (float[1,6,16] q, float[1,4,5,4] k, float[1,4,5,4] v, int32[1,5] m) => (float[a,b,c] y)"
        " { y = com.microsoft.MultiHeadAttention<num_heads=4>(q, k, v, b, m) }",
        {"b": np.concatenate([QKV["b"][:16], np.zeros(32, np.float32)])},
    ),
    "GroupQueryAttention": (
        "g (float[1,4,64] q, float[1,4,32] k, float[1,4,32] v) => (float[a,b,c] y, float[d,e,f,h]"
        " pk, float[d,e,f,h] pv) { y, pk, pv = com.microsoft.GroupQueryAttention<num_heads=4,"
        " kv_num_heads=2, do_rotary=1, softcap=2.0>(q, k, v, , , last, total, c, s) }",
        {
            "last": np.array([3], np.int32),
            "total": np.array(4, np.int32),
            "c": np.cos(weights(9, 8)),
            "s": np.sin(weights(9, 8)),
        },
    ),
    "RotaryEmbedding of heads": (
        "g (float[2,4,6,8] x) => (float[a,b,c,d] y)"
        " { y = com.microsoft.RotaryEmbedding<interleaved=1>(x, places, c, s) }",
        {**CACHES, "places": np.array([2])},
    ),
    "RotaryEmbedding": (
        "g (float[2,6,16] x) => (float[a,b,c] y)"
        " { y = com.microsoft.RotaryEmbedding(x, places, c, s) }",
        {**CACHES, "places": np.arange(12).reshape(2, 6) % 9},
    ),
    "EmbedLayerNormalization": (
        f"{WORDS}, int32[2,6] m) => (float[a,b,c] y, int32[d] count, float[a,b,c] total)"
        " { y, count, total ="
        " com.microsoft.EmbedLayerNormalization(ids, part, tw, tp, ts, g, e, m) }",
        TABLES,
    ),
    "QEmbedLayerNormalization": (
        f"{WORDS}) => (float[a,b,c] y, int32[d] count)"
        " { y, count = com.microsoft.QEmbedLayerNormalization"
        "(ids, part, tw, tp, ts, g, e, , t, t, t, t, t, z, z, z, z, z) }",
        {
            **{name: (array * 40 + 128).astype(np.uint8) for name, array in TABLES.items()},
            "t": np.float32(0.03),
            "z": np.uint8(128),
        },
    ),
    "GatherBlockQuantized": (
        "g (int64[1,5] i) => (float[a,b,c] y)"
        " { y = com.microsoft.GatherBlockQuantized<block_size=16>(codes, i, steps) }",
        {"codes": CODES, "steps": np.abs(weights(10, 2)) + 1},
    ),
    "SkipLayerNormalization and its sum": (
        f"{ROWS[: -len('(float[a,b,c] y)')]} (float[a,b,c] y, float[a,b,c] total)"
        " { y, , , total = com.microsoft.SkipLayerNormalization(x, x, g, b) }",
        {"g": weights(4), "b": weights(4, seed=1)},
    ),
    "a product of what has no rank before": (
        f"{ROWS} {{ a = com.microsoft.SkipLayerNormalization(x, x, g, b)\n"
        " y = com.microsoft.FusedMatMul<transB=1>(a, a) }",
        {"g": weights(4), "b": weights(4, seed=1)},
    ),
    "FusedMatMul of rows before the batch": (
        "g (float[3,2,4] x, float[5,2,4] z) => (float[a,b,c] y)"
        " { y = com.microsoft.FusedMatMul<transBatchA=1, transBatchB=1, transB=1>(x, z) }",
        {},
    ),
    "Scaler, Normalizer, Binarizer, Imputer": (
        "g (float[3,4] x) => (float[a,b] y, float[a,b] z, float[a,b] k) {"
        " s = ai.onnx.ml.Scaler<offset=[0.1,0.2,0.3,0.4],scale=[1.0,2.0,3.0,4.0]>(x)\n"
        ' y = ai.onnx.ml.Normalizer<norm="L1">(s)\n'
        " z = ai.onnx.ml.Binarizer<threshold=0.5>(s)\n r = Relu(s)\n"
        " k = ai.onnx.ml.Imputer<imputed_value_floats=[1.0,2.0,3.0,4.0],"
        "replaced_value_float=0.0>(r) }",
        {},
    ),
    "LinearClassifier, FeatureVectorizer, ArrayFeatureExtractor": (
        "g (float[3,2] x, float[3,1] z) => (int64[a] label, float[a,b] y, float[a,c] k) {"
        " f = ai.onnx.ml.FeatureVectorizer<inputdimensions=[2,1]>(x, z)\n"
        " label, y = ai.onnx.ml.LinearClassifier<coefficients=[0.1,-0.2,0.3,0.4,0.5,-0.6],"
        'intercepts=[0.5,-0.5],classlabels_ints=[7,3],post_transform="SOFTMAX">(f)\n'
        " e = ai.onnx.ml.ArrayFeatureExtractor(f, places)\n"
        " k = ai.onnx.ml.LinearRegressor<coefficients=[0.1,0.2],"
        'post_transform="NONE">(e) }',
        {"places": np.array([2, 0])},
    ),
    "CDist": (
        "g (float[5,4] x, float[3,4] z) => (float[a,b] y)"
        ' { y = com.microsoft.CDist<metric="euclidean">(x, z) }',
        {},
    ),
    "ExpandDims, Pad, Range": (
        f"{ROWS} {{ r = com.microsoft.Range(from, to)\n u = com.microsoft.ExpandDims(r, last)\n"
        " p = com.microsoft.Pad(x, amounts)\n y = Add(p, u) }",
        {
            "from": np.float32(0),
            "to": np.float32(5),
            "last": np.array(-1, np.int32),
            "amounts": np.array([0, 1, 0, 0, 1, 0]),
        },
    ),
    "ConvTransposeWithDynamicPads": (
        f"{MAP} {{ y = com.microsoft.ConvTransposeWithDynamicPads<strides=[2,2]>(x, w, pads) }}",
        {"w": weights(4, 2, 3, 3), "pads": np.array([1, 0, 1, 2])},
    ),
}


@pytest.mark.parametrize("name", FUSED)
def test_fused_operators_answer_as_before(name: str, tmp_path: Path) -> None:
    text, constants = FUSED[name]
    found = exported(write(tmp_path, 14, text, **constants), tmp_path)
    assert found


@pytest.mark.parametrize("name", FOREIGN)
def test_private_operators_get_their_standard_form(name: str, tmp_path: Path) -> None:
    opset, text, constants, expected = FOREIGN[name]
    found = exported(write(tmp_path, opset, text, **constants), tmp_path)
    assert Counter(found) == expected


def test_attention_stays_standard_operators(tmp_path: Path) -> None:
    """The simplifier knows the private operator that ONNX Runtime has for it."""
    parts = "\n".join(
        f"{name} = MatMul(x, w{name})\n {name}4 = Reshape({name}, apart)" for name in "qkv"
    )
    text = f"""g (float[1,3,8] x) => (float[a,b,c] y) {{ {parts}
        rows = Transpose<perm=[0,2,1,3]>(q4)
        columns = Transpose<perm=[0,2,3,1]>(k4)
        values = Transpose<perm=[0,2,1,3]>(v4)
        scores = MatMul(rows, columns)
        less = Mul(scores, half)
        shares = Softmax<axis=-1>(less)
        heads = MatMul(shares, values)
        turned = Transpose<perm=[0,2,1,3]>(heads)
        y = Reshape(turned, whole) }}"""
    path = write(
        tmp_path, 13, text,
        wq=weights(8, 8), wk=weights(8, 8, seed=1), wv=weights(8, 8, seed=2),
        half=np.float32(0.5), apart=np.array([1, 3, 2, 4]), whole=np.array([1, 3, 8]),
    )  # fmt: skip
    assert exported(path, tmp_path).count("MatMul") == 5


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("y = com.microsoft.Inverse(x)", "foreign-operator"),
        ('y = com.microsoft.FusedConv<activation="Elu">(x, w)', "foreign-operator"),
        ("y = com.microsoft.QGather(x, x, x, x, x, x)", "already-quantized"),
        ("y = com.microsoft.DynamicQuantizeLSTM(x, x, x)", "foreign-operator"),
        ("y = com.microsoft.MultiHeadAttention<num_heads=2>(x)", "foreign-operator"),
        ("y = com.microsoft.Attention(x, w)", "foreign-operator"),
        ("y = com.microsoft.GroupQueryAttention(x, x, x, x, x, w, w)", "foreign-operator"),
        ("y = com.microsoft.MatMulNBits<K=4, N=4, block_size=0>(x, w, w)", "foreign-operator"),
    ],
)
def test_other_private_operators_are_refused(text: str, reason: str, tmp_path: Path) -> None:
    path = write(tmp_path, 13, f"{MAP} {{ {text} }}", w=weights(4, 4, 1, 1))
    with pytest.raises(RefusedError, match=r"com\.microsoft\.") as caught:
        source.resolve(str(path))
    assert caught.value.reason_code == reason
