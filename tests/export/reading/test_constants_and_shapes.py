"""Constants of every kind are folded; shapes that are stale, absent or not inferred."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnx.parser

from edgekit import export
from edgekit.export.sources import source
from tests.export.reading.foreign_files import MAP, exported, write
from tests.specimens.graphs import weights


def test_constants_of_every_kind_are_folded(tmp_path: Path) -> None:
    text = f"""{MAP} {{
        one = Constant<value_float=1.5>()
        many = Constant<value = float[4,1,1] {{1.0, 2.0, 3.0, 4.0}}>()
        shape = Shape(x)
        zeros = ConstantOfShape<value = float[1] {{0.25}}>(shape)
        same = Identity(zeros)
        a = Mul(x, many)
        b = Add(a, one)
        c = Sum(b)
        y = Sub(c, same) }}"""
    path = write(tmp_path, 12, text)
    before = path.read_bytes()
    assert sorted(exported(path, tmp_path)) in (
        ["Add", "Mul", "Sub"],
        ["Add", "Mul", "Sub", "Sum"],
    )
    assert path.read_bytes() == before


def test_sparse_constants(tmp_path: Path) -> None:
    path = write(tmp_path, 13, "g (float[3,4] x) => (float[a,b] y) { y = Mul(x, k) }")
    model = onnx.load(path)
    values = onnx.numpy_helper.from_array(np.array([3, 4], np.float32), "k")
    places = onnx.numpy_helper.from_array(np.array([[0, 1], [2, 2]]), "places")
    model.graph.sparse_initializer.append(onnx.helper.make_sparse_tensor(values, places, [3, 4]))
    onnx.save(model, path)
    assert exported(path, tmp_path) == ["Mul"]
    flat = onnx.numpy_helper.from_array(np.array([1, 10]), "places")
    sparse = onnx.helper.make_sparse_tensor(values, flat, [3, 4])
    del model.graph.sparse_initializer[:]
    model.graph.node.insert(0, onnx.helper.make_node("Constant", [], ["k"], sparse_value=sparse))
    onnx.save(model, path)
    assert exported(path, tmp_path / "again") == ["Mul"]


def test_constants_that_are_outputs_too(tmp_path: Path) -> None:
    """As a detector gives its anchors beside its answers; a weight may be one as well."""
    text = """g (float[1,2,4,4] x) => (float[a,b,c,d] y, float[3,2,1,1] w, int64[3] n) {
        y = Conv(x, w)\n s = Shape<start=1>(x)\n n = Add(s, s) }"""
    kernel = weights(3, 2, 1, 1)
    prepared = source.resolve(str(write(tmp_path, 18, text, w=kernel)))
    for entry in export.to_files(prepared, ["onnx", "tflite"], tmp_path / "out"):
        assert entry.verified == "passed"
        assert [tensor.name for tensor in entry.outputs] == ["y", "w", "n"]
    np.testing.assert_array_equal(prepared.answers[0]["w"], kernel)
    np.testing.assert_array_equal(prepared.answers[0]["n"], [4, 8, 8])


def test_vectors_are_no_shapes(tmp_path: Path) -> None:
    """The areas of boxes, each beside each."""
    text = """g (float[4,4] x, float[3,4] z) => (float[a,b] y) {
        l = Gather<axis=1>(x, two)\n r = Gather<axis=1>(z, two)
        lines = Unsqueeze(l, one)\n columns = Unsqueeze(r, none)\n y = Add(lines, columns) }"""
    indices = {"two": np.array(2), "one": np.array([1]), "none": np.array([0])}
    path = write(tmp_path, 13, text, **indices)
    assert "Add" in exported(path, tmp_path)


def test_stale_shapes_are_inferred_anew(tmp_path: Path) -> None:
    text = "g (float[1,4] x) => (float[7,9] y) { a = Relu(x)\n y = Add(a, a) }"
    path = write(tmp_path, 13, text)
    model = onnx.load(path)
    for sizes in ([-1, 4], [3, 3]):
        del model.graph.value_info[:]
        wrong = onnx.helper.make_tensor_value_info("a", onnx.TensorProto.FLOAT, sizes)
        model.graph.value_info.append(wrong)
        onnx.save(model, path)
        prepared = source.resolve(str(path))
        assert prepared.answers[0]["y"].shape == (1, 4)
        exported(path, tmp_path / str(sizes[0]))


def test_an_output_without_a_shape(tmp_path: Path) -> None:
    text = """g (float[1,4,2] x, float[1,4] z) => (float[a] y) {
        s = Shape(z)
        n = ReduceProd<keepdims=0>(s)
        c = Equal(n, k)
        y = If (c) <then_branch = t () => (float[p] o) { o = Reshape(x, r) },
                    else_branch = e () => (float[p,q] o) { o = Identity(z) }> }"""
    path = write(tmp_path, 18, text, k=np.array(4), r=np.array([8, 1, 1]))
    model = onnx.load(path)
    model.graph.output[0].type.tensor_type.ClearField("shape")
    path.write_bytes(model.SerializeToString())
    assert exported(path, tmp_path) == ["Reshape"]
    assert source.resolve(str(path)).answers[0]["y"].shape == (8, 1, 1)


def test_a_default_that_onnx_infers_no_shape_with_is_said(tmp_path: Path) -> None:
    model = onnx.parser.parse_model(
        """<ir_version: 10, opset_import: ["" : 18]>
        g (float[2,3,4,5] x) => (float[2,3,4,5] y) { y = MeanVarianceNormalization(x) }"""
    )
    onnx.save(model, tmp_path / "net.onnx")
    prepared = source.resolve(str(tmp_path / "net.onnx"))
    for entry in export.to_files(prepared, ["onnx", "tflite"], tmp_path / "out"):
        assert entry.verified == "passed"
