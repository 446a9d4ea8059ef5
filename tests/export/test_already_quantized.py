"""Networks that are quantized already keep their integers and scales in both formats.

The judge is ONNX Runtime, without optimisation, on the untouched file.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter
from onnx import TensorProto, numpy_helper, parser

from edgekit import export, quantize
from edgekit.errors import ParityError, RefusedError
from edgekit.export.already_quantized import files as already_quantized
from edgekit.export.artifact import Artifact
from edgekit.export.sources import source
from tests.specimens.drawn import quantized

LEAST_DB = 35.0  # sums that end half-way are rounded up by one runtime and down by the other
_TO_NHWC, _TO_NCHW = (0, 2, 3, 1), (0, 3, 1, 2)


def _export(path: Path, precision: str = "int8") -> tuple[dict[str, Artifact], tuple[str, ...]]:
    result = export.run(
        export.ExportRequest(str(path), path.parent / "out", precisions=(precision,))
    )
    return {entry.format: entry for entry in result.artifacts}, result.notes


def _onnx_answers(path: Path, feed: np.ndarray) -> dict[str, np.ndarray]:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    opened = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    names = [each.name for each in opened.get_outputs()]
    return dict(zip(names, opened.run(None, {"x": feed}), strict=True))


def _tflite_answers(path: Path, feed: np.ndarray) -> dict[str, np.ndarray]:
    opened = Interpreter(str(path), num_threads=1)
    opened.allocate_tensors()
    (taken,) = opened.get_input_details()
    given = feed.transpose(_TO_NHWC) if feed.ndim == 4 else feed
    opened.set_tensor(taken["index"], np.ascontiguousarray(given))
    opened.invoke()
    found = {each["name"]: opened.get_tensor(each["index"]) for each in opened.get_output_details()}
    return {k: v.transpose(_TO_NCHW) if v.ndim == 4 else v for k, v in found.items()}


def _sqnr_db(wanted: np.ndarray, given: np.ndarray) -> float:
    exact = wanted.astype(np.float64)
    noise = float(((given - exact) ** 2).sum())
    return 200.0 if noise == 0 else 10 * float(np.log10((exact**2).sum() / noise))


def _check(path: Path, files: dict[str, Artifact], feed: np.ndarray) -> None:
    wanted = _onnx_answers(path, feed)
    for name, truth in wanted.items():
        assert _sqnr_db(truth, _onnx_answers(files["onnx"].path, feed)[name]) >= LEAST_DB
        assert _sqnr_db(truth, _tflite_answers(files["tflite"].path, feed)[name]) >= LEAST_DB


def _image() -> np.ndarray:
    return np.random.default_rng(9).standard_normal(quantized.SHAPE).astype(np.float32)


def _others_than_zero(array: np.ndarray) -> list[int]:
    return [int(each) for each in np.unique(array) if each]


def _stored_weights(path: Path) -> list[list[int]]:
    """Return which integers each layer of an .onnx file has, zero points taken off."""
    arrays = {each.name: numpy_helper.to_array(each) for each in onnx.load(path).graph.initializer}
    found = []
    for name, array in arrays.items():
        if name.startswith("w") and name.endswith("_quantized"):
            zero = arrays[name.replace("quantized", "zero_point")].astype(int)
            lifted = zero.reshape(-1, *[1] * (array.ndim - 1)) if zero.size > 1 else zero
            found.append(_others_than_zero(array.astype(int) - lifted))
    return sorted(found)


def _tflite_integers(path: Path) -> tuple[list[list[int]], set[tuple[float, int]]]:
    """Return which integers each layer has, and scale and zero point of each activation.

    Their number is another where several columns are read as one: each weight then stands in every
    copy, and zeros between them.
    """
    model = schema.ModelT.InitFromPackedBuf(path.read_bytes(), 0)
    weights, activations = [], set()
    for tensor in model.subgraphs[0].tensors:
        said, data = tensor.quantization, model.buffers[tensor.buffer].data
        if tensor.type != schema.TensorType.INT8 or said is None or said.scale is None:
            continue
        if data is not None:
            weights.append(_others_than_zero(np.asarray(data, np.uint8).view(np.int8)))
        else:
            activations.add((float(said.scale[0]), int(said.zeroPoint[0])))
    return sorted(weights), activations


@pytest.mark.parametrize(
    ("form", "activations", "weights", "per_channel"),
    [
        ("QDQ", "QUInt8", "QInt8", True),
        ("QDQ", "QInt8", "QInt8", False),
        ("QOperator", "QUInt8", "QInt8", True),
        ("QOperator", "QInt8", "QInt8", False),
    ],
)
def test_files_hold_the_same_integers(
    form: str, activations: str, weights: str, *, per_channel: bool, tmp_path: Path
) -> None:
    path = tmp_path / "net.onnx"
    quantized.static(path, form, activations, weights, per_channel=per_channel)
    before = path.read_bytes()
    files, notes = _export(path)
    assert path.read_bytes() == before
    assert [entry.verified for entry in files.values()] == ["passed", "passed"]
    _check(path, files, _image())
    (note,) = notes
    assert note.startswith("Sigmoid")  # whose scale LiteRT prescribes
    assert "CONV_2D" in files["tflite"].operators
    stored, encodings = _tflite_integers(files["tflite"].path)
    wanted = _stored_weights(path)
    assert len(wanted) == 5
    assert all(each in stored for each in wanted)
    arrays = {each.name: numpy_helper.to_array(each) for each in onnx.load(path).graph.initializer}
    shift = 128 if activations == "QUInt8" else 0
    for name in ("x", "c", "d", "z"):
        zero = int(arrays[f"{name}_zero_point"].reshape(())) - shift
        assert (float(arrays[f"{name}_scale"].reshape(())), zero) in encodings


def test_weights_with_zero_points_compute_in_float32(tmp_path: Path) -> None:
    # Saturation between such layers is what is left of the file's ReLUs: it must stay.
    path = quantized.static(tmp_path / "net.onnx", weights="QUInt8", per_channel=False)
    files, notes = _export(path)
    _check(path, files, _image())
    assert sum("its weights have a zero point" in note for note in notes) >= 4


def test_16_bit_activations(tmp_path: Path) -> None:
    path = quantized.static(tmp_path / "net.onnx", activations="QInt16", symmetric=True)
    files, _ = _export(path, "int16x8")
    _check(path, files, _image())
    with pytest.raises(RefusedError, match="--precision int16x8"):
        _export(path)


@pytest.mark.parametrize("kind", [TensorProto.UINT8, TensorProto.INT8])
def test_integer_inputs_and_outputs_stay_integers(kind: int, tmp_path: Path) -> None:
    name = "QUInt8" if kind == TensorProto.UINT8 else "QInt8"
    path = quantized.static(tmp_path / "net.onnx", "QOperator", name)
    quantized.integer_borders(path, kind)
    dtype = onnx.helper.tensor_dtype_to_np_dtype(kind)
    files, _ = _export(path)
    feed = _image()
    limits = np.iinfo(dtype)
    feed = np.clip(feed * 40 + (limits.max + limits.min + 1) // 2, limits.min, limits.max)
    feed = feed.astype(dtype)
    for entry in files.values():
        assert {each.dtype for each in (*entry.inputs, *entry.outputs)} == {dtype.name}
    wanted = _onnx_answers(path, feed)
    for name, truth in wanted.items():
        for given in (
            _onnx_answers(files["onnx"].path, feed)[name],
            _tflite_answers(files["tflite"].path, feed)[name],
        ):
            assert np.abs(given.astype(int) - truth.astype(int)).max() <= 2


def test_a_pad_of_stored_integers(tmp_path: Path) -> None:
    text = """<ir_version: 8, opset_import: ["" : 17]>
    g (float[1,3,12,12] x) => (float[1,4,14,14] y) {
        q = QuantizeLinear(x, s, z)
        c = QLinearConv(q, s, z, w, s, wz, s, z)
        p = Pad(c, amounts, z)
        y = DequantizeLinear(p, s, z) }"""
    model = parser.parse_model(text)
    constants = {
        "s": np.array(0.03, np.float32),
        "z": np.array(120, np.uint8),
        "w": np.arange(-6, 6, dtype=np.int8).reshape(4, 3, 1, 1),
        "wz": np.array(0, np.int8),
        "amounts": np.array([0, 0, 1, 1, 0, 0, 1, 1]),
    }
    model.graph.initializer.extend(numpy_helper.from_array(v, k) for k, v in constants.items())
    path = tmp_path / "net.onnx"
    onnx.save(model, path)
    files, notes = _export(path)
    assert not notes
    _check(path, files, _image())


def test_bounds_of_stored_integers(tmp_path: Path) -> None:
    """Weights, and what is stored, in a narrower range than their type's."""
    text = """<ir_version: 8, opset_import: ["" : 17]>
    g (float[1,3,12,12] x) => (float[1,4,12,12] y) {
        q = QuantizeLinear(x, s, z)
        n = Clip(q, low, high)
        r = DequantizeLinear(n, s, z)
        v = Clip(w, low, high)
        k = DequantizeLinear<axis=0>(v, ws, wz)
        c = Conv(r, k)
        p = QuantizeLinear(c, t, z)
        m = Clip(p, least, high)
        y = DequantizeLinear(m, t, z) }"""
    model = parser.parse_model(text)
    constants = {
        "s": np.array(0.03, np.float32),
        "t": np.array(0.05, np.float32),
        "z": np.array(3, np.int8),
        "low": np.array(-7, np.int8),
        "least": np.array(3, np.int8),
        "high": np.array(7, np.int8),
        "w": np.arange(-9, 3, dtype=np.int8).reshape(4, 3, 1, 1),
        "ws": np.array([0.1, 0.2, 0.3, 0.4], np.float32),
        "wz": np.zeros(4, np.int8),
    }
    model.graph.initializer.extend(numpy_helper.from_array(v, k) for k, v in constants.items())
    path = tmp_path / "net.onnx"
    onnx.save(model, path)
    files, notes = _export(path)
    assert not notes
    _check(path, files, _image())


@pytest.mark.parametrize(
    ("spread", "error", "passes"),
    [(0.0, 0.02, True), (0.0, 0.04, False), (0.02, 0.04, True), (1.0, 0.06, False)],
)
def test_how_far_a_file_is_from_itself_is_allowed(
    spread: float, error: float, passes: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ONNX Runtime's integer kernels round otherwise than its float32 ones between pairs."""
    path = quantized.static(tmp_path / "net.onnx", activations="QInt16", symmetric=True)
    prepared = source.resolve(str(path))
    assert prepared.original is not None
    monkeypatch.setattr(
        type(prepared.original), "spreads", lambda *_: [spread] * len(prepared.feeds)
    )
    moved = []
    for answer in prepared.answers:
        arrays = {name: array.copy() for name, array in answer.items()}
        for array in arrays.values():
            array.reshape(-1)[0] += error * np.ptp(array)  # one of many
        moved.append(arrays)
    written = dataclasses.replace(prepared, answers=tuple(moved))
    given = already_quantized.read(written)

    def write() -> None:
        already_quantized.to_files(written, given, ["onnx"], tmp_path / "out")

    if passes:
        write()
        return
    with pytest.raises(ParityError):
        write()


def test_quantize_and_float_precisions_refuse(tmp_path: Path) -> None:
    path = quantized.static(tmp_path / "net.onnx")
    with pytest.raises(RefusedError, match="already quantized: --precision int8"):
        _export(path, "float32")
    with pytest.raises(RefusedError, match="already quantized") as caught:
        quantize.run(quantize.QuantizeRequest(str(path), folder=tmp_path))
    assert caught.value.reason_code == "already-quantized"


_HEAD = '<ir_version: 8, opset_import: ["" : 17]> g (float[1,4,5,5] x) => (float[1,4,5,5] y) {'
UNLIKE = {
    "computed": (
        "m = ReduceMax<keepdims=0>(x)\n q = QuantizeLinear(x, m, z)\n"
        "d = DequantizeLinear(q, m, z)\n y = Relu(d)",
        "has a scale that is computed",
    ),
    "channels": (
        "q = QuantizeLinear<axis=1>(x, many, zeros)\n"
        "d = DequantizeLinear<axis=1>(q, many, zeros)\n y = Relu(d)",
        "one scale for each channel",
    ),
}


@pytest.mark.parametrize("name", UNLIKE)
def test_what_no_integer_kernel_has_is_refused(name: str, tmp_path: Path) -> None:
    text, why = UNLIKE[name]
    model = parser.parse_model(f"{_HEAD} {text} }}")
    constants = {
        "z": np.array(0, np.uint8),
        "many": np.array([0.1, 0.2, 0.3, 0.4], np.float32),
        "zeros": np.zeros(4, np.uint8),
    }
    model.graph.initializer.extend(numpy_helper.from_array(v, k) for k, v in constants.items())
    path = tmp_path / "net.onnx"
    onnx.save(model, path)
    with pytest.raises(RefusedError, match=why) as caught:
        _export(path)
    assert caught.value.reason_code == "already-quantized"
