"""Inputs: their types, and values that reach what the graph does with them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgekit import export
from edgekit.errors import RefusedError, UnsupportedOperatorError
from edgekit.export.sources import shapes, source
from tests.export.reading.foreign_files import exported, write
from tests.specimens.graphs import weights


@pytest.mark.parametrize("dtype", ["float16", "double"])
def test_half_and_double_precision_are_read_as_float32(dtype: str, tmp_path: Path) -> None:
    text = f"g ({dtype}[1,4,6,6] x) => ({dtype}[a,b,c,d] y) {{ a = Conv(x, w)\n y = Add(a, k) }}"
    numpy_type = np.float16 if dtype == "float16" else np.float64
    constants = {
        "w": weights(3, 4, 3, 3).astype(numpy_type),
        "k": np.array(0.5, numpy_type),
    }
    prepared = source.resolve(str(write(tmp_path, 18, text, **constants)))
    assert prepared.reference.endswith("in float32")  # also where no kernel takes doubles
    for entry in export.to_files(prepared, ["onnx", "tflite"], tmp_path / "out"):
        takes = np.dtype(numpy_type).name if entry.format == "onnx" else "float32"
        assert (entry.verified, entry.inputs[0].dtype) == ("passed", takes)


def test_an_input_that_litert_has_no_type_for(tmp_path: Path) -> None:
    text = "g (uint16[1,4] x) => (float[a,b] y) { a = Cast<to=1>(x)\n y = Exp(a) }"
    path = write(tmp_path, 18, text)
    prepared = source.resolve(str(path))
    (entry,) = export.to_files(prepared, ["onnx"], tmp_path / "out")
    assert entry.verified == "passed"
    with pytest.raises(UnsupportedOperatorError, match="an input of type UINT16"):
        export.to_files(prepared, ["tflite"], tmp_path / "out")


@pytest.mark.parametrize("kind", ["uint8", "int8", "int32", "int64", "bool"])
def test_inputs_of_other_types(kind: str, tmp_path: Path) -> None:
    text = f"g ({kind}[1,4] x) => (float[a,b] y) {{ a = Cast<to=1>(x)\n y = Mul(a, k) }}"
    path = write(tmp_path, 18, text, k=weights(1, 4))
    assert source.resolve(str(path)).feeds[0]["x"].dtype == np.dtype(kind)
    assert exported(path, tmp_path) == ["Cast", "Mul"]


@pytest.mark.parametrize(
    ("text", "constants", "size"),
    [
        ("g (int64[1,4] x) => (float[a,b,c] y) { y = Gather(t, x) }", {"t": weights(7, 3)}, 7),
        (
            "g (float[1,4] x) => (float[a,b,c] y) { i = Cast<to=7>(x)\n y = Gather(t, i) }",
            {"t": weights(3, 3)},
            3,
        ),
    ],
)
def test_indices_stay_within_what_they_point_into(
    text: str, constants: dict[str, np.ndarray], size: int, tmp_path: Path
) -> None:
    prepared = source.resolve(str(write(tmp_path, 18, text, **constants)))
    drawn = np.concatenate([feed["x"].ravel() for feed in prepared.feeds])
    assert drawn.min() >= 0
    assert size - 1 <= drawn.max() < size


def test_what_integers_become_may_be_an_index(tmp_path: Path) -> None:
    text = """g (int64[2,3] x) => (float[a,b,c] y) {
        far = Add(x, x)\n index = Mul(far, x)\n y = Gather(table, index) }"""
    path = write(tmp_path, 13, text, table=weights(3, 2))
    assert exported(path, tmp_path).count("Gather") == 1


def test_numbers_that_the_graph_compares_with_are_met(tmp_path: Path) -> None:
    text = """g (int64[1] x, float[1,3] z) => (float[a,b] y) {
        c = Equal(x, k)
        n = Neg(z)
        y = Where(c, z, n) }"""
    prepared = source.resolve(str(write(tmp_path, 18, text, k=np.array([16000]))))
    drawn = {int(feed["x"].item()) for feed in prepared.feeds}
    assert 16000 in drawn
    assert len(drawn) > 1


def test_a_mask_is_drawn_as_truth_values(tmp_path: Path) -> None:
    text = """g (int64[1,9] mask, float[1,9] x) => (float[a,b] y) {
        m = Cast<to=1>(mask)
        n = Sub(one, m)
        k = Mul(n, low)
        y = Add(x, k) }"""
    constants = {"one": np.float32(1), "low": np.float32(-3e38)}
    prepared = source.resolve(str(write(tmp_path, 18, text, **constants)))
    assert {int(x) for feed in prepared.feeds for x in feed["mask"].ravel()} == {0, 1}


def test_a_batch_is_known_by_its_name_wherever_it_stands(tmp_path: Path) -> None:
    text = """g (float[batch,steps] x, float[2,batch,4] state) => (float[a,b,c] y) {
        y = Add(state, state) }"""
    path = str(write(tmp_path, 18, text))
    with pytest.raises(RefusedError, match=r"--input-shape x:1,224, with"):
        source.resolve(path)
    asked = shapes.parse(["x:3,5"])
    assert source.resolve(path, asked=asked).feeds[0]["state"].shape == (2, 3, 4)


@pytest.mark.parametrize(
    ("declared", "proposed"),
    [
        ("float[n,steps] x, float[2,batch_size,4] state", r"--input-shape x:1,224, with"),
        ("float[n,steps] x, float[2,anything,4] state", r"x:1,224 --input-shape state:2,1,4, with"),
        ("float[1,frames,4] x, float[1,1,4] state", r"--input-shape x:1,224,4, with"),
    ],
)
def test_a_batch_is_not_proposed_as_a_size(declared: str, proposed: str, tmp_path: Path) -> None:
    text = f"g ({declared}) => (float[a,b,c] y) {{ y = Neg(state) }}"
    with pytest.raises(RefusedError, match=proposed):
        source.resolve(str(write(tmp_path, 18, text)))


def test_lengths_are_no_longer_than_the_sequence(tmp_path: Path) -> None:
    text = """g (float[3,2,4] x, int32[2] n) => (float[a,b,c,d] y) {
        y, h = GRU<hidden_size=1>(x, w, r, , n) }"""
    constants = {"w": weights(1, 3, 4), "r": weights(1, 3, 1)}
    prepared = source.resolve(str(write(tmp_path, 18, text, **constants)))
    assert {int(n) for feed in prepared.feeds for n in feed["n"]} <= {0, 1, 2, 3}
    assert len(prepared.feeds) > 1
