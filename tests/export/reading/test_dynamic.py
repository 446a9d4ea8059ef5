"""Networks that find their integers' scales as they run, read as float32 arithmetic."""

from __future__ import annotations

from pathlib import Path

import ml_dtypes
import numpy as np
import onnx
import pytest

from edgekit import export, quantize
from edgekit.errors import RefusedError
from edgekit.export.sources import source
from tests.specimens.graphs import weights

_HEAD = '<ir_version: 10, opset_import: ["" : 21, "com.microsoft" : 1]> '
_RNG = np.random.default_rng(3)


def _codes(*shape: int, kind: type = np.int8) -> np.ndarray:
    limits = np.iinfo(kind)
    return _RNG.integers(limits.min, limits.max, shape, dtype=kind, endpoint=True)


def _packed(*shape: int) -> np.ndarray:
    return _codes(*shape, kind=np.uint8)


FORMS: dict[str, tuple[str, dict[str, np.ndarray]]] = {
    "convolution": (
        """g (float[1,3,6,6] x) => (float[1,4,6,6] y) {
            q, s, z = DynamicQuantizeLinear(x)
            c = ConvInteger<pads=[1,1,1,1]>(q, w, z, wz)
            m = Mul(s, ws)
            d = Div(b, m)
            e = Floor(d)
            i = Cast<to=6>(e)
            k = Reshape(i, shape)
            a = Add(c, k)
            f = Cast<to=1>(a)
            y = Mul(f, m) }""",
        {
            "w": _packed(4, 3, 3, 3),
            "wz": np.uint8(120),
            "ws": np.float32(0.02),
            "b": weights(4),
            "shape": np.array([1, 4, 1, 1]),
        },
    ),
    "products": (
        """g (float[2,5] x) => (float[2,3] y, float[2,3] t, float[2,4] b) {
            a = com.microsoft.DynamicQuantizeMatMul(x, w, ws, wz, k)
            q, s, z = DynamicQuantizeLinear(a)
            y = com.microsoft.MatMulIntegerToFloat(q, v, s, us, z, uz)
            g = QuantizeLinear(x, gs, gz)
            o = MatMulInteger(g, u, gz)
            i = Add(o, ib)
            j = Squeeze(i)
            t = Cast<to=1>(j)
            b = com.microsoft.MatMulNBits<K=5, N=4, bits=4, block_size=16>(x, n, ns, nz, , nb) }""",
        {
            "w": _codes(5, 4),
            "ws": np.float32([0.1, 0.2, 0.3, 0.4]),
            "wz": np.int8([1, -2, 3, 0]),
            "k": weights(4),
            "v": _codes(4, 3),
            "us": np.float32(0.03),
            "uz": np.int8(-5),
            "u": _codes(5, 3),
            "gs": np.float32(0.02),
            "gz": np.uint8(90),
            "ib": np.int32([100, -2000, 30000]),
            "n": _packed(4, 1, 8),
            "ns": np.float32([0.1, 0.2, 0.3, 0.4]),
            "nz": _packed(4, 1),
            "nb": weights(4),
        },
    ),
    "recurrence": (
        """g (int64[1,4] x) => (float[4,2,1,3] y, float[2,1,3] h, float[2,1,3] c) {
            e = Gather(table, x)
            r = DequantizeLinear(e, ts, tz)
            t = Transpose<perm=[1,0,2]>(r)
            y, h, c = com.microsoft.DynamicQuantizeLSTM
                <hidden_size=3, direction="bidirectional">
                (t, w, v, b, , , , , ws, wz, vs, vz) }""",
        {
            "table": _packed(9, 5),
            "ts": np.float32(0.02),
            "tz": np.uint8(120),
            "w": _codes(2, 5, 12),
            "ws": np.float32([0.01, 0.02]),
            "wz": np.int8([3, 0]),
            "v": _codes(2, 3, 12),
            "vs": np.float32([0.01, 0.02]),
            "vz": np.int8([-9, 0]),
            "b": weights(2, 24),
        },
    ),
    "weights alone": (
        """g (float[1,4,5,5] x, int64[1,3] i) =>
             (float[1,6,3,3] c, float[1,4,5,3] y, float[1,3,8] e) {
            d = DequantizeLinear<axis=1,block_size=2>(w, ws, wz)
            c = Conv(x, d)
            f = DequantizeLinear<axis=0,block_size=3>(v, vs)
            g = DequantizeLinear(u, us)
            h = Cast<to=1>(g)
            a = MatMul(x, f)
            y = Mul(a, h)
            k = Gather(t, i)
            e = DequantizeLinear<axis=2>(k, ts, tz) }""",
        {
            "w": _codes(6, 4, 3, 3),
            "ws": np.abs(weights(6, 2, 3, 3)) / 50,
            "wz": _codes(6, 2, 3, 3),
            "v": _codes(5, 3).astype(ml_dtypes.int4),
            "vs": np.abs(weights(2, 3)),
            "u": _codes(3),
            "us": np.float16(0.02),
            "t": _packed(4, 8),
            "ts": np.abs(weights(8)),
            "tz": _packed(8),
        },
    ),
    "integers that are given": (
        """g (float[2,3] x) => (uint8[2,3] y, float s, uint8 z, float[3,2] d, int32[3,3] p) {
            y, s, z = DynamicQuantizeLinear(x)
            t = Transpose<perm=[1,0]>(y)
            d = DequantizeLinear(t, s, z)
            p = MatMulInteger(t, y) }""",
        {},
    ),
}


def _written(name: str, folder: Path) -> Path:
    text, constants = FORMS[name]
    model = onnx.parser.parse_model(_HEAD + text)
    for key, array in constants.items():
        model.graph.initializer.append(onnx.numpy_helper.from_array(array, key))
    onnx.save(model, folder / "net.onnx")
    return folder / "net.onnx"


@pytest.mark.parametrize("name", FORMS)
def test_the_answers_are_the_originals_to_the_last_digit(name: str, tmp_path: Path) -> None:
    prepared = source.resolve(str(_written(name, tmp_path)))
    assert "on net.onnx" in prepared.reference
    assert "newer opset" not in prepared.reference
    by_onnx, by_tflite = export.to_files(prepared, ["onnx", "tflite"], tmp_path / "out")
    assert by_onnx.parity is not None
    assert by_tflite.parity is not None
    assert by_onnx.parity.max_rel_error < 2e-7
    assert by_tflite.parity.max_rel_error < 1e-6
    assert not {"MatMulInteger", "ConvInteger", "DequantizeLinear"} & {*by_onnx.operators}
    if name == "convolution":
        assert "Cast" not in by_onnx.operators


def test_where_rounding_decides_the_tolerance_is_the_originals_own(tmp_path: Path) -> None:
    prepared = source.resolve(str(_written("convolution", tmp_path)))
    assert prepared.original is not None
    ties = np.arange(108, dtype=np.float32).reshape(1, 3, 6, 6) / 2
    ties[0, 0, 0, 0] = 255  # the largest: half of the others lie between two integers
    ((_, (answer,)),) = [prepared.original.answers([{"x": ties}])]
    (unsteady,) = prepared.original.spreads([{"x": ties}], [answer])
    steady = max(prepared.original.spreads(prepared.feeds, prepared.answers))
    assert unsteady > 1e-4 > steady


def test_it_is_not_quantized_again(tmp_path: Path) -> None:
    path = _written("convolution", tmp_path)
    with pytest.raises(RefusedError, match="finds its scales as it runs") as caught:
        quantize.run(quantize.QuantizeRequest(str(path), folder=tmp_path))
    assert caught.value.reason_code == "already-quantized"
