"""Branches and loops that constants decide are laid out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgekit import export
from edgekit.errors import EdgekitError, RefusedError
from edgekit.export.sources import shapes, source
from tests.export.reading.foreign_files import write

BRANCHES = """g (float[1,4] x, int64 rate) => (float[a,b] y) {
    fast = Equal(rate, high)
    y = If (fast) <
        then_branch = t () => (float[p,q] o) {
            twice = Add(x, x)
            o = If (fast) <
                then_branch = tt () => (float[r,s] i) { i = Relu(twice) },
                else_branch = te () => (float[r,s] i) { i = Neg(twice) }> },
        else_branch = e () => (float[p,q] o) { o = Identity(x) }> }"""


@pytest.mark.parametrize(("rate", "operators"), [(16000, ["Add", "Relu"]), (8000, ["Identity"])])
def test_an_input_that_decides_becomes_a_constant(
    rate: int, operators: list[str], tmp_path: Path
) -> None:
    path = write(tmp_path, 18, BRANCHES, high=np.array(16000))
    with pytest.raises(RefusedError, match="--input-value rate=NUMBER"):
        source.resolve(str(path))
    prepared = source.resolve(str(path), asked=shapes.parse((), None, [f"rate={rate}"]))
    assert list(prepared.feeds[0]) == ["x"]
    assert [node.op_type for node in prepared.graph.graph] == operators
    x = prepared.feeds[0]["x"]
    wanted = np.maximum(2 * x, 0) if rate == 16000 else x
    np.testing.assert_array_equal(prepared.answers[0]["y"], wanted)
    for entry in export.to_files(prepared, ["onnx", "tflite"], tmp_path / "out"):
        assert (entry.verified, [each.name for each in entry.inputs]) == ("passed", ["x"])


def test_values_of_inputs_that_cannot_be(tmp_path: Path) -> None:
    path = str(write(tmp_path, 18, BRANCHES, high=np.array(16000)))
    for text, message in (
        ("rat=1", "rate"),
        ("rate=1.5", "cannot hold 1.5"),
        ("rate=fast", "write name=16000"),
        ("rate", "write name=16000"),
    ):
        with pytest.raises(EdgekitError, match=message):
            source.resolve(path, asked=shapes.parse((), None, [text]))


def test_a_loop_of_few_rounds_is_laid_out(tmp_path: Path) -> None:
    text = """g (float[1,4] x) => (float[a,b] y, float[c,d,e] all) {
        y, all = Loop (three, yes, x) <body = l (int64 i, bool k, float[1,4] a)
            => (bool m, float[1,4] b, float[1,4] s) {
                f = Cast<to=1>(i)
                s = Add(a, f)
                b = Mul(s, s)
                m = Identity(k) }> }"""
    path = write(tmp_path, 18, text, three=np.array(3), yes=np.array(True))
    prepared = source.resolve(str(path))
    assert "Loop" not in {node.op_type for node in prepared.graph.graph}
    for entry in export.to_files(prepared, ["onnx", "tflite"], tmp_path / "out"):
        assert entry.verified == "passed"


def test_a_type_that_another_value_has_is_no_operator(tmp_path: Path) -> None:
    """Exporters write bounds as such where their optimizer did not run."""
    text = """g (float[1,4,6,6] x) => (float[a,b,c,d] y) {
        n = Neg(x)
        low = CastLike(zero, n)
        high = CastLike(six, n)
        y = Clip(n, low, high) }"""
    path = write(tmp_path, 19, text, zero=np.float64(0), six=np.int64(6))
    prepared = source.resolve(str(path))
    assert [node.op_type for node in prepared.graph.graph] == ["Neg", "Clip"]
    for entry in export.to_files(prepared, ["onnx", "tflite"], tmp_path / "out"):
        assert entry.verified == "passed"


def test_what_a_dropout_kept_is_constant(tmp_path: Path) -> None:
    text = "g (float[2,5] x) => (float[a,b] y, bool[c,d] kept) { y, kept = Dropout(x) }"
    prepared = source.resolve(str(write(tmp_path, 13, text)))
    for entry in export.to_files(prepared, ["onnx", "tflite"], tmp_path / "out"):
        assert entry.verified == "passed"
