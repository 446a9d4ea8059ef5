"""Networks that another tool has quantized: a small one, by ONNX Runtime's own quantizer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, numpy_helper, parser
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

SHAPE = (1, 3, 12, 12)
_TEXT = """<ir_version: 8, opset_import: ["" : 17]>
g (float[1,3,12,12] x) => (float[1,5] y, float[1,8,6,6] z) {
    a = Conv<kernel_shape=[3,3], pads=[1,1,1,1]>(x, w1, b1)
    ar = Relu(a)
    b = Conv<kernel_shape=[3,3], pads=[1,1,1,1], strides=[2,2], group=8>(ar, w2, b2)
    br = Clip(b, zero, six)
    c = Conv<kernel_shape=[1,1]>(br, w3, b3)
    cs = Sigmoid(c)
    cm = Mul(c, cs)
    p = MaxPool<kernel_shape=[2,2], strides=[2,2]>(ar)
    pc = Conv<kernel_shape=[1,1]>(p, w4, b4)
    d = Add(cm, pc)
    e = Concat<axis=1>(d, pc)
    z = LeakyRelu<alpha=0.1>(e)
    q = GlobalAveragePool(z)
    r = Flatten(q)
    y = Gemm<transB=1>(r, w6, b6)
}"""
_LAYERS = {"1": (8, 3, 3, 3), "2": (8, 1, 3, 3), "3": (4, 8, 1, 1), "4": (4, 8, 1, 1), "6": (5, 8)}
_SAMPLES = 6


class _Samples(CalibrationDataReader):
    def __init__(self) -> None:
        self._left = _inputs(_SAMPLES)

    def get_next(self) -> dict[str, np.ndarray] | None:
        """Return the next set of inputs."""
        return next(self._left, None)


def static(
    path: Path,
    form: str = "QDQ",
    activations: str = "QUInt8",
    weights: str = "QInt8",
    *,
    per_channel: bool = True,
    symmetric: bool = False,
) -> Path:
    """Write the network as ``quantize_static`` makes it; arguments as it calls them."""
    plain = path.with_suffix(".float.onnx")
    model = parser.parse_model(_TEXT)
    generator = np.random.default_rng(3)
    constants = {"zero": np.array(0, np.float32), "six": np.array(6, np.float32)}
    for name, shape in _LAYERS.items():
        spread = np.sqrt(np.prod(shape[1:]))
        constants[f"w{name}"] = (generator.standard_normal(shape) / spread).astype(np.float32)
        constants[f"b{name}"] = generator.standard_normal(shape[0]).astype(np.float32) / 4
    model.graph.initializer.extend(numpy_helper.from_array(v, k) for k, v in constants.items())
    onnx.save(model, plain)
    quantize_static(
        plain,
        path,
        _Samples(),
        quant_format=QuantFormat[form],
        activation_type=QuantType[activations],
        weight_type=QuantType[weights],
        per_channel=per_channel,
        extra_options={"ActivationSymmetric": symmetric},
    )
    return path


def integer_borders(path: Path, kind: int = TensorProto.UINT8) -> Path:
    """Let a file in operator form take and give integers: its outermost conversions are cut."""
    model = onnx.load(path)
    graph = model.graph
    first = next(node for node in graph.node if node.op_type == "QuantizeLinear")
    graph.node.remove(first)
    for last in [node for node in graph.node if node.op_type == "DequantizeLinear"]:
        graph.node.remove(last)
        for node in graph.node:
            _rename(node.output, last.input[0], last.output[0])
            _rename(node.input, last.input[0], last.output[0])
    for node in graph.node:
        _rename(node.input, first.output[0], "x")
    for value in (*graph.input, *graph.output):
        value.type.tensor_type.elem_type = kind
    onnx.save(model, path)
    return path


def _rename(names: object, old: str, new: str) -> None:
    for index, name in enumerate(names):  # type: ignore[arg-type, var-annotated]
        if name == old:
            names[index] = new  # type: ignore[index]


def _inputs(count: int) -> Iterator[dict[str, np.ndarray]]:
    generator = np.random.default_rng(5)
    for _ in range(count):
        yield {"x": generator.standard_normal(SHAPE).astype(np.float32)}
