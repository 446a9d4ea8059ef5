"""What encodings promise: shared scales, an exact zero, biases that fit, and no changes."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from edgekit import runtimes
from edgekit.errors import RefusedError
from edgekit.export import parity
from edgekit.export.graph import nodes as g
from edgekit.export.graph import operators, weight_layers
from edgekit.export.graph.affine import Affine
from edgekit.export.integer import encoded, quantizable
from edgekit.export.integer.encodings import Encodings
from edgekit.quantize import Draft
from edgekit.quantize.encoding import affine_choice
from tests.export.integer.cases import CASES, drafted, islands, network
from tests.specimens import integers
from tests.specimens.graphs import weights


@pytest.mark.parametrize("name", ["concat", "relu6 before a wider concat", "split", "max", "pad"])
def test_what_is_only_moved_or_joined_has_one_encoding(name: str) -> None:
    draft = drafted(name)
    affines = draft.encodings.activations
    seen = 0
    for node in draft.graph.graph:
        if operators.of(node).shares_scale:
            touched = [*weight_layers.dynamic_inputs(node), *node.outputs]
            assert len({affines[str(value.name)] for value in touched}) == 1
            seen += 1
    assert seen


@pytest.mark.parametrize("name", ["residual", "residual chain", "sub"])
def test_what_is_added_has_one_scale(name: str) -> None:
    affines = drafted(name).encodings.activations
    for node in drafted(name).graph.graph:
        if node.op_type in ("Add", "Sub"):
            sums = [*node.inputs, *node.outputs]
            assert len({affines[v.name].scale for v in sums if v and v.name in affines}) == 1


@pytest.mark.parametrize("name", CASES)
def test_zero_is_exact(name: str) -> None:
    for affine in drafted(name).encodings.activations.values():
        zero = affine.store(0.0)
        assert zero == affine.zero_point
        assert affine.low <= 0 <= affine.high


def test_zero_padding_is_exact_where_zero_is_not_in_the_middle(tmp_path: Path) -> None:
    graph = integers.network(
        "g (float[1,4,6,6] x) => (float[1,4,6,6] y) { y = Conv<pads=[1,1,1,1]>(x, w) }",
        w=weights(4, 4, 3, 3),
    )
    feeds = [{"x": np.abs(feed["x"]) - 0.3} for feed in integers.noise(graph)]
    draft = integers.drafted(graph, feeds)
    assert draft.encodings.activations["x"].zero_point not in (0, -128)
    assert integers.answers(draft, feeds[0], tmp_path).worst_steps() == 0


@pytest.mark.parametrize("per_channel", [True, False])
def test_a_bias_far_beyond_the_inputs_does_not_overflow(per_channel: bool, tmp_path: Path) -> None:
    """An input of 1e-6 times weights of 1e-3 makes steps in which a bias of 1000 is 1e16."""
    bias = np.array([1000.0, -3.0, 0.0, 1e-9], np.float32)
    graph = integers.network(
        "g (float[1,4] x) => (float[1,4] y) { y = Gemm<transB=1>(x, w, b) }",
        w=weights(4, 4) * np.float32(1e-3),
        b=bias,
    )
    feeds = [{"x": feed["x"] * np.float32(1e-6)} for feed in integers.noise(graph)]
    spans = {"x": (-3e-6, 3e-6), "y": (-3.0, 1000.0)}
    draft = Draft(graph, affine_choice.encodings(graph, spans, per_channel=per_channel))
    (layer,) = draft.encodings.layers.values()
    steps = layer.stored_bias(draft.encodings.activations["x"].scale)
    assert np.abs(steps.astype(np.int64)).max() <= 2**30
    found = integers.answers(draft, feeds[0], tmp_path)
    assert found.worst_steps() <= 1.01
    np.testing.assert_allclose(found.onnx["y"], bias[None], atol=0.51 * found.steps["y"])


def test_a_stored_bias_saturates_and_does_not_wrap() -> None:
    (layer,) = drafted("gemm").encodings.layers.values()
    huge = dataclasses.replace(layer, bias=np.array([1e9, -1e9, 0, 1, 2.0]))
    stored = huge.stored_bias(1e-6)
    assert stored.dtype == np.int32
    assert (stored[0], stored[1]) == (2**30, -(2**30))


def test_encodings_of_another_network_are_refused() -> None:
    mine, other = drafted("gemm"), network("matmul")
    with pytest.raises(RefusedError, match="another network") as caught:
        encoded.apply(other, mine.encodings)
    assert caught.value.reason_code == "encodings-mismatch"


@pytest.mark.parametrize(
    "wrong",
    [
        {"scale": 0.0},
        {"scale": float("nan")},
        {"zero_point": 128},
        {"zero_point": -129},
        {"bits": 4},
    ],
    ids=str,
)
def test_an_encoding_checks_itself(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"scale|int8|bits"):
        Affine(**{"scale": 1.0, "zero_point": 0, **wrong})  # type: ignore[arg-type]


def test_making_files_leaves_the_graph_as_it_was() -> None:
    draft = islands()
    before = quantizable.digest(draft.graph)
    integers.onnx_bytes(draft)
    integers.tflite_bytes(draft)
    draft.simulation()
    assert quantizable.digest(draft.graph) == before


def test_encodings_cannot_be_changed_in_place() -> None:
    found: Encodings = islands().encodings
    with pytest.raises(TypeError):
        found.activations["x"] = Affine(1.0, 0)  # type: ignore[index]


def test_layouts_of_answers_are_the_networks(tmp_path: Path) -> None:
    """A .tflite answers in NHWC; brought back to NCHW it is the .onnx file's answer."""
    draft = drafted("convolution")
    (feed,) = integers.noise(draft.graph, 1)
    path = tmp_path / "m.tflite"
    path.write_bytes(integers.tflite_bytes(draft))
    raw = runtimes.load("tflite", path).run(parity.to_nhwc(feed, {"x"}))["y"]
    assert raw.shape == (1, 6, 6, 5)
    assert g.shape_of(next(iter(draft.graph.graph.outputs))) == (1, 5, 6, 6)
