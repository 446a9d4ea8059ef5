"""Coverage: what becomes of every node, and all that is refused."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import onnx
import pytest

from edgekit import export
from edgekit.errors import (
    UnsupportedOperatorError,
)
from edgekit.export import coverage, formats
from edgekit.export.rewriting import rules
from edgekit.export.sources import canonical
from tests.export.own_models.asked import BOTH, FAMILIES, batched, resolve
from tests.specimens import graphs
from tests.specimens.graphs import weights


@pytest.mark.parametrize("family", FAMILIES)
def test_coverage_counts_every_operator_once(family: str) -> None:
    prepared = batched(family)
    report = coverage.of_graph(prepared.name, prepared.graph, BOTH)
    expected = Counter(node.op_type for node in prepared.graph.graph)
    for format_name in BOTH:
        found: Counter[str] = Counter()
        for row in report.rows:
            if row.format == format_name:
                found[row.operator] += row.count
        assert found == expected
    assert report.refusals == ()
    tflite, lowered = formats.get("tflite"), prepared.graph.clone()
    rules.apply(lowered, tflite.lowering.rules)
    in_file = Counter(code for _, codes in tflite.emitted(lowered) for code in codes)
    attributed: Counter[str] = Counter()
    for row in report.rows:
        if row.format == "tflite":
            attributed.update({code: row.count * n for code, n in Counter(row.becomes).items()})
    assert in_file <= attributed, "an operator of the file stems from nowhere"
    for row in report.rows:
        if row.format == "onnx":
            assert (row.becomes, row.rules) == ((row.operator,), ())
        else:
            assert row.becomes or row.rules, f"{row.operator} vanishes without a reason"
    assert json.loads(report.to_json())["schema"] == "edgekit.coverage"


FATES = {
    "channel_shuffle": (
        "g (float[1,32,2,2] x) => (float[1,32,2,2] y) { y = Gather<axis=1>(x, c) }",
        {"c": np.arange(32).reshape(4, 8).T.reshape(-1)},
        {("Gather", ("RESHAPE", "TRANSPOSE", "RESHAPE"), ("channel_shuffle",))},
    ),
    "fuse_activation": (
        "g (float[1,4,4,4] x) => (float[1,4,4,4] y) { a = Conv(x, c)\n y = Relu(a) }",
        {"c": weights(4, 4, 1, 1)},
        {("Conv", ("CONV_2D",), ()), ("Relu", (), ("fuse_activation",))},
    ),
    "flat_mean": (
        "g (float[1,4,4,4] x) => (float[1,4] y) { a = GlobalAveragePool(x)\n y = Reshape(a, c) }",
        {"c": np.array([1, 4])},
        {
            ("GlobalAveragePool", ("MEAN",), ("flat_mean",)),
            ("Reshape", ("MEAN",), ("flat_mean",)),
        },
    ),
    "add_into_bias": (
        """g (float[1,4] x) => (float[1,4] y) {
             a = Gemm(x, c)
             y = HardSigmoid<alpha=0.16666667>(a) }""",
        {"c": weights(4, 4)},
        {
            ("Gemm", ("FULLY_CONNECTED",), ("add_into_bias",)),
            (
                "HardSigmoid",
                ("MUL",),
                ("hard_sigmoid_as_relu6", "add_into_bias", "fuse_activation"),
            ),
        },
    ),
}


@pytest.mark.parametrize("rule", FATES)
def test_coverage_says_what_became_of_a_node(rule: str) -> None:
    text, constants, expected = FATES[rule]
    graph = canonical.from_proto(graphs.proto(text, **constants))
    report = coverage.of_graph("g", graph, ["tflite"])
    assert {(row.operator, row.becomes, row.rules) for row in report.rows} == expected


def test_coverage_lists_all_that_is_refused(tmp_path: Path) -> None:
    prepared = resolve("own_nets:Odd", "1,4,6")
    with pytest.raises(UnsupportedOperatorError, match="4 more nodes refused: --report"):
        export.to_files(prepared, BOTH, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    report = coverage.of_graph(prepared.name, prepared.graph, BOTH)
    assert [each.operator for each in report.refusals] == [
        "Det", "Det", "Cast", "BitShift", "BitwiseOr",
    ]  # fmt: skip
    assert {each.format for each in report.refusals} == {"tflite"}
    assert {each.reason_code for each in report.refusals} == {"unsupported-operator", "dtype"}
    nodes = {node.name for node in prepared.graph.graph}
    assert {each.node for each in report.refusals} <= nodes
    fates = {(row.format, row.operator): row.reason_code for row in report.rows}
    assert fates["tflite", "Det"] == "unsupported-operator"
    assert fates["onnx", "Det"] == fates["tflite", "Mul"] == ""


def test_a_refused_node_does_not_hide_what_follows() -> None:
    model = graphs.proto(
        """g (float[1,4,4,4] x) => (float[1,4,4,4] y) {
             a, unused = Split<axis=1, num_outputs=2>(x)
             b = Det(a)
             c = Mul(a, factor)
             d = Concat<axis=1>(c, a)
             e = Conv(d, w)
             f = RoiAlign<mode="max", output_height=4, output_width=4>(e, boxes, image)
             g = Reshape(b, ones)
             h = Concat<axis=1>(g, g)
             y = Mul(f, h) }""",
        w=weights(4, 4, 1, 1),
        factor=np.float32(2),
        boxes=np.float32([[0, 0, 3, 3]]),
        image=np.array([0]),
        ones=np.array([1, 2, 1, 1]),
    )
    report = coverage.of_graph("g", canonical.from_proto(model), [formats.get("litert").name])
    assert [each.reason_code for each in report.refusals] == [
        "unsupported-operator",
        "unsupported-mode",
    ]


def test_foreign_operators_are_all_reported() -> None:
    nodes = [onnx.helper.make_node("Own", [a], [b], domain="corp") for a, b in ("xa", "ay")]
    ends = [onnx.helper.make_tensor_value_info(n, onnx.TensorProto.FLOAT, (1, 3)) for n in "xy"]
    graph = onnx.helper.make_graph(nodes, "g", ends[:1], ends[1:])
    opsets = [onnx.helper.make_opsetid("", 18), onnx.helper.make_opsetid("corp", 1)]
    onnx.save(onnx.helper.make_model(graph, opset_imports=opsets, ir_version=9), "net.onnx")
    with pytest.raises(UnsupportedOperatorError, match="1 more node refused") as caught:
        resolve("net.onnx")
    report = coverage.of_error("net", caught.value)
    assert [(row.operator, row.count, row.reason_code) for row in report.rows] == [
        ("corp.Own", 2, "foreign-operator")
    ]
    assert len(report.refusals) == 2
