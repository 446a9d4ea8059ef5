"""Sizes of inputs: open ones are filled, fixed ones are kept."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest

from edgekit import export, models
from edgekit.errors import (
    RefusedError,
    UsageError,
)
from edgekit.export.sources import shapes
from tests.export.own_models.asked import BOTH, FAMILIES, SMALL, batched, resolve, written
from tests.specimens import graphs


@pytest.mark.parametrize(
    ("texts", "batch", "message"),
    [
        (["1,3,x"], None, "'1,3,x' is no input shape"),
        ([""], None, "is no input shape"),
        (["a:1,3", "a:1,3"], None, "two shapes"),
        (["a:1,3", "1,3"], None, "with and without"),
        (["1,0,3"], None, "below 1"),
        (["1,3"], 2, "contradicts"),
        ([], 0, "a batch is"),
    ],
)
def test_sizes_that_make_no_sense(texts: list[str], batch: int | None, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        shapes.parse(texts, batch)


def test_names_of_inputs_may_hold_colons() -> None:
    assert shapes.parse(["serving/input:0:1,3,8,8"]).named == {"serving/input:0": (1, 3, 8, 8)}


OPEN = "g (float[N,3,H,W] x) => (float[N,3,H,W] y) { y = Relu(x) }"
FIXED = "g (float[2,3,8,8] x) => (float[2,3,8,8] y) { y = Relu(x) }"
BOTH_OPEN = """g (float[N,H,8] a, float[N,W] b) => (float[N,H,8] y, float[N,W] z) {
    y = Relu(a)
    z = Relu(b) }"""
TWO = """g (float[N,3,H,8] a, float[N,3] b) => (float[N,3,H,8] y, float[N,3] z) {
    y = Relu(a)
    z = Sigmoid(b) }"""


@pytest.mark.parametrize(
    ("text", "texts", "batch", "expected"),
    [
        (OPEN, ["2,3,5,6"], None, {"x": (2, 3, 5, 6)}),
        (OPEN, ["x:2,3,5,6"], 2, {"x": (2, 3, 5, 6)}),
        (FIXED, [], None, {"x": (2, 3, 8, 8)}),
        (FIXED, ["2,3,8,8"], 2, {"x": (2, 3, 8, 8)}),
        (TWO, ["a:3,3,4,8"], 3, {"a": (3, 3, 4, 8), "b": (3, 3)}),
        (TWO, ["1,3,4,8", "1,3"], None, {"a": (1, 3, 4, 8), "b": (1, 3)}),
    ],
)
def test_open_sizes_are_filled(
    text: str,
    texts: list[str],
    batch: int | None,
    expected: dict[str, tuple[int, ...]],
    tmp_path: Path,
) -> None:
    prepared = resolve(written(tmp_path, text), *texts, batch=batch)
    onnx_file, tflite_file = export.to_files(prepared, BOTH, tmp_path / "out")
    assert {t.name: t.shape for t in onnx_file.inputs} == expected
    assert (onnx_file.verified, tflite_file.verified) == ("passed", "passed")
    assert len(tflite_file.outputs) == len(expected)


@pytest.mark.parametrize(
    ("text", "texts", "batch", "message"),
    [
        (FIXED, [], 4, "fixes its input sizes, x 2,3,8,8"),
        (FIXED, ["2,3,9,8"], None, "its input 'x' is 2,3,8,8, all fixed"),
        (OPEN, ["1,4,8,8"], None, r"its input 'x' is \?,3,\?,\?, where"),
        (OPEN, ["1,3,8"], None, "its input 'x' is"),
        (OPEN, ["y:1,3,8,8"], None, "unknown input of"),
        (OPEN, ["1,3,8,8", "1,3"], None, "2 input shapes are given, and .* 1 input: x"),
        (OPEN, [], None, "--input-shape 1,3,224,224"),
        (TWO, ["b:1,3"], None, "--input-shape a:1,3,224,8"),
        (BOTH_OPEN, [], None, "--input-shape a:1,224,8 --input-shape b:1,224,"),
    ],
)
def test_sizes_that_do_not_fit_the_file(
    text: str, texts: list[str], batch: int | None, message: str, tmp_path: Path
) -> None:
    with pytest.raises((UsageError, RefusedError), match=message):
        resolve(written(tmp_path, text), *texts, batch=batch)


def test_sizes_that_a_file_fixes_inside(tmp_path: Path) -> None:
    text = "g (float[1,4,2,2] x) => (float[1,16] y) { y = Reshape(x, s) }"
    model = graphs.proto(text, s=np.array([1, 16]))
    for value in (*model.graph.input, *model.graph.output):
        value.type.tensor_type.shape.dim[0].dim_param = "N"
    onnx.save(model, tmp_path / "net.onnx")
    assert resolve("net.onnx").answers[0]["y"].shape == (1, 16)
    with pytest.raises(RefusedError, match="does not run with inputs x 2,4,2,2") as caught:
        resolve("net.onnx", batch=2)
    assert caught.value.reason_code == "input-shape"


@pytest.mark.parametrize("family", FAMILIES)
def test_networks_take_a_batch(family: str, tmp_path: Path) -> None:
    prepared = batched(family)
    spec = models.get(prepared.name)
    assert (prepared.params, prepared.macs) == (spec.params, 2 * spec.macs)
    for entry in export.to_files(prepared, BOTH, tmp_path):
        assert entry.verified == "passed"
        assert [tensor.shape[0] for tensor in (*entry.inputs, *entry.outputs)] == [2, 2]
        assert entry.partitions in (None, 1)
        assert entry.operators_outside == ()


def test_a_network_takes_another_size(tmp_path: Path) -> None:
    spec = models.get(SMALL)
    prepared = resolve(SMALL, "1,3,48,48")
    assert prepared.macs > spec.macs
    assert prepared.preprocessing is not None
    assert (prepared.preprocessing.crop, prepared.preprocessing.mean) == (
        48,
        spec.preprocessing.mean,
    )
    (entry,) = export.to_files(prepared, ["tflite"], tmp_path)
    assert (entry.path.name, entry.inputs[0].shape) == (f"{SMALL}_float32.tflite", (1, 48, 48, 3))
    assert resolve(SMALL, "1,3,32,48").preprocessing is None, "crops are square"
    for wrong in ("1,4,32,32", "1,3,32"):
        with pytest.raises(UsageError, match="its input 'input' is"):
            resolve(SMALL, wrong)
