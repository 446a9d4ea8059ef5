"""Layers of few channels over large maps, which ONNX Runtime shall compute in float32."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest

from edgekit.export.integer import quantizable
from edgekit.export.sources import canonical
from edgekit.quantize import Draft
from tests.specimens import graphs, integers
from tests.specimens.graphs import weights

BEHIND = "b = {}\n y = Conv(b, last)"


def _draft(size: int, outputs: int, window: int, behind: str) -> Draft:
    graph = integers.network(
        f"g (float[1,3,{size},{size}] x) => (float[1,N,{size},{size}] y)"
        "<float low = {0}, float high = {6}> {"
        f"a = Conv<pads={[window // 2] * 4}>(x, first, bias)\n"
        f"{behind} }}",
        first=weights(outputs, 3, window, window),
        bias=weights(outputs),
        last=weights(5, outputs, 1, 1),
    )
    return integers.drafted(graph, integers.noise(graph, 1))


def _chosen(path: Path) -> list[str]:
    """Return the operators that ONNX Runtime makes of a file."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.optimized_model_filepath = str(path.with_suffix(".chosen.onnx"))
    onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return [node.op_type for node in onnx.load(options.optimized_model_filepath).graph.node]


@pytest.mark.parametrize("activation", ["Relu(a)", "Clip(a, low, high)", "Neg(a)"])
def test_a_layer_of_few_channels_is_float_and_answers_as_its_integers_do(
    activation: str, tmp_path: Path
) -> None:
    draft = _draft(48, 8, 3, BEHIND.format(activation))
    (feed,) = integers.noise(draft.graph, 1, seed=7)
    assert integers.answers(draft, feed, tmp_path).worst_steps() <= 1.01
    stored = {tensor.name for tensor in onnx.load(tmp_path / "model.onnx").graph.initializer}
    assert not any(name.endswith("first") for name in stored), "its weights stay integers"
    assert _chosen(tmp_path / "model.onnx").count("QLinearConv") == 1


@pytest.mark.parametrize(
    ("size", "outputs", "window", "behind"),
    [
        (48, 9, 3, BEHIND.format("Relu(a)")),
        (47, 8, 3, BEHIND.format("Relu(a)")),
        (48, 8, 1, BEHIND.format("Relu(a)")),
        (48, 8, 3, "y = Relu(a)"),
    ],
)
def test_other_layers_are_left_to_the_integer_kernel(
    size: int, outputs: int, window: int, behind: str, tmp_path: Path
) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(integers.onnx_bytes(_draft(size, outputs, window, behind), unsigned=True))
    layers = sum(node.op_type == "Conv" for node in onnx.load(path).graph.node)
    assert _chosen(path).count("QLinearConv") == layers


def test_the_maximum_behind_a_layer_is_gone_when_the_file_is_read_again() -> None:
    draft = _draft(48, 8, 3, BEHIND.format("Relu(a)"))
    file = onnx.load_from_string(integers.onnx_bytes(draft, unsigned=True))
    assert "Max" in {node.op_type for node in file.graph.node}
    again = quantizable.from_canonical(canonical.from_proto(file))
    assert "Max" not in {node.op_type for node in again.graph}


def test_the_lowest_number_guards_what_may_be_infinite() -> None:
    model = graphs.proto(
        "g (float[3,4] x, float[3,4] z) => (float[3,4] y) { a = Add(x, z)\n y = Max(a, lowest) }",
        lowest=np.array(np.finfo(np.float32).min),
    )
    assert "Max" in {node.op_type for node in canonical.from_proto(model).graph}


def test_a_maximum_that_adds_an_axis_stays() -> None:
    model = graphs.proto(
        "g (float[1,2,4,4] x) => (float[1,1,2,4,4] y) { a = Conv(x, w)\n y = Max(a, lowest) }",
        w=graphs.weights(2, 2, 1, 1),
        lowest=np.full((1, 1, 1, 1, 1), np.finfo(np.float32).min),
    )
    (output,) = canonical.from_proto(model).graph.outputs
    assert output.shape == (1, 1, 2, 4, 4)
