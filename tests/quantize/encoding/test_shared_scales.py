"""What shares a scale, and what is converted instead."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import onnx
import pytest

from edgekit.export.graph.affine import Affine
from edgekit.quantize import recipe
from edgekit.quantize.encoding import faint, shared_scales
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
    truth = integers.originals(case.text, case.constants, fed, tmp_path)
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
    truth = integers.originals(text, constants, fed, tmp_path)
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
