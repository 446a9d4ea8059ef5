"""What stays float32 unless it is named: boxes of detectors, and the softmax of attention."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest

from edgekit import quantize
from edgekit.export.integer import quantizable
from edgekit.quantize import QuantizeRequest
from edgekit.quantize.encoding import float_by_default
from edgekit.quantize.network import prepare
from edgekit.quantize.result import QuantizeResult
from tests.specimens import integers, kernels
from tests.specimens.drawn import foreign
from tests.specimens.graphs import weights

NETWORKS = {"detector": foreign.detector, "attention": foreign.attention}
ALL = ("Conv", "MatMul", "Gemm", "Add", "Mul", "Sub", "Concat", "Split", "Slice", "Sigmoid",
       "Softmax", "Reshape", "Transpose", "Relu")  # fmt: skip


def quantized(path: Path, folder: Path, operators: tuple[str, ...] = ()) -> QuantizeResult:
    rng = np.random.default_rng(0)
    shape = (32, 3, 32, 32) if "detector" in path.name else (32, 12, 16)
    np.save(folder / "samples.npy", rng.standard_normal(shape, dtype=np.float32))
    nodes = prepare(str(path)).graph.graph
    known = {each.op_type for each in nodes if quantizable.is_capable(each)}
    return quantize.run(
        QuantizeRequest(
            str(path),
            calibration_data=folder / "samples.npy",
            recipe="minmax",
            operators=tuple(each for each in operators if each in known),
            folder=folder / ("all" if operators else "default"),
        )
    )


@pytest.mark.parametrize("name", NETWORKS)
def test_it_is_said_and_the_outputs_are_closer_for_it(name: str, tmp_path: Path) -> None:
    path = NETWORKS[name](tmp_path / f"{name}.onnx")
    usual, every = quantized(path, tmp_path), quantized(path, tmp_path, ALL)
    said = {"detector": "the boxes stay float32", "attention": "the softmax of 1 attention stays"}
    assert any(said[name] in line for line in usual.warnings)
    assert not any("stays float32, between" in line or "boxes" in line for line in every.warnings)
    for left, right in zip(usual.artifacts, every.artifacts, strict=True):
        worst = [min(each.sqnr_db for each in entry.fidelity) for entry in (left, right)]
        assert worst[0] > worst[1] + 0.5


def test_the_layers_before_boxes_are_integers(tmp_path: Path) -> None:
    path = foreign.detector(tmp_path / "detector.onnx")
    result = quantized(path, tmp_path)
    held = onnx.load(result.artifacts[0].path).graph
    constants = {each.name: each.data_type for each in held.initializer}
    int8 = {name for name, kind in constants.items() if kind == onnx.TensorProto.INT8}
    makers = {output: node for node in held.node for output in node.output}
    layers = [node for node in held.node if node.op_type == "Conv"]
    weights = [makers.get(node.input[1]) for node in layers]
    assert [maker is not None and maker.input[0] in int8 for maker in weights] == [
        True, True, False,
    ]  # fmt: skip


def test_a_detector_without_its_arithmetic_is_none(tmp_path: Path) -> None:
    for make in (foreign.segmenter, foreign.two_inputs):
        graph = prepare(str(make(tmp_path / "net.onnx"))).graph
        assert float_by_default.of(graph) == ([], [])


def test_what_keeps_a_divisor_from_zero_is_not_rounded_to_zero() -> None:
    """An instance normalization, written out, on an image of one color."""
    text = """g (float[1,4,6,6] x) => (float[1,4,6,6] y) {
        a = Conv(x, w)\n m = ReduceMean(a, hw)\n d = Sub(a, m)\n s = Mul(d, d)
        v = ReduceMean(s, hw)\n e = Add(v, tiny)\n r = Sqrt(e)\n n = Div(d, r)
        y = Conv(n, w) }"""
    constants = {"w": weights(4, 4, 1, 1), "hw": np.array([2, 3]), "tiny": np.float32(1e-5)}
    graph = integers.network(text, **constants)
    names, (line,) = float_by_default.of(graph)
    assert [n.op_type for n in graph.graph if n.name in names] == [
        "Mul",
        "GlobalAveragePool",
        "Add",
    ]
    assert "a divisor" in line
    draft = integers.drafted(graph, integers.noise(graph, 8))
    flat = {"x": np.zeros((1, 4, 6, 6), np.float32)}
    assert np.abs(kernels.run(integers.tflite_bytes(draft), flat)["y"]).max() < 0.1


_HEAD = (
    "g (float[1,4,6,6] x) => (float[1,2,6,6] y) { a = Conv(x, w)\n b, c = Split<axis=1>(a, two)\n"
)
_MAP = "g (float[1,4,6,6] x) => (float[1,4,6,6] y) { a = Conv(x, w)\n"
_ROWS = "g (float[1,6,4] x) => (float[1,6,4] y) { "
_TWO = {"w": weights(4, 4, 1, 1), "two": np.array([2, 2])}
_GRID = weights(1, 1, 6, 6)
_MEAN = {"w": weights(4, 4, 1, 1), "hw": np.array([2, 3]), "tiny": np.float32(1e-5)}
_ROOT = "p = GlobalAveragePool(a)\n e = Add(p, tiny)\n"
KEPT: dict[str, tuple[str, dict[str, np.ndarray], list[str]]] = {
    "boxes by an exponential": (
        f"{_HEAD} e = Exp(b)\n y = Add(e, c) }}",
        _TWO,
        ["Conv", "Split", "Add"],
    ),
    "boxes by a grid": (
        f"{_HEAD} e = Add(b, grid)\n y = Sub(e, c) }}",
        {**_TWO, "grid": _GRID},
        ["Conv", "Split", "Add", "Sub"],
    ),
    "boxes by the mean of numbered bins": (
        "g (float[1,4,6,6] x) => (float[1,1,6,6] y) { a = Conv(x, w)\n"
        "b, c = Split<axis=1>(a, parts)\n e = Conv(b, bins)\n y = Sub(e, grid) }",
        {**_TWO, "parts": np.array([3, 1]), "grid": _GRID,
         "bins": np.arange(3, dtype=np.float32).reshape(1, 3, 1, 1)},
        ["Conv", "Split", "Conv", "Sub"],
    ),
    "halves times one number": (
        f"{_HEAD} e = Mul(b, k)\n y = Add(e, c) }}",
        {**_TWO, "k": np.full((1, 2, 1, 1), 3, np.float32)},
        [],
    ),
    "unlike parts that are joined again": (
        "g (float[1,4,6,6] x) => (float[1,4,6,6] y) { a = Conv(x, w)\n"
        "b, c = Split<axis=1>(a, parts)\n y = Concat<axis=1>(c, b) }",
        {**_TWO, "parts": np.array([3, 1])},
        [],
    ),
    "a map plus a grid": (f"{_MAP} y = Add(a, grid) }}", {**_TWO, "grid": _GRID}, []),
    "attention": (
        f"{_ROWS} t = Transpose<perm=[0,2,1]>(x)\n s = MatMul(x, t)\n m = Mul(s, k)\n"
        "d = Where(kept, m, lowest)\n p = Softmax(d)\n y = MatMul(p, x) }",
        {"k": np.float32(0.5), "kept": np.tri(6, dtype=bool), "lowest": np.float32(-1e9)},
        ["Mul", "Softmax"],
    ),
    "shares of a constant matrix": (
        f"{_ROWS} s = MatMul(x, q)\n p = Softmax(s)\n y = MatMul(p, v) }}",
        {"q": weights(4, 6), "v": weights(1, 6, 4)},
        [],
    ),
    "a softmax that is a factor": (f"{_ROWS} p = Softmax(x)\n y = Mul(p, x) }}", {}, []),
    "before a root": (f"{_MAP} r = Relu(a)\n e = Add(r, tiny)\n y = Sqrt(e) }}", _MEAN, ["Add"]),
    "a mean before a root": (
        "g (float[1,4,6,6] x) => (float[1,1,6,6] y) { a = Conv(x, w)\n"
        "p = ReduceMean(a, one)\n e = Add(p, tiny)\n y = Sqrt(e) }",
        {**_MEAN, "one": np.array([1])},
        ["Add"],
    ),
    "before a power below one": (
        f"{_MAP} {_ROOT} f = Pow(e, k)\n y = Mul(a, f) }}",
        {**_MEAN, "k": np.float32(0.3)},
        ["GlobalAveragePool", "Add"],
    ),
    "before a power above one": (
        f"{_MAP} {_ROOT} f = Pow(e, k)\n y = Mul(a, f) }}",
        {**_MEAN, "k": np.float32(2.3)},
        [],
    ),
    "before a factor": (f"{_MAP} {_ROOT} y = Mul(e, a) }}", _MEAN, []),
}  # fmt: skip


@pytest.mark.parametrize("name", KEPT)
def test_these_nodes_and_no_others(name: str) -> None:
    text, constants, kinds = KEPT[name]
    graph = integers.network(text, **constants)
    names, lines = float_by_default.of(graph)
    assert [node.op_type for node in graph.graph if node.name in names] == kinds
    assert bool(lines) == bool(kinds)


def test_a_classifier_is_left_alone() -> None:
    assert float_by_default.of(prepare("shufflenet-v1-0.25x-g3").graph) == ([], [])


def test_of_a_classifier_with_computed_factors_only_their_sums_are_kept() -> None:
    graph = prepare("micronet-m0-cifar10").graph
    names, (line,) = float_by_default.of(graph)
    assert {n.op_type for n in graph.graph if n.name in names} == {"Add", "Max", "Mul"}
    assert "sums of products stay float32" in line
