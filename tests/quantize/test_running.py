"""Samples side by side: the same results in the same order, and no more in memory than said."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Iterator

import numpy as np
import onnx_ir as ir
import pytest

from edgekit.export.integer.encodings import Layer
from edgekit.quantize import recipe, rungs
from edgekit.quantize.candidate import Stop, layer_by_layer
from edgekit.quantize.encodings_file import files
from edgekit.quantize.running import parallel, segments, session
from tests.specimens import graphs, integers

GRAPH = integers.network(
    """
    net (float[1, 3, 12, 12] x) => (float[1, 5] y) {
      a = Conv <kernel_shape = [3, 3], pads = [1, 1, 1, 1]> (x, w0, b0)
      r = Relu (a)
      d = Conv <kernel_shape = [3, 3], pads = [1, 1, 1, 1], group = 8> (r, w1)
      j = Concat <axis = 1> (r, d)
      m = GlobalAveragePool (j)
      f = Flatten (m)
      y = Gemm <transB = 1> (f, w2, b2)
    }
    """,
    w0=graphs.weights(8, 3, 3, 3, seed=1),
    b0=graphs.weights(8, seed=2),
    w1=graphs.weights(8, 1, 3, 3, seed=3),
    w2=graphs.weights(5, 16, seed=4),
    b2=graphs.weights(5, seed=5),
)
FEEDS = integers.noise(GRAPH, 9)


@pytest.mark.parametrize("recipe_text", ["moving-average+equalize+bias", "mse", "auto+adaround"])
def test_encodings_are_the_same_however_many_samples_are_computed_at_a_time(
    recipe_text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = set()
    for count in (1, 2, 5):
        monkeypatch.setattr(parallel, "workers", lambda count=count: count)
        draft = integers.drafted(GRAPH, FEEDS, recipe.parse(recipe_text))
        found.add(files.dumps(draft.encodings, draft.graph))
    assert len(found) == 1


@pytest.mark.parametrize("most", [1, 2, 4])
def test_results_come_in_order_and_no_more_items_are_taken_than_computed(most: int) -> None:
    taken = []

    def items() -> Iterator[int]:
        for number in range(40):
            taken.append(number)
            yield number

    first_waits = threading.Event()

    def slow_first(number: int) -> int:
        if most > 1 and number == 0:
            first_waits.wait(5)
        first_waits.set()
        return number * number

    for number, result in enumerate(parallel.in_order(slow_first, items(), most)):
        assert result == number * number
        assert len(taken) - number <= most + 1
    assert len(taken) == 40


def test_an_error_reaches_whoever_asks_and_stops_the_rest() -> None:
    called = []

    def fails_at_three(number: int) -> int:
        called.append(number)
        if number == 3:
            raise ValueError("three")
        return number

    found = parallel.in_order(fails_at_three, range(1000), 2)
    assert [next(found) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(ValueError, match="three"):
        next(found)
    assert len(called) < 10


def test_large_values_are_computed_for_fewer_samples_at_a_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names = ["a", "r", "d", "j"]
    size = session.GraphSession(GRAPH, names).run(FEEDS[0])
    monkeypatch.setattr(parallel, "workers", lambda: 4)
    monkeypatch.setattr(session, "_MOST_BYTES", 2 * sum(array.nbytes for array in size.values()))
    running, most = 0, 0
    lock = threading.Lock()

    def look(_values: session.Arrays) -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        threading.Event().wait(0.01)
        with lock:
            running -= 1

    assert len(list(session.GraphSession(GRAPH, names).seen(FEEDS, look))) == len(FEEDS)
    assert most <= 2


NODES = {node.outputs[0].name: node.name or "" for node in GRAPH.graph}


def test_a_walk_lets_go_of_what_nobody_reads_any_more() -> None:
    walk = segments.Walk(GRAPH, FEEDS)
    walk.through(NODES["a"])
    first = walk.value("a")
    assert [array.shape for array in first] == [(1, 8, 12, 12)] * len(FEEDS)
    walk.through(NODES["d"])
    assert [array.size for array in first] == [0] * len(FEEDS)
    walk.through(NODES["y"])
    exact = session.GraphSession(GRAPH).run_each(FEEDS)
    for found, wanted in zip(walk.value("y"), exact, strict=True):
        np.testing.assert_allclose(found, wanted["y"], rtol=1e-5, atol=1e-5)


def test_another_bias_moves_the_outputs_as_computing_them_anew_does() -> None:
    draft = integers.drafted(GRAPH, FEEDS)
    seen = []

    def revise(stop: Stop) -> Layer:
        layer = stop.layer
        moved = dataclasses.replace(layer, bias=layer.bias + np.linspace(-1, 1, layer.bias.size))
        anew = stop.revised(dataclasses.replace(moved, scales=layer.scales.copy())).given
        _ = stop.given
        np.testing.assert_allclose(stop.revised(moved).given, anew, rtol=1e-5, atol=1e-5)
        seen.append(stop.node.op_type)
        return moved

    changed = layer_by_layer(draft, FEEDS, revise)
    assert seen == ["Conv", "Conv", "Gemm"]
    repaired = rungs.get("bias").apply(changed, integers.context(FEEDS))
    assert integers.quality_db(repaired, FEEDS) > integers.quality_db(draft, FEEDS) - 1


def test_a_border_of_zeros_is_not_taken_into_a_maximum() -> None:
    model = graphs.proto(
        "g (float[1,2,5,5] x) => (float[1,2,6,6] y)"
        " { a = Pad(x, pads)\n y = MaxPool<kernel_shape=[2,2]>(a) }",
        pads=np.array([0, 0, 1, 1, 0, 0, 1, 1]),
    )
    feed = {"x": -1.0 - np.abs(graphs.weights(1, 2, 5, 5))}
    found = session.GraphSession(ir.from_proto(model)).run(feed)["y"]
    assert (found[..., 0] == 0).all(), "every window on the border holds a zero"
    assert (found[..., 1:-1, 1:-1] <= -1).all()
