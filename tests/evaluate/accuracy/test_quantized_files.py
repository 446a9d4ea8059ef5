"""Files of integers: pixels and scores are translated, a background class is dropped."""

from __future__ import annotations

from pathlib import Path

import flatbuffers
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from edgekit.errors import RefusedError, UsageError
from edgekit.evaluate import Settings, Share
from tests.evaluate.accuracy.colours import SIDE, classifier, run


def _quantized(path: Path, dtype: str, scale: float | None, zero_point: int) -> Path:
    """A .tflite with one average pool, its input and output of the same quantization."""
    model, graph, pool = schema.ModelT(), schema.SubGraphT(), schema.Pool2DOptionsT()
    code, node = schema.OperatorCodeT(), schema.OperatorT()
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.AVERAGE_POOL_2D
    code.version = 2
    pool.strideW = pool.strideH = 1
    pool.filterWidth = pool.filterHeight = SIDE
    pool.padding = schema.Padding.VALID
    node.opcodeIndex, node.inputs, node.outputs = 0, [0], [1]
    node.builtinOptionsType, node.builtinOptions = schema.BuiltinOptions.Pool2DOptions, pool
    graph.tensors, graph.operators, graph.inputs, graph.outputs = [], [node], [0], [1]
    for name, shape in (("x", [1, SIDE, SIDE, 3]), ("y", [1, 1, 1, 3])):
        tensor = schema.TensorT()
        tensor.name, tensor.shape, tensor.buffer = name.encode(), shape, 0
        tensor.type = getattr(schema.TensorType, dtype.upper())
        if scale is not None:
            tensor.quantization = schema.QuantizationParametersT()
            tensor.quantization.scale = [scale]
            tensor.quantization.zeroPoint = [zero_point]
        graph.tensors.append(tensor)
    model.version, model.buffers = 3, [schema.BufferT()]
    model.operatorCodes, model.subgraphs = [code], [graph]
    builder = flatbuffers.Builder()
    builder.Finish(model.Pack(builder), b"TFL3")
    path.write_bytes(bytes(builder.Output()))
    return path


@pytest.mark.parametrize(
    ("dtype", "scale", "zero_point", "preprocessing"),
    [
        ("uint8", 1 / 128, 128, "minus-one-to-one"),
        ("int8", 1 / 127, 0, "minus-one-to-one"),
        ("uint8", 1.0, 0, "raw"),
        ("int8", 1.0, -128, "raw"),
        ("uint8", 1 / 255, 0, "raw"),  # the pixels themselves, whatever they stand for
        ("int8", 1 / 255, -128, "raw"),
    ],
)
def test_quantized_tensors_are_translated(
    dtype: str, scale: float, zero_point: int, preprocessing: str, tmp_path: Path, pictures: Path
) -> None:
    quantized = _quantized(tmp_path / "q.tflite", dtype, scale, zero_point)
    floats = classifier(tmp_path / "f.tflite", np.eye(3) * (scale if preprocessing == "raw" else 1))
    settings = Settings(preprocessing=preprocessing)
    result = run(quantized, pictures, against=str(floats), settings=settings)
    assert result.distance is not None
    assert result.answers.top1 == (0, 1, 2, 0)
    assert result.distance.max_rel_error <= 0.5 * 2 / 127


def test_integers_without_a_scale_take_raw_pixels_only(tmp_path: Path, pictures: Path) -> None:
    path = _quantized(tmp_path / "q.tflite", "uint8", None, 0)
    with pytest.raises(RefusedError, match="uint8 without a scale") as caught:
        run(path, pictures, settings=Settings(preprocessing="imagenet"))
    assert caught.value.reason_code == "no-input-scale"


def test_a_background_class_is_dropped(tmp_path: Path, brightest: Path, pictures: Path) -> None:
    background = np.hstack([np.full((3, 1), 9), np.eye(3)])
    model = classifier(tmp_path / "bg.tflite", background)
    settings = Settings(preprocessing="raw", label_offset=1)
    result = run(model, pictures, settings=settings)
    assert result.answers.top(1) == Share(3, 4)
    assert (result.answers.subject.label_offset, result.answers.subject.classes) == (1, 3)
    with pytest.raises(UsageError, match=r"4 classes and .*brightest\.onnx 3"):
        run(model, pictures, against=str(brightest))
    with pytest.raises(RefusedError, match="too few for a label offset of 3"):
        run(model, pictures, settings=Settings(preprocessing="raw", label_offset=3))
