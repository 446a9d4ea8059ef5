"""Large windows are taken apart for one runtime and put together again for the other."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import onnx_ir as ir
import pytest

from edgekit.export import formats, lowering
from edgekit.export.graph import nodes as g
from edgekit.export.integer import encoded
from edgekit.export.onnx_writer import qdq
from edgekit.export.rewriting import choices, rules
from edgekit.export.rewriting.rules import Rule
from tests.specimens import graphs, integers
from tests.specimens.graphs import weights

RULES: dict[str, Rule] = {
    rule.name: rule for rule in (*lowering.INTEGER.rules, *lowering.ONNXRUNTIME_INTEGER.rules)
}
APART, TOGETHER = RULES["large_depthwise_in_parts"], RULES["parts_as_large_depthwise"]

WINDOWS = {
    "7x7, padded": ("[1,4,9,8]", "pads=[3,3,3,3]", (7, 7)),
    "without padding": ("[1,4,9,8]", "", (7, 7)),
    "in steps": ("[1,4,11,9]", "strides=[2,3], pads=[3,3,2,3]", (7, 7)),
    "dilated": ("[1,4,16,15]", "dilations=[2,2], pads=[6,6,6,6]", (7, 7)),
    "of even size": ("[1,4,9,9]", "pads=[2,3,3,2]", (6, 6)),
    "high": ("[1,4,30,3]", "pads=[13,0,13,0]", (27, 1)),
    "on a small map": ("[1,4,4,4]", "pads=[3,3,3,3]", (7, 7)),
}

LEFT_ALONE = {
    "that overlap": "a = Conv<group=4, pads=[1,0,1,0]>(x, three)\n b = Conv<group=4>(x, one)",
    "with a gap": (
        "a = Conv<group=4, dilations=[3,1], pads=[1,0,2,0]>(x, two)\n b = Conv<group=4>(x, one)"
    ),
    "of which one pads what is a row": (
        "s = Slice(x, from, to, rows)\n"
        "a = Conv<group=4, dilations=[2,1], pads=[1,0,2,0]>(x, two)\n"
        "b = Conv<group=4, pads=[1,0,1,0]>(s, one)"
    ),
    "of other maps": (
        "r = Relu(x)\n a = Conv<group=4, dilations=[2,1], pads=[1,0,1,0]>(x, two)\n"
        "b = Conv<group=4>(r, one)"
    ),
}


def _layers(graph: ir.Model) -> list[ir.Node]:
    return [node for node in graph.graph if node.op_type == "Conv"]


@pytest.mark.parametrize("name", WINDOWS)
def test_a_window_is_the_same_again(name: str, tmp_path: Path) -> None:
    shape, attributes, kernel = WINDOWS[name]
    comma = ", " if attributes else ""
    model = graphs.proto(
        f"g (float{shape} x) => (float[N,C,H,W] y) "
        f"{{ y = Conv<group=4{comma}{attributes}>(x, w, b) }}",
        w=weights(4, 1, *kernel),
        b=weights(4),
    )
    apart = graphs.lowered(model, APART)
    assert len(_layers(apart)) > 1
    rules.apply(apart, [TOGETHER])
    (layer,) = _layers(apart)
    found = g.constant(layer.inputs[1])
    assert found is not None
    if name != "on a small map":
        np.testing.assert_array_equal(found, weights(4, 1, *kernel))
    assert Counter(node.op_type for node in apart.graph) == {"Conv": 1}
    inputs = {"x": weights(*map(int, shape[1:-1].split(",")), seed=1)}
    before = graphs.run_onnx(model.SerializeToString(), inputs, tmp_path)
    now = graphs.run_onnx(graphs.to_onnx(apart), inputs, tmp_path)
    np.testing.assert_allclose(now["y"], before["y"], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", LEFT_ALONE)
def test_other_sums_stay_sums(name: str) -> None:
    model = graphs.proto(
        f"g (float[1,4,6,6] x) => (float[1,4,H,6] y) {{ {LEFT_ALONE[name]}\n y = Add(a, b) }}",
        one=weights(4, 1, 1, 1), two=weights(4, 1, 2, 1, seed=1), three=weights(4, 1, 3, 1, seed=2),
        rows=np.array([2]), **{"from": np.array([1]), "to": np.array([7])},
    )  # fmt: skip
    after = graphs.lowered(model, TOGETHER)
    assert len(_layers(after)) == 2


@pytest.mark.parametrize("behind", ["y = Neg(c)", "y = Relu(c)", "y = Clip(c, low, high)"])
def test_stored_windows_are_whole_in_one_file_and_in_parts_in_the_other(
    behind: str, tmp_path: Path
) -> None:
    graph = integers.network(
        f"""g (float[1,4,9,9] x) => (float[1,4,9,9] y) <float low = {{-1}}, float high = {{2}}> {{
          a = Conv(x, first)\n c = Conv<group=4, pads=[3,3,3,3]>(a, w, b)\n {behind} }}""",
        first=weights(4, 4, 1, 1),
        w=weights(4, 1, 7, 7, seed=1) / 7,
        b=weights(4),
    )
    draft = integers.drafted(graph, integers.noise(graph))
    parts = [node for node in _layers(graph) if node.attributes.get_int("group", 1) == 4]
    assert len(parts) == 3
    scales = [draft.encodings.layers[str(node.name)].scales for node in parts]
    assert all(np.array_equal(each, scales[0]) for each in scales)
    largest = [np.abs(g.constant(node.inputs[1])).max((1, 2, 3)) for node in parts]  # type: ignore[arg-type]
    np.testing.assert_allclose(127 * scales[0], np.max(largest, axis=0), rtol=1e-5)
    (feed,) = integers.noise(graph, 1, seed=7)
    truth = integers.floating(graph, feed)

    def answer(change: str) -> tuple[int, float]:
        whole = encoded.apply(draft.graph, draft.encodings)
        menu = formats.get("onnx").integer
        rules.apply(whole, choices.parse(change).rules(menu))
        count = len(_layers(whole))
        file = qdq.to_bytes(whole, "test", unsigned=True)
        return count, integers.sqnr_db(truth, list(graphs.run_onnx(file, feed, tmp_path).values()))

    (whole, whole_db), (apart, apart_db) = answer(""), answer("-parts_as_large_depthwise")
    assert (whole, apart) == (2, 4)
    assert whole_db >= apart_db
    in_tflite = graphs.run_tflite(integers.tflite_bytes(draft), feed, tmp_path)
    assert integers.sqnr_db(truth, list(in_tflite.values())) >= apart_db - 1


def test_parts_in_other_steps_stay_parts() -> None:
    graph = integers.network(
        "g (float[1,4,9,9] x) => (float[1,4,9,9] y) { y = Conv<group=4, pads=[3,3,3,3]>(x, w) }",
        w=weights(4, 1, 7, 7),
    )
    draft = integers.drafted(graph, integers.noise(graph), "minmax+batch-norm")
    stored = encoded.apply(draft.graph, draft.encodings)
    rules.apply(stored, lowering.ONNXRUNTIME_INTEGER.rules)
    assert len(_layers(stored)) == 3
