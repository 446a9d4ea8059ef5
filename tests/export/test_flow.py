"""Control flow, sequences and selections that constants decide are laid out flat."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest

from edgekit import export
from edgekit.errors import UnsupportedOperatorError
from edgekit.export.graph import value_ranges
from edgekit.export.sources import source
from tests.specimens import graphs

_SCANNED = """<body = b (float[2] sum, float[2] row) => (float[2] next, float[2] shown) {
    next = Add(sum, row)
    shown = Relu(next) }, num_scan_inputs = 1, SCAN>(h, x)"""

CASES: dict[str, tuple[str, dict[str, np.ndarray]]] = {
    "a split whose sizes are computed from a shape": (
        """g (float[1,4,3] x) => (float[1,2,3] y, float[1,2,3] z) {
             s = Shape(x)
             n = Gather(s, one)
             half = Div(n, two)
             parts = SplitToSequence<axis=1>(x, half)
             a = SequenceAt(parts, minus)
             z = SequenceAt(parts, zero)
             y = Neg(a) }""",
        {
            "one": np.array(1), "two": np.array(2), "zero": np.array(0), "minus": np.array(-1),
        },
    ),
    "a split into single rows": (
        """g (float[3,4] x) => (float[4] y, int64 n) {
             parts = SplitToSequence<axis=0, keepdims=0>(x)
             y = SequenceAt(parts, two)
             l = SequenceLength(parts)
             i = ArgMax<axis=0, keepdims=0>(y)
             n = Add(l, i) }""",
        {"two": np.array(2)},
    ),
    "a list that grows": (
        """g (float[1,4] x, float[2,4] z) => (float[7,4] y) {
             none = SequenceEmpty()
             one = SequenceInsert(none, x)
             two = SequenceInsert(one, z, zero)
             three = SequenceInsert(two, z)
             four = SequenceInsert(three, z)
             five = SequenceInsert(four, x)
             last = SequenceErase(five)
             y = ConcatFromSequence<axis=0>(last) }""",
        {"zero": np.array(0)},
    ),
    "stacked": (
        """g (float[3,4] x, float[3,4] z) => (float[3,2,4] y) {
             both = SequenceConstruct(x, z)
             y = ConcatFromSequence<axis=1, new_axis=1>(both) }""",
        {},
    ),
    "kept elements": (
        "g (float[2,4] x) => (float[2,2] y) { y = Compress<axis=1>(x, keep) }",
        {"keep": np.array([False, True, True])},
    ),
    "kept elements of all": (
        "g (float[2,4] x) => (float[3] y) { y = Compress(x, keep) }",
        {"keep": np.array([True, False, False, True, False, True])},
    ),
    "a matrix like another": (
        "g (float[3,4] x) => (float[3,4] y) { e = EyeLike<k=1>(x)\n y = Mul(x, e) }",
        {},
    ),
    "an output that is the input": (
        "g (float[3,4] x) => (float[3,4] x, float[3,4] y) { y = Neg(x) }",
        {},
    ),
    "a branch that a shape decides": (
        """g (float[2,4] x) => (float[a,b] y) {
             s = Shape<start=1>(x)
             c = Greater(s, two)
             y = If (c) <then_branch = t () => (float[p,q] o) { o = Transpose(x) },
                         else_branch = e () => (float[p] o) { o = Reshape(x, two) }> }""",
        {"two": np.array([2])},
    ),
    "a branch that the input decides": (
        """g (float[2,4] x) => (float[2,4] y) {
             m = ReduceMean<keepdims=0>(x)
             c = Greater(m, zero)
             y = If (c) <then_branch = t () => (float[2,4] o) { o = Exp(x) },
                         else_branch = e () => (float[2,4] o) { a = Neg(x)
                                                                o = Relu(a) }> }""",
        {"zero": np.float32(0)},
    ),
    "a loop that ends when its own count says so": (
        """g (float[2,4] x) => (float[2,4] y) {
             y, n = Loop("", yes, x, zero) <body =
               b (int64 i, bool c, float[2,4] a, int64 k)
                 => (bool on, float[2,4] made, int64 next) {
                   made = Exp(a)
                   next = Add(k, one)
                   on = Less(next, two) }> }""",
        {"yes": np.array(True), "zero": np.array(0), "one": np.array(1), "two": np.array(2)},
    ),
    "a scan": (
        "g (float[2] h, float[3,2] x) => (float[2] y, float[3,2] z) { y, z = Scan"
        + _SCANNED.replace(", SCAN", "") + " }",
        {},
    ),
    "a scan backwards along other axes": (
        "g (float[2] h, float[2,3] x) => (float[2] y, float[2,3] z) { y, z = Scan"
        + _SCANNED.replace(
            "SCAN",
            "scan_input_axes = [1], scan_input_directions = [1], scan_output_axes = [1],"
            "scan_output_directions = [1]",
        ) + " }",
        {},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_what_constants_decide_is_laid_out(name: str, tmp_path: Path) -> None:
    text, constants = CASES[name]
    path = tmp_path / "net.onnx"
    model = graphs.proto(text, **constants)
    onnx.save(model, path)
    prepared = source.resolve(str(path))
    for entry in export.to_files(prepared, ["onnx", "tflite"], tmp_path / "out"):
        assert entry.verified == "passed"
    feeds = graphs.feeds(model)
    wanted = graphs.run_onnx(model.SerializeToString(), feeds, tmp_path)
    found = graphs.run_onnx(graphs.to_onnx(prepared.graph), feeds, tmp_path)
    for output, truth in wanted.items():
        np.testing.assert_allclose(found[output], truth, rtol=1e-6, atol=1e-6)


def test_a_branch_that_could_fail_is_not_run_beside_the_other(tmp_path: Path) -> None:
    text = """g (float[2,4] x, int64 i, bool c) => (float[4] y) {
        y = If (c) <then_branch = t () => (float[4] o) { o = Gather(x, i) },
                    else_branch = e () => (float[4] o) { o = ReduceMax<keepdims=0>(x, zero) }> }"""
    path = tmp_path / "net.onnx"
    onnx.save(graphs.proto(text, zero=np.array([0])), path)
    with pytest.raises(UnsupportedOperatorError, match="depends on the"):
        source.resolve(str(path))


def test_the_newest_operators_are_what_the_standard_says_they_are(tmp_path: Path) -> None:
    model = onnx.parser.parse_model(
        """<ir_version: 11, opset_import: ["" : 27]>
        g (float[1,2,5] x) => (float[1,2,5] y, float[1,2,2] s)
        <float[2,1,3] w = {1, -2, 0.5, 3, 0, -1}, float[2] b = {0.5, -1}> {
          y, s = CausalConvWithState<activation="silu">(x, w, b) }"""
    )
    path = tmp_path / "net.onnx"
    onnx.save(model, path)
    prepared = source.resolve(str(path))
    for entry in export.to_files(prepared, ["onnx", "tflite"], tmp_path / "out"):
        assert entry.verified == "passed"
    assert {node.op_type for node in prepared.graph.graph} >= {"Conv", "Sigmoid"}


@pytest.mark.parametrize("opset", [18, 28])
def test_files_of_the_newest_form_are_read(opset: int, tmp_path: Path) -> None:
    """The onnx package writes IR versions that no runtime loads yet."""
    model = onnx.parser.parse_model(
        f"""<ir_version: {onnx.IR_VERSION}, opset_import: ["" : {opset}]>
        g (float[2,3] x) => (float[2,3] y) {{
          s = Shape(x)
          c = ConstantOfShape(s)
          m = Max(x, c)
          y = Exp(m) }}"""
    )
    onnx.save(model, tmp_path / "net.onnx")
    prepared = source.resolve(str(tmp_path / "net.onnx"))
    assert [node.op_type for node in prepared.graph.graph] in (["Max", "Exp"], ["Relu", "Exp"])
    for entry in export.to_files(prepared, ["onnx", "tflite"], tmp_path / "out"):
        assert entry.verified == "passed"


def test_a_float_division_and_constant_indices_cannot_fail(tmp_path: Path) -> None:
    text = """g (float[1,4] x) => (float[1,1] y) {
        s = ReduceMax(x, one)
        p = Sigmoid(s)
        c = GreaterOrEqual(p, half)
        y = If (c) <then_branch = t () => (float[1,1] o) {
                        d = Div(x, s)
                        e = Gather<axis=1>(d, two)
                        o = Sigmoid(e) },
                    else_branch = e () => (float[1,1] o) { o = Identity(p) }> }"""
    constants = {"one": np.array([1]), "two": np.array([2]), "half": np.float32([[0.6]])}
    path = tmp_path / "net.onnx"
    onnx.save(graphs.proto(text, **constants), path)
    prepared = source.resolve(str(path))
    (output,) = prepared.graph.graph.outputs
    assert value_ranges.is_of_sigmoids(output)
    for entry in export.to_files(prepared, ["onnx", "tflite"], tmp_path / "out"):
        assert entry.verified == "passed"
