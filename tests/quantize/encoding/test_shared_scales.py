"""What shares a scale, what is converted instead, and what stays float32 for its parts' sake."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import onnx
import pytest

from edgekit.cli import run
from edgekit.export.graph.affine import Affine
from edgekit.quantize import Draft, recipe
from edgekit.quantize.encoding import faint, shared_scales, unlike
from tests.specimens import graphs, integers, kernels
from tests.specimens.graphs import weights
from tests.specimens.integers import Feed

UNIT, SIGNED_UNIT = Affine(1 / 256, -128), Affine(1 / 128, 0)
SQUARE = {"w": weights(4, 4, 1, 1)}
TWICE = "g (float[1,4,6,6] x) => (float[1,8,6,6] y)"
SAME = "g (float[1,4,6,6] x) => (float[1,4,6,6] y)"


@dataclass(frozen=True)
class Mixed:
    """Values that ask for different encodings meet.

    Attributes:
        text: the graph.
        constants: its constants.
        size: by which normal noise is multiplied to be its input.
        keeps: values with a prescribed encoding, and which.
        requantizations: how many the files hold.
    """

    text: str
    constants: Mapping[str, np.ndarray] = field(default_factory=dict)
    size: float = 1.0
    keeps: Mapping[str, Affine] = field(default_factory=dict)
    requantizations: int = 1


MIXED = {
    "input and sigmoid": Mixed(
        f"{TWICE} {{ a = Conv(x, w)\n s = Sigmoid(a)\n y = Concat<axis=1>(x, s) }}",
        SQUARE,
        keeps={"s": UNIT},
    ),
    "input and tanh": Mixed(
        f"{TWICE} {{ a = Conv(x, w)\n s = Tanh(a)\n y = Concat<axis=1>(s, x) }}",
        SQUARE,
        3.0,
        {"s": SIGNED_UNIT},
    ),
    "sigmoid moved before it is joined": Mixed(
        f"{TWICE} {{ a = Conv(x, w)\n s = Sigmoid(a)\n p = MaxPool<kernel_shape=[3,3],"
        "pads=[1,1,1,1]>(s)\n y = Concat<axis=1>(p, x) }",
        SQUARE,
        keeps={"s": UNIT, "p": UNIT},
    ),
    "sigmoid and tanh": Mixed(
        f"{TWICE} {{ a = Conv(x, w)\n s = Sigmoid(a)\n t = Tanh(a)\n y = Concat<axis=1>(s, t) }}",
        SQUARE,
        keeps={"s": UNIT, "t": SIGNED_UNIT},
        requantizations=2,
    ),
    "softmax and layer": Mixed(
        "g (float[1,6] x) => (float[1,10] y) { a = Gemm<transB=1>(x, w)\n b = Gemm<transB=1>(x, v)"
        "\n s = Softmax<axis=1>(a)\n y = Concat<axis=1>(s, b) }",
        {"w": weights(5, 6), "v": weights(5, 6, seed=1)},
        keeps={"s": UNIT},
    ),
    "larger of input and sigmoid": Mixed(
        f"{SAME} {{ a = Conv(x, w)\n s = Sigmoid(a)\n y = Max(x, s) }}",
        SQUARE,
        keeps={"s": UNIT},
    ),
    "smaller of tanh and a constant below it": Mixed(
        f"{SAME} {{ a = Conv(x, w)\n t = Tanh(a)\n y = Min(t, c) }}",
        {**SQUARE, "c": np.array([-3, 0.9, 0.5, -0.5], np.float32).reshape(1, 4, 1, 1)},
        keeps={"t": SIGNED_UNIT},
    ),
    "larger of tanh and a constant above it": Mixed(
        f"{SAME} {{ a = Conv(x, w)\n t = Tanh(a)\n y = Max(t, c) }}",
        {**SQUARE, "c": np.array([-1, 3, 0.5, -0.5], np.float32).reshape(1, 4, 1, 1)},
        keeps={"t": SIGNED_UNIT},
    ),
    "sigmoid and a constant within it": Mixed(
        f"{SAME} {{ a = Conv(x, w)\n s = Sigmoid(a)\n y = Max(s, c) }}",
        {**SQUARE, "c": np.full((1, 4, 1, 1), 0.5, np.float32)},
        keeps={"s": UNIT, "y": UNIT},
        requantizations=0,
    ),
    "sigmoid read twice": Mixed(
        "g (float[1,4,6,6] x) => (float[1,8,6,6] y, float[1,4,6,6] z)"
        "{ a = Conv(x, w)\n s = Sigmoid(a)\n y = Concat<axis=1>(x, s)\n m = Max(x, s)\n"
        "z = Conv(m, w) }",
        SQUARE,
        keeps={"s": UNIT},
    ),
    "two sigmoids": Mixed(
        f"{TWICE} {{ a = Conv(x, w)\n s = Sigmoid(a)\n t = Sigmoid(x)\ny = Concat<axis=1>(s, t) }}",
        SQUARE,
        keeps={"s": UNIT, "t": UNIT, "y": UNIT},
        requantizations=0,
    ),
    "sigmoid in another shape": Mixed(
        "g (float[1,4,6,6] x) => (float[4,36] y) { a = Conv(x, w)\n s = Sigmoid(a)\n"
        "y = Reshape(s, rows) }",
        {**SQUARE, "rows": np.array([4, 36])},
        keeps={"s": UNIT, "y": UNIT},
        requantizations=0,
    ),
    "two layers": Mixed(
        f"{TWICE} {{ a = Conv(x, w)\n b = Conv(a, w)\n y = Concat<axis=1>(a, b) }}",
        SQUARE,
        requantizations=0,
    ),
}


def feeds(case: Mixed, count: int, seed: int = 1) -> list[Feed]:
    graph = integers.network(case.text, **case.constants)
    noise = integers.noise(graph, count, seed)
    return [{k: v * np.float32(case.size) for k, v in feed.items()} for feed in noise]


def originals(
    text: str, constants: Mapping[str, np.ndarray], fed: list[Feed], to: Path
) -> list[Feed]:
    data = graphs.proto(text, **constants).SerializeToString()
    return [graphs.run_onnx(data, feed, to) for feed in fed]


@pytest.mark.parametrize("precision", [8, 16])
@pytest.mark.parametrize("name", MIXED)
def test_what_meets_keeps_its_own_range_in_both_files(
    name: str, precision: int, tmp_path: Path
) -> None:
    case = MIXED[name]
    graph = integers.network(case.text, **case.constants)
    what = recipe.Recipe("minmax", activation_bits=precision)
    draft = integers.drafted(graph, feeds(case, 8), what)
    fed = feeds(case, 4, seed=2)
    truth = originals(case.text, case.constants, fed, tmp_path)
    in_onnx, in_tflite = integers.onnx_bytes(draft), integers.tflite_bytes(draft)
    runs = {
        "onnxruntime": [graphs.run_onnx(in_onnx, feed, tmp_path) for feed in fed],
        "xnnpack": [graphs.run_tflite(in_tflite, feed, tmp_path) for feed in fed],
        "litert": [kernels.run(in_tflite, feed) for feed in fed],
    }
    for runtime, answers in runs.items():
        for output in truth[0]:
            found = integers.sqnr_db([t[output] for t in truth], [a[output] for a in answers])
            assert found > 30, (runtime, output, found)
    if precision == 8:
        affines = draft.encodings.activations
        assert {value: affines[value] for value in case.keeps} == case.keeps


@pytest.mark.parametrize("name", MIXED)
def test_no_more_is_converted_than_must_be(name: str) -> None:
    case = MIXED[name]
    draft = integers.drafted(integers.network(case.text, **case.constants), feeds(case, 4))
    assert faint.kept_float(draft.graph, draft.encodings) == []
    written = onnx.load_from_string(integers.onnx_bytes(draft)).graph
    # Behind a Softmax it is a Max that changes nothing; see `onnx_writer.qdq`.
    converted = [
        node
        for node in written.node
        if node.op_type == "Identity" or any(name.startswith("lowest") for name in node.input)
    ]
    assert len(converted) == case.requantizations


def test_a_frame_of_other_numbers_does_not_take_over_what_is_prescribed(tmp_path: Path) -> None:
    """Such a Pad stays float32, and ties nothing."""
    text = (
        "g (float[1,4,6,6] x) => (float[1,4,6,6] y) <int64[8] around = {0,0,1,1,0,0,1,1},"
        "float five = {5}> { a = Conv(x, w)\n s = Sigmoid(a)\n p = Pad(s, around, five)\n"
        "y = Conv(p, v) }"
    )
    constants = {**SQUARE, "v": weights(4, 4, 3, 3)}
    graph = integers.network(text, **constants)
    draft = integers.drafted(graph, integers.noise(graph, 8))
    fed = integers.noise(graph, 4, seed=2)
    truth = originals(text, constants, fed, tmp_path)
    answers = [graphs.run_onnx(integers.onnx_bytes(draft), feed, tmp_path) for feed in fed]
    assert integers.sqnr_db([t["y"] for t in truth], [a["y"] for a in answers]) > 30
    assert draft.encodings.activations["s"] == UNIT


@pytest.mark.parametrize(
    ("text", "constants", "names"),
    [
        (
            f"{SAME} {{ a = Conv(x, w)\n r = Relu(a)\n b = Erf(r)\n c = Erf(b)\n y = Conv(c, w) }}",
            SQUARE,
            {"x", "r", "c", "y"},
        ),
        (
            "g (int64[1,2] i) => (float[1,2,4] y) { y = Gather(words, i) }",
            {"words": weights(5, 4)},
            {"y"},
        ),
    ],
)
def test_only_what_an_integer_file_holds_has_an_encoding(
    text: str, constants: Mapping[str, np.ndarray], names: set[str]
) -> None:
    graph = integers.network(text, **constants)
    assert {value.name for value in shared_scales.encodable(graph)} == names


def test_a_sum_that_is_clipped_ends_at_the_bound() -> None:
    text = f"{SAME} {{ a = Conv(x, w)\n s = Add(a, x)\n y = Clip(s, zero, six) }}"
    bounds = {"zero": np.float32(0), "six": np.float32(6)}
    graph = integers.network(text, w=3 * weights(4, 4, 1, 1), **bounds)
    affine = integers.drafted(graph, integers.noise(graph, 4)).encodings.activations["y"]
    assert affine.high == pytest.approx(6, rel=1e-3)


# --- values of unlike size ----------------------------------------------------------------

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
    truth = [t["y"] for t in originals(text, constants, fed, tmp_path)]
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
    truth = [t[output][:, -4:] for t in originals(text, BIG, fed, tmp_path)]
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
    truth = [t["y"] for t in originals(text, constants, fed, folder)]
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


def test_a_product_has_steps_of_its_own() -> None:
    text = "g (float[1,4,6,6] x) => (float[1,4,6,6] y) { a = Conv(x, w)\n y = Mul(a, x) }"
    graph = integers.network(text, **SQUARE)
    affines = integers.drafted(graph, integers.noise(graph, 4)).encodings.activations
    assert len({affines[name].scale for name in ("a", "x", "y")}) == 3


def test_sums_of_sixteen_bits_stay_symmetric() -> None:
    text = "g (float[1,4,6,6] x) => (float[1,4,6,6] y) { a = Conv(x, w)\n y = Add(a, x) }"
    graph = integers.network(text, w=3 * weights(4, 4, 1, 1))
    wide = recipe.Recipe("minmax", activation_bits=16)
    affines = integers.drafted(graph, integers.noise(graph, 4), wide).encodings.activations
    assert len({affines[name].scale for name in ("a", "x", "y")}) == 1
    assert {affine.zero_point for affine in affines.values()} == {0}


def test_quantize_says_which_values_cannot_share_a_scale(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    onnx.save(graphs.proto(HEAD, **BIG), tmp_path / "head.onnx")
    code = run(["quantize", str(tmp_path / "head.onnx"), "--recipe", "fast", "-o", str(tmp_path)])
    said = capsys.readouterr()
    assert code == 0, said.err
    assert "warning: " in said.err
    assert "cannot share one scale" in said.err
