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
        ("y = com.microsoft.MatMulNBits<K=4, N=4, block_size=0>(x, w, w)", "foreign-operator"),
    ],
)
def test_other_private_operators_are_refused(text: str, reason: str, tmp_path: Path) -> None:
    path = write(tmp_path, 13, f"{MAP} {{ {text} }}", w=weights(4, 4, 1, 1))
    with pytest.raises(RefusedError, match=r"com\.microsoft\.") as caught:
        source.resolve(str(path))
    assert caught.value.reason_code == reason
