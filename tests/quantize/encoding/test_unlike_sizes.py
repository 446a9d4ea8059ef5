"""Values of unlike size: the small ones are not drowned by the large ones they meet."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx
import pytest

from edgekit.cli import run
from edgekit.quantize import Draft, recipe
from edgekit.quantize.encoding import faint, unlike
from tests.specimens import graphs, integers, kernels
from tests.specimens.graphs import weights

SQUARE = {"w": weights(4, 4, 1, 1)}
HEAD = (
    "g (float[1,4,6,6] x) => (float[1,8,6,6] y) { b = Conv(x, big)\n a = Conv(x, w)\n"
    "s = Sigmoid(a)\n y = Concat<axis=1>(b, s) }"
)
HEAD_MOVED = (
    HEAD.replace("[1,8,6,6] y", "[1,36,8] y")
    .replace("y = Conc", "c = Conc")
    .replace("(b, s) }", "(b, s)\n r = Reshape(c, flat)\n y = Transpose<perm=[0,2,1]>(r) }")
)
BIG = {**SQUARE, "big": 100 * weights(4, 4, 1, 1, seed=3)}
FLAT = {"flat": np.array([1, 8, 36])}


@pytest.mark.parametrize(
    ("text", "constants", "axis"), [(HEAD, BIG, 1), (HEAD_MOVED, {**BIG, **FLAT}, 2)]
)
def test_small_numbers_are_not_drowned_by_large_ones(
    text: str, constants: Mapping[str, np.ndarray], axis: int, tmp_path: Path
) -> None:
    graph = integers.network(text, **constants)
    draft = integers.drafted(graph, integers.noise(graph, 8))
    assert "y" not in draft.encodings.activations
    fed = integers.noise(graph, 4, seed=2)
    truth = [t["y"] for t in integers.originals(text, constants, fed, tmp_path)]
    for answers in (
        [graphs.run_onnx(integers.onnx_bytes(draft), feed, tmp_path)["y"] for feed in fed],
        [kernels.run(integers.tflite_bytes(draft), feed)["y"] for feed in fed],
    ):
        for half in (0, 1):
            parts = [[np.split(v, 2, axis)[half] for v in each] for each in (truth, answers)]
            assert integers.sqnr_db(*parts) > 25
    (line,) = unlike.kept_float(draft.graph, draft.encodings)
    assert "cannot share one scale" in line


@pytest.mark.parametrize("output", ["y", "a"])
def test_what_is_joined_in_float32_shares_no_scale(output: str, tmp_path: Path) -> None:
    """A value that is read elsewhere, or asked for, keeps its own steps."""
    text = (
        "g (float[1,4,6,6] x) => (float[1,12,6,6] y, float[1,4,6,6] a) { a = Conv(x, w)\n"
        "b = Conv(a, big)\n s = Sigmoid(a)\n y = Concat<axis=1>(b, s, a) }"
    )
    graph = integers.network(text, **BIG)
    draft = integers.drafted(graph, integers.noise(graph, 8))
    fed = integers.noise(graph, 4, seed=2)
    truth = [t[output][:, -4:] for t in integers.originals(text, BIG, fed, tmp_path)]
    for answers in (
        [graphs.run_onnx(integers.onnx_bytes(draft), feed, tmp_path) for feed in fed],
        [kernels.run(integers.tflite_bytes(draft), feed) for feed in fed],
    ):
        assert integers.sqnr_db(truth, [a[output][:, -4:] for a in answers]) > 25


def test_what_reads_unlike_values_stays_float32_and_the_rest_does_not() -> None:
    text = HEAD.replace("[1,8,6,6] y", "[1,4,6,6] z").replace(
        "(b, s) }", "(b, s)\n z = Conv(y, v) }"
    )
    graph = integers.network(text, v=weights(4, 8, 1, 1), **BIG)
    draft = integers.drafted(graph, integers.noise(graph, 8))
    operators = [n.op_type for n in onnx.load_from_string(integers.onnx_bytes(draft)).graph.node]
    assert operators.count("Conv") == 3
    assert "y" not in draft.encodings.activations
    assert {"b", "s", "x"} <= set(draft.encodings.activations)
    assert len(draft.encodings.layers) == 2


def test_a_constant_is_not_drowned_either(tmp_path: Path) -> None:
    """Coordinates from -1 to 1 beside a map of thousands."""
    text = (
        "g (float[1,4,6,6] x) => (float[1,5,6,6] y) { b = Conv(x, big)\n y = Concat<axis=1>(b, c) }"
    )
    constants = {
        "big": 1000 * weights(4, 4, 1, 1),
        "c": np.linspace(-1, 1, 36, dtype=np.float32).reshape(1, 1, 6, 6),
    }
    graph = integers.network(text, **constants)
    draft = integers.drafted(graph, integers.noise(graph))
    (feed,) = integers.noise(graph, 1, seed=5)
    answer = graphs.run_onnx(integers.onnx_bytes(draft), feed, tmp_path)["y"]
    np.testing.assert_allclose(answer[:, 4:], constants["c"], atol=1e-6)


def _drafted_well(text: str, constants: dict[str, np.ndarray], folder: Path) -> Draft:
    """Quantize a network, whose .tflite answers near the original, and return the draft."""
    graph = integers.network(text, **constants)
    draft = integers.drafted(graph, integers.noise(graph, 8))
    fed = integers.noise(graph, 4, seed=2)
    truth = [t["y"] for t in integers.originals(text, constants, fed, folder)]
    answers = [kernels.run(integers.tflite_bytes(draft), feed)["y"] for feed in fed]
    assert integers.sqnr_db(truth, answers) > 25
    return draft


def test_a_map_is_not_drowned_by_its_border(tmp_path: Path) -> None:
    """Of a number that no maximum is below."""
    text = (
        "g (float[1,4,6,6] x) => (float[1,4,6,6] y) { a = Conv(x, w)\n p = Pad(a, one, lowest)\n"
        "m = MaxPool<kernel_shape=[3,3]>(p)\n y = Conv(m, w) }"
    )
    constants = {
        **SQUARE, "one": np.array([0, 0, 1, 1, 0, 0, 1, 1]), "lowest": np.float32(-1e9),
    }  # fmt: skip
    draft = _drafted_well(text, constants, tmp_path)
    (line,) = unlike.kept_float(draft.graph, draft.encodings)
    assert "up to 1e+09" in line


def test_a_map_that_is_nearly_empty_of_itself_is_not_drowned() -> None:
    """Steps of its own would leave no more of it."""
    text = "g (float[1,2,99,99] x) => (float[1,4,99,99] y) { a = Conv(x, w)\n" + (
        "y = Concat<axis=1>(a, x) }"
    )
    peak = np.zeros((1, 2, 99, 99), np.float32)
    peak[0, :, 50, 50] = 1
    graph = integers.network(text, w=np.abs(weights(2, 2, 1, 1)) / 2)
    affines = integers.drafted(graph, [{"x": peak}]).encodings.activations
    assert {"x", "a", "y"} <= affines.keys()


def test_a_softmax_that_integers_leave_nothing_of_stays_float32(tmp_path: Path) -> None:
    """Each of 600 like classes has less than half a step of 1/256."""
    text = "g (float[1,4] x) => (float[1,600] y) { a = Gemm(x, w)\n y = Softmax<axis=-1>(a) }"
    constants = {"w": graphs.weights(4, 600) / 9}
    draft = _drafted_well(text, constants, tmp_path)
    (line,) = faint.kept_float(draft.graph, draft.encodings)
    assert "it stays float32" in line
    node = next(each for each in draft.graph.graph if each.op_type == "Softmax")
    asked_for = draft.with_float([str(node.name)])
    assert faint.kept_float(draft.graph, asked_for.encodings) == []


def test_sixteen_bits_hold_what_eight_cannot() -> None:
    graph = integers.network(HEAD, **BIG)
    samples = integers.noise(graph, 8)
    wide = integers.drafted(graph, samples, recipe.Recipe("minmax", activation_bits=16))
    assert "y" in wide.encodings.activations
    assert unlike.kept_float(graph, wide.encodings) == []


def test_a_small_addend_keeps_its_own_steps() -> None:
    """It has another reader, which would see nothing but zeros in steps of the sum."""
    text = (
        "g (float[1,4,6,6] x) => (float[1,4,6,6] y, float[1,4,6,6] z) { b = Conv(x, big)\n"
        "a = Conv(x, w)\n y = Add(a, b)\n z = Conv(a, w) }"
    )
    graph = integers.network(text, **BIG)
    draft = integers.drafted(graph, integers.noise(graph, 8))
    affines = draft.encodings.activations
    assert affines["b"].scale == affines["y"].scale > 16 * affines["a"].scale


def test_quantize_says_which_values_cannot_share_a_scale(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    onnx.save(graphs.proto(HEAD, **BIG), tmp_path / "head.onnx")
    code = run(["quantize", str(tmp_path / "head.onnx"), "--recipe", "fast", "-o", str(tmp_path)])
    said = capsys.readouterr()
    assert code == 0, said.err
    assert "warning: " in said.err
    assert "cannot share one scale" in said.err
