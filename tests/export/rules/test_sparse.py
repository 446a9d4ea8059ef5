"""1x1 weights that are mostly zero: what is stored, and that nothing but the file changes."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import onnx
import onnx_ir as ir
import pytest
from ai_edge_litert import schema_py_generated as schema

from edgekit.cli import run
from edgekit.export import ExportRequest, formats
from edgekit.export import run as export
from edgekit.export.rewriting import choices
from edgekit.modelfile import tflite_operators
from tests.specimens import graphs

TFLITE = formats.get("tflite")
SPARSE = choices.parse("+sparse_pointwise")
NET = """g (float[1,24,6,6] x) => (float[1,32] y) {
    a = Conv(x, w)
    b = Relu(a)
    c = Conv(b, v)
    p = GlobalAveragePool(c)
    y = Reshape(p, shape) }"""


def sown(share: float, *shape: int, seed: int = 0) -> np.ndarray:
    """Weights of which that share is zero."""
    found = graphs.weights(*shape, seed=seed)
    drawn = np.random.default_rng(seed).permutation(found.size)
    found.ravel()[drawn[: round(share * found.size)]] = 0
    return found


def net(share: float) -> onnx.ModelProto:
    return graphs.proto(
        NET,
        w=sown(share, 32, 24, 1, 1),
        v=sown(share, 32, 32, 1, 1, seed=1),
        shape=np.array([1, 32]),
    )


def lowered(model: onnx.ModelProto, chosen: choices.Choices) -> ir.Model:
    return graphs.lowered(model, *chosen.rules(TFLITE.lowering))


def written(model: onnx.ModelProto, chosen: choices.Choices) -> bytes:
    found = TFLITE.content(lowered(model, chosen), "test")
    assert isinstance(found, bytes)
    return found


def operators(content: bytes, folder: Path) -> Counter[str]:
    path = folder / "file.tflite"
    path.write_bytes(content)
    model = tflite_operators.read(path)
    return Counter(tflite_operators.kind_of(model, node) for node in model.subgraphs[0].operators)


def test_the_file_holds_what_is_not_zero(tmp_path: Path) -> None:
    model = net(0.8)
    sparse, dense = written(model, SPARSE), written(model, choices.DEFAULT)
    assert len(sparse) < len(dense)
    found = schema.ModelT.InitFromObj(schema.Model.GetRootAs(bytearray(sparse)))
    kept = {
        tuple(each.shape): found.buffers[each.buffer].data.view(np.float32)
        for each in found.subgraphs[0].tensors
        if each.sparsity is not None
    }
    wanted = {
        (32, 1, 1, 24): sown(0.8, 32, 24, 1, 1),
        (32, 1, 1, 32): sown(0.8, 32, 32, 1, 1, seed=1),
    }
    assert kept.keys() == wanted.keys()
    for shape, values in kept.items():
        rows = wanted[shape].reshape(shape[0], -1)
        np.testing.assert_array_equal(values, rows[rows != 0])
    ops = operators(sparse, tmp_path)
    assert ops == {"DENSIFY": 2, "CONV_2D": 2, "MEAN": 1, "RESHAPE": 1}
    assert operators(dense, tmp_path) == {"CONV_2D": 2, "MEAN": 1}


def test_answers_are_equal_to_the_last_bit(tmp_path: Path) -> None:
    model = net(0.8)
    inputs = graphs.feeds(model)
    answers = [
        graphs.run_tflite(graphs.tflite_file(form), inputs, tmp_path)["y"]
        for form in (lowered(model, SPARSE), lowered(model, choices.DEFAULT))
    ]
    np.testing.assert_array_equal(*answers)


def test_padding_that_no_window_reaches_stands_where_the_kernels_ask_for_it(tmp_path: Path) -> None:
    model = graphs.proto(
        """g (float[1,3,8,8] x) => (float[1,32,4,4] y) {
             a = Conv<strides=[2,2], pads=[1,1,1,1]>(x, k)
             y = Conv(a, w) }""",
        k=graphs.weights(24, 3, 3, 3),
        w=sown(0.8, 32, 24, 1, 1),
    )
    content = graphs.tflite_file(lowered(model, SPARSE))
    inputs = graphs.feeds(model)
    now = graphs.run_tflite(content, inputs, tmp_path)
    before = graphs.run_onnx(model.SerializeToString(), inputs, tmp_path)
    np.testing.assert_allclose(now["y"], before["y"], rtol=1e-5, atol=1e-5)
    found = schema.ModelT.InitFromObj(schema.Model.GetRootAs(bytearray(content)))
    (padded,) = [each for each in found.subgraphs[0].tensors if list(each.shape) == [1, 10, 10, 3]]
    assert padded.sparsity is None


def test_weights_that_are_not_sparse_are_left_alone() -> None:
    model = net(0.6)
    assert written(model, SPARSE) == written(model, choices.DEFAULT)


@pytest.mark.parametrize(
    "conv", ["Conv<strides=[2,2]>(x, w)", "Conv<group=2>(x, g)", "Conv<pads=[1,1,1,1]>(x, k)"]
)
def test_no_kernel_takes_these(conv: str) -> None:
    constants = {
        "w": sown(0.9, 32, 24, 1, 1), "g": sown(0.9, 32, 12, 1, 1), "k": sown(0.9, 32, 24, 3, 3),
    }  # fmt: skip
    used = {name: each for name, each in constants.items() if f" {name})" in conv}
    size = 3 if "strides" in conv else 6
    model = graphs.proto(
        f"g (float[1,24,6,6] x) => (float[1,32,{size},{size}] y) {{ y = {conv} }}", **used
    )
    assert written(model, SPARSE) == written(model, choices.DEFAULT)


def test_the_same_weights_may_be_read_in_full_as_well(tmp_path: Path) -> None:
    model = graphs.proto(
        """g (float[1,24,6,6] x) => (float[1,24,6,6] y, float[1,24,3,3] z) {
             y = Conv(x, w)
             z = Conv<strides=[2,2]>(x, w) }""",
        w=sown(0.8, 24, 24, 1, 1),
    )
    inputs = graphs.feeds(model)
    before = graphs.run_onnx(model.SerializeToString(), inputs, tmp_path)
    now = graphs.run_tflite(graphs.tflite_file(lowered(model, SPARSE)), inputs, tmp_path)
    for name, wanted in before.items():
        np.testing.assert_allclose(now[name], wanted, rtol=1e-5, atol=1e-5)


def test_the_command_takes_it_and_lint_points_to_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    onnx.save(net(0.8), tmp_path / "net.onnx")
    arguments = ["export", str(tmp_path / "net.onnx"), "--format", "tflite", "-o", str(tmp_path)]
    assert run([*arguments]) == 0
    path = str(tmp_path / "net_float32.tflite")
    capsys.readouterr()
    run(["lint", path])
    assert "sparse_pointwise" in capsys.readouterr().out
    assert run([*arguments, "--lowering", "tflite:+sparse_pointwise", "--force"]) == 0
    capsys.readouterr()
    run(["lint", path])
    assert "dense-zeros" not in capsys.readouterr().out


def test_weights_stored_otherwise_keep_their_form(tmp_path: Path) -> None:
    onnx.save(net(0.8), tmp_path / "net.onnx")
    asked = ExportRequest(
        str(tmp_path / "net.onnx"), tmp_path, ("tflite",), ("float16",),
        lowering=("tflite:+sparse_pointwise",),
    )  # fmt: skip
    (made,) = export(asked).artifacts
    assert made.verified == "passed"
    assert "DENSIFY" not in made.operators
