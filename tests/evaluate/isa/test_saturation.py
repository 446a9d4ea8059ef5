"""Layers whose products saturate are named, and no others."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper

from edgekit.emulation import isa
from edgekit.errors import (
    UnreadableModelError,
)
from edgekit.evaluate.verification import saturation
from edgekit.evaluate.verification.saturation import SaturatingLayer
from edgekit.modelfile import onnx_cut
from edgekit.processes import child
from edgekit.runtimes import ModelInfo
from tests.evaluate.isa.made import integer_operators, require
from tests.specimens.drawn import qdq
from tests.specimens.files import tiny_onnx


@pytest.mark.parametrize(("dtype", "operator"), [("int8", "Conv"), ("uint8", "MatMul")])
def test_the_saturating_layer_is_named_and_no_other(
    dtype: str, operator: str, tmp_path: Path, sound: str
) -> None:
    require("avx2")
    weights = {"first": qdq.QUIET, "loud": qdq.LOUD, "after": qdq.QUIET}
    path = qdq.chain(tmp_path / "loud.onnx", weights, dtype, operator)
    shape = () if operator == "Conv" else (1, qdq.CHANNELS)
    inputs = qdq.feeds(2, *shape)
    (layer,) = saturation.find(str(path), inputs, "avx2", sound)
    assert (layer.name, layer.operator, layer.isa) == ("loud", operator, "avx2")
    assert layer.share == 1
    assert layer.largest_steps is not None
    assert layer.largest_steps > 20


def test_seven_bit_weights_do_not_saturate(tmp_path: Path, sound: str) -> None:
    require("avx2")
    path = qdq.chain(tmp_path / "quiet.onnx", dict.fromkeys("ab", qdq.QUIET))
    assert saturation.find(str(path), qdq.feeds(2), "avx2", sound) == ()


@pytest.mark.parametrize("operator", ["Conv", "MatMul"])
def test_exact_sums_do_not_saturate(operator: str, tmp_path: Path, sound: str) -> None:
    """What `evaluate` and the parity check ask for, on processors that would saturate."""
    saturating = isa.NATIVE if isa.pairs_saturate(isa.NATIVE) else "avx2"
    require(saturating)
    shape = () if operator == "Conv" else (1, qdq.CHANNELS)
    path = qdq.chain(tmp_path / "loud.onnx", {"loud": qdq.LOUD}, "int8", operator)
    inputs = qdq.feeds(1, *shape)

    def answer(name: str, *, exact_sums: bool) -> np.ndarray:
        _, (outputs,) = child.run(path, inputs, isa=name, exact_sums=exact_sums)
        return next(iter(outputs.values()))

    right = answer(sound, exact_sums=False)
    np.testing.assert_array_equal(answer(saturating, exact_sums=True), right)
    assert (answer(saturating, exact_sums=False) != right).any()


def test_a_file_without_int8_layers_has_none(tmp_path: Path) -> None:
    path = tiny_onnx(tmp_path / "float.onnx")
    feeds = [{"x": np.ones((1, 3, 8, 8), np.float32)}]
    assert saturation.find(str(path), feeds, "avx2") == ()
    (tmp_path / "bad.onnx").write_bytes(b"no model")
    with pytest.raises(UnreadableModelError, match=r"bad\.onnx"):
        saturation.find(str(tmp_path / "bad.onnx"), feeds, "avx2")


def test_layers_that_differ_are_counted_in_steps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second run is this processor's too, with other answers put in its place."""
    path = qdq.chain(tmp_path / "q.onnx", {"a": 30, "b": 30})
    run = child.run

    def spoilt(
        path: Path,
        feeds: list[dict[str, np.ndarray]],
        threads: int,
        isa: str = isa.NATIVE,
        *,
        exact_sums: bool,
    ) -> tuple[ModelInfo, list[dict[str, np.ndarray]]]:
        info, outputs = run(path, feeds, threads=threads, exact_sums=exact_sums)
        if isa == "avx2":
            changed = outputs[1]["piece1/y"].copy()
            changed.ravel()[:4] += 3 * np.float32(qdq.INPUT_SCALE * qdq.gain(30) ** 2)
            outputs[1]["piece1/y"] = changed
        return info, outputs

    monkeypatch.setattr(child, "run", spoilt)
    found = saturation.find(str(path), qdq.feeds(2), "avx2")
    elements = 2 * qdq.CHANNELS * qdq.SIDE**2
    assert found == (SaturatingLayer(str(path), "b", "Conv", "avx2", 4 / elements, 3.0),)


def _gemm_without_pair(path: Path) -> Path:
    """Float output: ONNX Runtime makes it a MatMulIntegerToFloat or QGemm."""
    weights = np.arange(-32, 32, dtype=np.int8).reshape(qdq.CHANNELS, 4)
    scalars = {"s": np.float32(0.01), "z": np.int8(-128), "w": weights, "ws": np.float32(0.02)}
    make = helper.make_node
    nodes = [
        make("QuantizeLinear", ["x", "s", "z"], ["q"]),
        make("DequantizeLinear", ["q", "s", "z"], ["d"]),
        make("DequantizeLinear", ["w", "ws"], ["wd"]),
        make("Gemm", ["d", "wd"], ["y"], name="last"),
    ]
    return qdq.save(path, nodes, scalars, {"x": ("float32", (1, qdq.CHANNELS))}, ["y"])


CUTS: dict[str, tuple[Callable[[Path], Path], list[str]]] = {
    "int8": (lambda path: qdq.chain(path, {"a": 60, "b": 30}), ["a", "b"]),
    "uint8": (lambda path: qdq.chain(path, {"a": 60, "b": 30}, "uint8"), ["a", "b"]),
    "gemm": (lambda path: qdq.chain(path, {"a": 60}, "uint8", "Gemm"), ["a"]),
    "no pair": (_gemm_without_pair, ["last"]),
    "integer operators": (integer_operators, ["linear", "m"]),
}


@pytest.mark.parametrize("case", CUTS)
def test_pieces_compute_what_the_whole_does(case: str, tmp_path: Path) -> None:
    make, names = CUTS[case]
    path = make(tmp_path / "whole.onnx")
    model = onnx.load(path)
    pieces = onnx_cut.pieces(model)
    assert [piece.name for piece in pieces] == names
    info = child.describe(path)
    shape = info.inputs[0].shape
    (feeds,) = qdq.feeds(1, *shape)
    targets = [piece.target.partition("/")[2] for piece in pieces]
    sources = [source for piece in pieces for source in piece.sources]
    shown = dict.fromkeys([*sources, *targets])
    onnx.save(onnx_cut.showing(model, shown), tmp_path / "all.onnx")
    whole = feeds | child.run(tmp_path / "all.onnx", [feeds])[1][0]
    onnx.save(onnx_cut.apart(model, pieces, whole), tmp_path / "cut.onnx")
    given = {
        name: whole[source]
        for piece in pieces
        for name, source in zip(piece.inputs, piece.sources, strict=True)
    }
    cut = child.run(tmp_path / "cut.onnx", [given])[1][0]
    for piece, target in zip(pieces, targets, strict=True):
        # A value that is shown is not fused, and then a half may be rounded the other way.
        one_step = 1.01 * (piece.step or 0)
        np.testing.assert_allclose(cut[piece.target], whole[target], rtol=1e-6, atol=one_step)
        assert np.ptp(whole[target].astype(float)) > 3 * one_step
