"""What is called non-negative never is negative: a Relu is dropped for it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgekit import runtimes
from edgekit.export import lowering
from edgekit.export.graph import value_ranges
from edgekit.export.rewriting import rules
from tests.specimens import graphs, integers

PADDED = "p = Pad%s(r, around, filling)"
PADS = "int64[8] around = {0,0,1,1,0,0,1,1}"
CROP = "int64[8] around = {0,0,-1,-1,0,0,0,0}"
BEHIND = {
    "Pad": "q = Identity(p)",
    "MaxPool": "q = MaxPool<kernel_shape=[2,2]>(p)",
    "padded MaxPool": "q = MaxPool<kernel_shape=[3,3], pads=[1,1,1,1]>(p)",
    "Concat": "q = Concat<axis=1>(r2, p)",
    "Slice": "q = Slice(p, starts, ends, axes)",
}


def _text(pads: str, filling: float, mode: str, behind: str) -> str:
    return (
        f"g (float[1,2,5,5] x) => (float[N,C,H,W] y) <{pads}, float filling = {{{filling}}},"
        "int64[1] starts = {0}, int64[1] ends = {2}, int64[1] axes = {3}> {"
        f"r = Relu(x)\n {PADDED % mode}\n r2 = Relu(p)\n {behind}\n y = Relu(q) }}"
    )


@pytest.mark.parametrize(
    ("pads", "filling", "mode", "holds"),
    [
        (PADS, -1.0, "", False),
        (PADS, -1.0, '<mode="constant">', False),
        (PADS, 0.5, "", True),
        (PADS, 0.0, "", True),
        (PADS, -1.0, '<mode="edge">', True),
        (PADS, -1.0, '<mode="reflect">', True),
        (CROP, 0.0, "", True),
    ],
)
@pytest.mark.parametrize("behind", BEHIND)
def test_padding_keeps_the_sign_only_if_it_has_it(
    pads: str, filling: float, mode: str, holds: bool, behind: str, tmp_path: Path
) -> None:
    model = graphs.proto(_text(pads, filling, mode, BEHIND[behind]))
    graph = graphs.lowered(model)
    (last,) = [node for node in graph.graph if node.outputs[0].name == "y"]
    source = last.inputs[0]
    assert source is not None
    assert value_ranges.is_non_negative(source) == holds
    feed = graphs.feeds(model)
    before = graphs.run_onnx(model.SerializeToString(), feed, tmp_path)
    rules.apply(graph, lowering.INTEGER.rules)
    after = graphs.run_onnx(graphs.to_onnx(graph), feed, tmp_path)
    np.testing.assert_array_equal(after["y"], before["y"])


@pytest.mark.parametrize(
    ("low", "high", "holds"), [(0, 6, True), (-1, 6, False), (0, -2, False), (0.5, 9, True)]
)
def test_a_clip_is_non_negative_by_both_its_bounds(low: float, high: float, holds: bool) -> None:
    graph = integers.network(
        f"g (float[1,4] x) => (float[1,4] y) <float low = {{{low}}}, float high = {{{high}}}>"
        "{ y = Clip(x, low, high) }"
    )
    assert value_ranges.is_non_negative(graph.graph.outputs[0]) == holds


@pytest.mark.parametrize(
    ("moved", "fits"),
    [
        ("m = Concat<axis=1>(narrow, narrow)", True),
        ("m = Concat<axis=1>(narrow, wide)", False),
        ("m = Pad(narrow, around)", True),
        ("m = Pad(narrow, around, large)", False),
        ("m = ScatterElements<axis=1>(narrow, index, narrow)", True),
        ("m = ScatterElements<axis=1>(narrow, index, wide)", False),
        ("values, m = TopK(wide, two)", True),
        ("m, places = TopK(wide, two)", False),
    ],
)
def test_what_is_put_among_small_numbers_may_be_large(
    moved: str, fits: bool, tmp_path: Path
) -> None:
    """Numbers that int32 holds are divided as such, others by remainders, and both are right."""
    model = graphs.proto(
        "g (int32[1,3] x, int64[1,3] wide) => (int64[1,N] y) <int64[4] around = {0,1,0,0},"
        "int64[1] two = {2}, int64 large = {9007199254740993}, "
        "int64[1,3] index = {2,0,1}, int64 seven = {7}> {"
        f" narrow = Cast<to=7>(x)\n {moved}\n y = Div(m, seven) }}"
    )
    feed = {
        "x": np.array([[-50, 6, 48]], np.int32),
        "wide": np.array([[2**53 + 1, -(2**40) + 3, 17]], np.int64),
    }
    truth = graphs.run_onnx(model.SerializeToString(), feed, tmp_path)
    answer = graphs.run_tflite(graphs.to_tflite(model), feed, tmp_path)
    np.testing.assert_array_equal(answer["y"], truth["y"])
    codes = runtimes.load("tflite", tmp_path / "model.tflite").info().operators
    assert ("FLOOR_MOD" in codes) != fits
