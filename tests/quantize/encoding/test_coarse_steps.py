"""Where the steps of an encoding are too coarse, the network goes on in float32."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgekit.quantize import recipe
from edgekit.quantize.encoding import coarse, faint, unlike
from tests.specimens import graphs, integers, kernels
from tests.specimens.graphs import weights

_MAP = "g (float[1,4,6,6] x) => (float[1,4,6,6] y)"
_ROW = "g (float[1,16] x) => (float[1,6] y)"
_W, _V = weights(4, 4, 1, 1), weights(4, 4, 1, 1, seed=1)
_FAR = np.array([0, 0, -1e9, 0, -1e4, 0], np.float32)
CASES: dict[str, tuple[str, dict[str, np.ndarray]]] = {
    "a tanh of small numbers": (
        f"{_MAP} {{ a = Conv(x, w)\n t = Tanh(a)\n y = Conv(t, v) }}",
        {"w": np.float32(1e-4) * _W, "v": _V},
    ),
    "a softmax of many": (
        "g (float[1,16] x) => (float[1,900] y) { a = MatMul(x, w)\n y = Softmax(a) }",
        {"w": np.float32(0.3) * weights(16, 900)},
    ),
    "a softmax of some": (
        "g (float[1,16] x) => (float[1,60] y) { a = MatMul(x, w)\n y = Softmax(a) }",
        {"w": np.float32(0.01) * weights(16, 60)},
    ),
    "a softmax of many, of which one stands out": (
        "g (float[1,16] x) => (float[1,900] y) { a = Gemm(x, w, b)\n y = Softmax(a) }",
        {
            "w": np.float32(0.01) * weights(16, 900),
            "b": np.where(np.arange(900) == 7, np.float32(4), np.float32(0)),
        },
    ),
    "classes that a mask leaves out": (
        f"{_ROW} {{ a = MatMul(x, w)\n m = Add(a, mask)\n y = Softmax(m) }}",
        {"w": np.float32(0.3) * weights(16, 6), "mask": _FAR},
    ),
    "what a mask leaves out of a softmax that is shared out": (
        f"{_ROW} {{ a = MatMul(x, w)\n r = Relu(a)\n m = Where(kept, r, lowest)\n"
        "s = Softmax(m)\n y = Mul(s, r) }",
        {
            "w": np.float32(0.3) * weights(16, 6),
            "kept": np.array([True, True, False, True, False, True]),
            "lowest": np.array(-1e9, np.float32),
        },
    ),
    "a maximum beside a mask": (
        "g (float[1,4,6,6] x) => (float[1,4,3,3] y) { a = Conv(x, w)\n m = Add(a, mask)\n"
        "p = MaxPool<kernel_shape=[2,2], strides=[2,2]>(m)\n y = Conv(p, v) }",
        {"w": _W, "v": _V, "mask": np.tile(np.array([0, -1e6], np.float32), (6, 3))},
    ),
    "an offset that comes and goes": (
        "g (float[1,4,6,6] x) => (float[1,4,3,3] y) { a = Conv(x, w)\n r = Relu(a)\n"
        "m = Add(r, far)\n p = AveragePool<kernel_shape=[2,2], strides=[2,2]>(m)\n"
        "y = Sub(p, far) }",
        {"w": _W, "far": np.array(1000, np.float32)},
    ),
    "a gate of large numbers": (
        f"{_MAP} {{ a = Conv(x, w)\n s = Add(a, three)\n c = Clip(s, zero, six)\n"
        "m = Mul(a, c)\n y = Conv(m, v) }",
        {
            "w": np.float32(300) * _W, "v": np.float32(1 / 300) * _V, "three": np.float32(3),
            "zero": np.float32(0), "six": np.float32(6),
        },
    ),
    "a mean that is zero": (
        f"{_MAP} {{ a = Conv(x, w)\n m = ReduceMean(a, hw)\n d = Sub(a, m)\n"
        "z = ReduceMean(d, hw)\n g = Mul(a, z)\n s = Add(a, g)\n y = Conv(s, v) }",
        {"w": _W, "v": _V, "hw": np.array([2, 3])},
    ),
    "a mean below its bound": (
        f"{_MAP} {{ a = Conv(x, w)\n f = Conv(x, w, far)\n p = GlobalAveragePool(f)\n"
        "g = Clip(p, low, high)\n s = Conv(g, v, far)\n y = Add(a, s) }",
        {
            "w": _W, "v": _V, "far": np.full(4, -9, np.float32),
            "low": np.array(0, np.float32), "high": np.array(6, np.float32),
        },
    ),
    "a mean that is zero, and bounded": (
        f"{_MAP} {{ a = Conv(x, w)\n m = ReduceMean(a, hw)\n d = Sub(a, m)\n"
        "z = GlobalAveragePool(d)\n g = Clip(z, low, high)\n s = Add(a, g)\n y = Conv(s, v) }",
        {
            "w": _W, "v": _V, "hw": np.array([2, 3]),
            "low": np.array(0, np.float32), "high": np.array(6, np.float32),
        },
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_it_goes_on_in_float32(name: str, tmp_path: Path) -> None:
    text, constants = CASES[name]
    graph = integers.network(text, **constants)
    draft = integers.drafted(graph, integers.noise(graph, 24))
    fed = integers.noise(graph, 4, seed=2)
    original = graphs.proto(text, **constants).SerializeToString()
    truth = [graphs.run_onnx(original, feed, tmp_path)["y"] for feed in fed]
    for answers in (
        [graphs.run_onnx(integers.onnx_bytes(draft), feed, tmp_path)["y"] for feed in fed],
        [graphs.run_tflite(integers.tflite_bytes(draft), feed, tmp_path)["y"] for feed in fed],
        [kernels.run(integers.tflite_bytes(draft), feed)["y"] for feed in fed],
    ):
        assert integers.sqnr_db(truth, answers) > 25


def test_a_layer_that_undoes_the_scales_of_its_channels(tmp_path: Path) -> None:
    """One step of its products is more than all of its result: XNNPACK does not load that."""
    text = f"{_MAP} {{ a = Conv(x, w)\n r = Relu(a)\n y = Conv(r, v) }}"
    unlike = np.array([1, 1e-3, 1e4, 1], np.float32).reshape(1, 4, 1, 1)
    constants = {"w": _W / unlike, "v": _V}
    graph = integers.network(text, **constants)
    fed = [{"x": feed["x"] * unlike} for feed in integers.noise(graph, 24)]
    draft = integers.drafted(graph, fed)
    original = graphs.proto(text, **constants).SerializeToString()
    truth = [graphs.run_onnx(original, feed, tmp_path)["y"] for feed in fed]
    data = integers.tflite_bytes(draft)
    found = [graphs.run_tflite(data, feed, tmp_path)["y"] for feed in fed]
    assert integers.sqnr_db(truth, found) > 25


def test_a_layer_whose_result_is_not_stored_is_no_integer_layer() -> None:
    """Nor do the rungs take it for one."""
    text = f"{_ROW} {{ a = MatMul(x, w)\n y = Softmax(a) }}"
    graph = integers.network(text, w=np.float32(100) * weights(16, 6))
    draft = integers.drafted(graph, integers.noise(graph, 8), recipe.get("auto+equalize+bias"))
    assert not draft.encodings.layers


def test_wide_ranges_alone_are_not_too_coarse() -> None:
    """Nor is a softmax of numbers that are not."""
    text = (
        "g (float[1,4,6,6] x) => (float[1,4,1,1] y) { a = Conv(x, w)\n l = LeakyRelu(a)\n"
        "m = Mul(l, k)\n s = Sub(m, l)\n n = Mul(s, a)\n p = GlobalAveragePool(n)\n"
        "r = Relu(p)\n b = Conv(r, v)\n e = Relu(b)\n y = Softmax<axis=1>(e) }"
    )
    graph = integers.network(
        text,
        w=1000 * _W,
        v=1e-6 * _V,
        k=1 + weights(1, 4, 1, 1) / 999,
        c=np.full((1, 4, 1, 1), 0.01, np.float32),
    )
    draft = integers.drafted(graph, integers.noise(graph, 8))
    assert set("xalmsnprey") == set(draft.encodings.activations)
    assert coarse.kept_float(draft.graph, draft.encodings) == []


def test_it_is_said() -> None:
    for name, rule in (("a tanh of small numbers", faint), ("classes that a mask leaves", coarse)):
        text, constants = next(case for key, case in CASES.items() if key.startswith(name))
        graph = integers.network(text, **constants)
        draft = integers.drafted(graph, integers.noise(graph, 4))
        (line,) = rule.kept_float(draft.graph, draft.encodings)
        assert "stays float32" in line
    text, constants = CASES["an offset that comes and goes"]
    graph = integers.network(text, **constants)
    draft = integers.drafted(graph, integers.noise(graph, 4))
    assert coarse.kept_float(draft.graph, draft.encodings) == []


@pytest.mark.parametrize(("scale", "lines"), [(1, 0), (300, 1)])
def test_a_gate_is_said_to_stay_float32_if_it_does(scale: float, lines: int) -> None:
    text, constants = CASES["a gate of large numbers"]
    graph = integers.network(text, **{**constants, "w": np.float32(scale) * _W})
    draft = integers.drafted(graph, integers.noise(graph, 4))
    assert ("c" in draft.encodings.activations) is (lines == 0)
    assert len(unlike.kept_float(draft.graph, draft.encodings)) == lines


def test_it_is_said_of_small_answers_to_what_is_float32_itself() -> None:
    text = (
        f"{_ROW.replace('1,6', '1,600')} {{ a = MatMul(x, w)\n m = Add(a, mask)\n y = Softmax(m) }}"
    )
    mask = np.where(np.arange(600) % 2, np.float32(-1e9), np.float32(0))
    graph = integers.network(text, w=np.float32(0.01) * weights(16, 600), mask=mask)
    draft = integers.drafted(graph, integers.noise(graph, 4))
    (line,) = faint.kept_float(draft.graph, draft.encodings)
    assert "stays float32" in line
    assert coarse.kept_float(draft.graph, draft.encodings) == []
