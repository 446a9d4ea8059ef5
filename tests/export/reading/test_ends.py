"""A file that goes on after what is wanted ends where it is told to."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest

from edgekit.errors import EdgekitError, RefusedError, UnknownNameError
from edgekit.export.sources import shapes, source
from tests.export.reading.foreign_files import write
from tests.specimens.commands import Cli
from tests.specimens.graphs import weights

DETECTOR = """g (float[1,3,8,8] x, float[1] sizes) => (int64[n,c] found) {
    f = Conv<pads=[1,1,1,1]>(x, w)
    flat = Reshape(f, to)
    boxes, raw = Split<axis=2>(flat, parts)
    turned = Transpose<perm=[0,2,1]>(raw)
    scores = Sigmoid(turned)
    scaled = Mul(boxes, sizes)
    found = NonMaxSuppression(scaled, scores, most) }"""
CONSTANTS = {
    "w": weights(6, 3, 3, 3),
    "to": np.array([1, 64, 6]),
    "parts": np.array([4, 2]),
    "most": np.array([3]),
}


def with_outputs(path: Path, *names: str) -> bytes:
    proto = onnx.load(path)
    proto.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names)
    return proto.SerializeToString()


@pytest.fixture
def detector(tmp_path: Path) -> Path:
    return write(tmp_path, 18, DETECTOR, **CONSTANTS)


def test_a_search_is_refused_with_the_tensors_to_end_at(detector: Path) -> None:
    with pytest.raises(RefusedError, match="--end-at scaled,scores"):
        source.resolve(str(detector))


def test_files_end_at_the_tensors_named_in_their_order(
    detector: Path, cli: Cli, tmp_path: Path
) -> None:
    code, out, err = cli(
        "export", detector, "--end-at", "scores,boxes", "-o", tmp_path / "out", "--json"
    )
    assert code == 0, err
    entries = json.loads(out)["artifacts"]
    assert [[each["name"] for each in entry["outputs"]] for entry in entries] == [
        ["scores", "boxes"]
    ] * 2
    assert all([each["name"] for each in entry["inputs"]] == ["x"] for entry in entries)
    written = onnxruntime.InferenceSession(tmp_path / "out" / "net_float32.onnx")
    x = np.random.default_rng(0).standard_normal((1, 3, 8, 8), np.float32)
    scores, boxes = written.run(None, {"x": x})
    whole = onnxruntime.InferenceSession(with_outputs(detector, "boxes", "scores"))
    wanted = whole.run(["scores", "boxes"], {"x": x, "sizes": np.ones(1, np.float32)})
    np.testing.assert_allclose(scores, wanted[0], atol=1e-6)
    np.testing.assert_allclose(boxes, wanted[1], atol=1e-6)


def test_integers_end_there_too(detector: Path, cli: Cli, tmp_path: Path) -> None:
    code, out, err = cli(
        "quantize", detector, "--end-at", "boxes", "-o", tmp_path, "--recipe", "minmax", "--json"
    )
    assert code == 0, err
    for entry in json.loads(out)["artifacts"]:
        assert [each["name"] for each in entry["outputs"]] == ["boxes"]


def test_only_what_is_kept_has_to_be_taken(tmp_path: Path) -> None:
    """Also not the constants of the rest, nor what stands inside its branches."""
    text = """g (float[1,4] x, bool b) => (float[a,c] y) {
        r = Relu(x)
        kept = If (yes) <
            then_branch = t () => (float[p,q] o) { o = Add(r, one) },
            else_branch = e () => (float[p,q] o) { o = Identity(x) }>
        odd = RandomNormalLike(kept)
        y = Add(odd, bad) }"""
    path = write(
        tmp_path, 18, text, yes=np.array(True), one=np.ones(1, np.float32),
        bad=np.array([np.nan], np.float32),
    )  # fmt: skip
    found = source.resolve(str(path), asked=shapes.parse((), ends=["kept"]))
    assert list(found.feeds[0]) == ["x"]
    np.testing.assert_array_equal(found.answers[0]["kept"], np.maximum(found.feeds[0]["x"], 0) + 1)


@pytest.mark.parametrize("end", ["box", "x", "w"])
def test_ends_that_no_node_makes(end: str, detector: Path) -> None:
    with pytest.raises(UnknownNameError, match="boxes" if end == "box" else end):
        source.resolve(str(detector), asked=shapes.parse((), ends=[end]))


def test_ends_are_for_files() -> None:
    with pytest.raises(EdgekitError, match=r"--end-at is for the tensors of an \.onnx"):
        source.resolve("micronet-m0", asked=shapes.parse((), ends=["y"]))
