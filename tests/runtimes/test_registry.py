"""Room runtimes: names and suffixes, then describing and running real files."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest

from edgekit import runtimes
from edgekit.errors import RefusedError, UnknownNameError, UsageError
from edgekit.processes import child
from edgekit.runtimes.base import TensorInfo, batch_one
from tests.specimens.files import OPS, tiny_onnx, tiny_tflite

# Names


@pytest.mark.parametrize("name", ["tflite", "litert", "LiteRT"])
def test_aliases_of_tflite(name: str) -> None:
    assert runtimes.resolve(name) == "tflite"


@pytest.mark.parametrize("name", ["onnxruntime", "ort", "onnx"])
def test_aliases_of_onnxruntime(name: str) -> None:
    assert runtimes.resolve(name) == "onnxruntime"


def test_an_unknown_backend_gets_a_suggestion() -> None:
    with pytest.raises(UnknownNameError, match="did you mean tflite"):
        runtimes.resolve("tflight")


def test_the_suffix_chooses_the_runtime() -> None:
    assert runtimes.for_file("a/b.TFLITE") == "tflite"
    assert runtimes.for_file(Path("b.ort")) == "onnxruntime"
    with pytest.raises(UsageError, match=r"\.pt"):
        runtimes.for_file("model.pt")


def test_every_runtime_is_installed_here() -> None:
    versions = runtimes.installed()
    assert list(versions) == runtimes.names()
    assert None not in versions.values()


def test_importing_the_room_imports_no_runtime_and_no_numpy() -> None:
    heavy = ["numpy", "onnxruntime", "ai_edge_litert"]
    code = f"import sys, edgekit.processes.child; print([m for m in {heavy} if m in sys.modules])"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"


def test_every_runtime_module_offers_load() -> None:
    for name in runtimes.names():
        assert callable(runtimes.import_runtime(name).load)


# Describing and running real files


def test_an_onnx_file_is_described_and_run(tmp_path: Path) -> None:
    path = tiny_onnx(tmp_path / "tiny.onnx")
    info = child.describe(path)
    assert info.inputs == (TensorInfo("x", (1, 3, 8, 8), "float32"),)
    assert info.operators == {"Conv": 1}
    assert (info.partitions, info.delegate, info.operator_count) == (None, None, 1)
    ones = np.ones((1, 3, 8, 8), np.float32)
    _, (first, second) = child.run(path, [{"x": ones}, {"x": 2 * ones}], runtime="ort")
    assert first["y"].shape == (1, 4, 8, 8)
    assert (first["y"] == 3).all()
    assert (second["y"] == 6).all()


def test_a_delegated_tflite_file_is_one_partition(tmp_path: Path) -> None:
    info = child.describe(tiny_tflite(tmp_path / "one.tflite", [OPS.ABS, OPS.NEG]))
    assert (info.partitions, info.delegate, info.operators_outside) == (1, "XNNPACK", ())
    assert info.operators == {"ABS": 1, "NEG": 1}


def test_an_operator_outside_the_delegate_splits_it(tmp_path: Path) -> None:
    path = tiny_tflite(tmp_path / "two.tflite", [OPS.ABS, OPS.RELU_0_TO_1, OPS.NEG])
    info = child.describe(path)
    assert (info.partitions, info.operators_outside) == (2, ("RELU_0_TO_1",))
    values = np.array([[-2, -0.5, 0, 0.25]], np.float32)
    _, (outputs,) = child.run(path, [{"t0": values}])
    np.testing.assert_array_equal(outputs["t3"], [[-1, -0.5, 0, -0.25]])


@pytest.mark.parametrize(
    ("name", "partitions", "outside"),
    [
        ("pretrainedResnet_quant", 2, ("AVERAGE_POOL_2D", "SOFTMAX")),
        ("vww_96_float", 1, ()),
    ],
)
def test_partitions_of_known_files(
    name: str, partitions: int, outside: tuple[str, ...], data_dir: Path
) -> None:
    path = data_dir / "tflite" / f"{name}.tflite"
    if not path.exists():
        pytest.skip(f"no sample file {path} (EDGEKIT_DATA)")
    info = child.describe(path)
    assert (info.partitions, info.operators_outside) == (partitions, outside)


def test_an_ort_file_lists_its_operators(tmp_path: Path) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.optimized_model_filepath = str(tmp_path / "tiny.ort")
    options.add_session_config_entry("session.save_model_format", "ORT")
    onnxruntime.InferenceSession(str(tiny_onnx(tmp_path / "tiny.onnx")), options)
    assert child.describe(tmp_path / "tiny.ort").operators == {"Conv": 1}


def test_an_open_batch_is_allowed_and_reads_as_one(tmp_path: Path) -> None:
    path = tiny_onnx(tmp_path / "open.onnx", ("batch", 3, 8, 8))
    (tensor,) = child.describe(path).inputs
    assert tensor.shape == (-1, 3, 8, 8)
    assert batch_one(tensor) == (1, 3, 8, 8)
    batches = [{"x": np.ones((size, 3, 8, 8), np.float32)} for size in (5, 2, 7)]
    assert [outputs["y"].shape[0] for outputs in child.run(path, batches)[1]] == [5, 2, 7]


def test_outputs_of_open_and_fixed_shape_keep_their_names(tmp_path: Path) -> None:
    values = [
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape)
        for name, shape in (("x", ("n", 2)), ("same", ("n", 2)), ("mean", (1, 1)))
    ]
    nodes = [
        onnx.helper.make_node("Identity", ["x"], ["same"]),
        onnx.helper.make_node("ReduceMean", ["x"], ["mean"]),
    ]
    graph = onnx.helper.make_graph(nodes, "mixed", values[:1], values[1:])
    opset = onnx.helper.make_opsetid("", 18)
    path = tmp_path / "mixed.onnx"
    onnx.save(onnx.helper.make_model(graph, opset_imports=[opset], ir_version=9), path)
    _, (outputs,) = child.run(path, [{"x": np.array([[1, 2], [3, 6]], np.float32)}])
    assert outputs["same"].tolist() == [[1, 2], [3, 6]]
    assert outputs["mean"].tolist() == [[3]]


def test_an_open_image_size_cannot_be_measured() -> None:
    with pytest.raises(RefusedError, match="fixed sizes") as caught:
        batch_one(TensorInfo("x", (1, 3, -1, -1), "float32"))
    assert caught.value.reason_code == "dynamic-shape"


@pytest.mark.parametrize(
    ("feeds", "message"),
    [
        ({"y": np.ones((1, 3, 8, 8), np.float32)}, "inputs are"),
        ({"x": np.ones((1, 8, 8, 3), np.float32)}, r"takes float32 \[1, 3, 8, 8\]"),
        ({"x": np.ones((1, 3, 8, 8))}, "got float64"),
        ({"x": np.ones((3, 8, 8), np.float32)}, r"got float32 \[3, 8, 8\]"),
    ],
)
def test_wrong_feeds_are_named(tmp_path: Path, feeds: dict[str, np.ndarray], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        child.run(tiny_onnx(tmp_path / "tiny.onnx"), [feeds])


def test_threads_below_one_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="1 thread or more"):
        child.describe(tiny_onnx(tmp_path / "tiny.onnx"), threads=0)
