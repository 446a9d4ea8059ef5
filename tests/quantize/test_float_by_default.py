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
from tests.specimens import foreign, integers, kernels
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


@pytest.mark.parametrize("name", ["micronet-m0-cifar10", "shufflenet-v1-0.25x-g3"])
def test_classifiers_are_left_alone(name: str) -> None:
    graph = prepare(name).graph
    assert float_by_default.of(graph) == ([], [])
