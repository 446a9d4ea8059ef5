"""What is refused by name, and what only looks as if it should be."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgekit import export
from edgekit.errors import EdgekitError, RefusedError
from edgekit.export.sources import source
from tests.export.reading.foreign_files import exported, write
from tests.specimens.graphs import weights

REFUSED = {
    "stride": (
        "g (float[1,3,8,8] x) => (float[a,b,c,d] y) { y = Conv<strides=[0,0]>(x, w) }",
        {"w": weights(4, 3, 3, 3)},
        "strides 0,0",
    ),
    "size": (
        "g (float[1,3,8,8] x) => (float[a,b,c,d] y) { y = Conv<strides=[2147483648,1]>(x, w) }",
        {"w": weights(4, 3, 3, 3)},
        "strides 2147483648,1: no array is that large",
    ),
    "a node that does not run": (
        "g (float[1,3,8,8] x) => (float[a,b,c,d] y) { y = Conv<group=2>(x, w) }",
        {"w": weights(4, 3, 3, 3)},
        r"does not run on ONNX Runtime \(Conv '': Input channels C is not equal",
    ),
    "a node that does not load": (
        "g (float[1,3,8,8] x) => (float[a,b,c,d] y) {"
        " y = MaxPool<kernel_shape=[2,2], pads=[3,3,3,3]>(x) }",
        {},
        "nothing that ONNX Runtime takes .*Pad should be smaller",
    ),
    "einsum": (
        "g (float[1,3] x, float[2,3] z) => (float[a,b] y) {"
        ' y = Einsum<equation="ij,ij->ij">(x, z) }',
        {},
        "stretches an axis of size one",
    ),
    "what counts": (
        "g (float[1,9,4] b, float[1,2,9] s) => (int64[n,c] y) {"
        " e = Sigmoid(s)\n y = NonMaxSuppression(b, e, most) }",
        {"most": np.array([3])},
        "how many rows NonMaxSuppression .*: --end-at b,e",
    ),
    "an empty input": (
        "g (float[0,3,n] x) => (float[a,b,c] y) { y = Neg(x) }",
        {},
        r"'x' is empty, of the sizes 0,3,\?: export it again",
    ),
    "rank": (
        f"g (float[{','.join(['1'] * 40)}] x) => (float[a] y) {{ y = Relu(x) }}",
        {},
        "'x' has 40 axes",
    ),
    "nan": (
        "g (float[1,3] x) => (float[a,b] y) { y = Add(x, bad) }",
        {"bad": np.array([1, np.nan, 2], np.float32)},
        "'bad' of Add 'Add_0' are not finite",
    ),
    "infinite": (
        "g (float[1,3] x) => (float[a,b] y) { y = MatMul(x, bad) }",
        {"bad": np.full((3, 2), np.inf, np.float32)},
        "'bad' of MatMul 'MatMul_0' are not finite",
    ),
    "random": (
        "g (float[1,3] x) => (float[a,b] y) { a = RandomNormalLike(x)\n y = Add(x, a) }",
        {},
        "random numbers",
    ),
    "dropout": (
        "g (float[1,3] x) => (float[a,b] y) { y = Dropout(x, r, t) }",
        {"r": np.array(0.5, np.float32), "t": np.array(True)},
        "random numbers",
    ),
    "text": (
        "g (string[1,3] x) => (string[a,b] y) { y = Identity(x) }",
        {},
        "input 'x' is of type string",
    ),
    "loop": (
        """g (float[1,3] x, int64 n) => (float[a,b] y) {
            y = Loop (n, c, x) <body = l (int64 i, bool k, float[1,3] a) => (bool m, float[1,3] b)
                { b = Relu(a)\n m = Identity(k) }> }""",
        {"c": np.array(True)},
        "Loop .* depends on the input",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_by_name(name: str, tmp_path: Path) -> None:
    text, constants, message = REFUSED[name]
    with pytest.raises(RefusedError, match=message) as caught:
        source.resolve(str(write(tmp_path, 18, text, **constants)))
    assert "\n" not in str(caught.value)


def test_a_mask_of_infinities_is_no_broken_weight(tmp_path: Path) -> None:
    text = "g (float[1,3] x) => (float[a,b] y) { a = Add(x, m)\n y = Softmax(a) }"
    mask = np.array([0, -np.inf, 0], np.float32)
    assert exported(write(tmp_path, 18, text, m=mask), tmp_path) == ["Add", "Softmax"]


def test_batch_norm_in_training_mode(tmp_path: Path) -> None:
    text = """g (float[1,4,6,6] x) => (float[a,b,c,d] y) {
        n, m2, v2 = BatchNormalization<training_mode=1>(x, one, zero, mean, var)
        y = Relu(n) }"""
    zero, one = np.zeros(4, np.float32), np.ones(4, np.float32)
    path = write(tmp_path, 18, text, one=one, zero=zero, mean=zero, var=one)
    assert "BatchNormalization" not in exported(path, tmp_path)
    with pytest.raises(EdgekitError, match="training mode"):
        export.to_files(source.resolve(str(path)), ["tflite"], tmp_path / "out")
