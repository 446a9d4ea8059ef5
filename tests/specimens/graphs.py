"""Small ONNX graphs written as text, and running them on either runtime."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnx.parser
import onnx_ir as ir

from edgekit import runtimes
from edgekit.export import lowering, parity, tflite
from edgekit.export.onnx_writer import plain
from edgekit.export.rewriting import rules as rewrite
from edgekit.export.sources import canonical

HEADER = '<ir_version: 10, opset_import: ["" : 18]>\n'


def proto(text: str, **constants: np.ndarray) -> onnx.ModelProto:
    """Parse ``text``, ONNX's own notation, and attach named constants as initializers.

    Of opset 18, unless the text begins with a header of its own.
    """
    model = onnx.parser.parse_model(text if text.startswith("<") else HEADER + text)
    for name, array in constants.items():
        model.graph.initializer.append(onnx.numpy_helper.from_array(np.asarray(array), name))
    model = onnx.shape_inference.infer_shapes(model, strict_mode=True, data_prop=True)
    onnx.checker.check_model(model)
    return model


def weights(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape, dtype=np.float32)


def feeds(model: onnx.ModelProto, seed: int = 1) -> dict[str, np.ndarray]:
    constants = {tensor.name for tensor in model.graph.initializer}
    return {
        value.name: weights(*(d.dim_value for d in value.type.tensor_type.shape.dim), seed=seed)
        for value in model.graph.input
        if value.name not in constants
    }


def run_onnx(data: bytes, inputs: dict[str, np.ndarray], folder: Path) -> dict[str, np.ndarray]:
    path = folder / "model.onnx"
    path.write_bytes(data)
    return runtimes.load("onnxruntime", path, exact_sums=True).run(inputs)


class TfliteFile(bytes):
    """The bytes of a file, and which of its inputs and outputs are NHWC."""

    maps: frozenset[str] = frozenset()


def tflite_file(graph: ir.Model, **options: bool) -> TfliteFile:
    """Write a lowered graph."""
    maps = tflite.image_maps(graph)
    file = TfliteFile(tflite.to_bytes(graph, "test", **options))
    file.maps = maps
    return file


def run_tflite(
    data: TfliteFile, inputs: dict[str, np.ndarray], folder: Path
) -> dict[str, np.ndarray]:
    """Run a file; inputs and answers in the order of the source."""
    path = folder / "model.tflite"
    path.write_bytes(data)
    session = runtimes.load("tflite", path)
    return parity.to_nchw(session.run(parity.to_nhwc(inputs, data.maps)), data.maps)


def lowered(model: onnx.ModelProto, *rules: rewrite.Rule) -> ir.Model:
    graph = ir.from_proto(model)
    rewrite.apply(graph, rules)
    return graph


def to_tflite(model: onnx.ModelProto) -> TfliteFile:
    """The whole way of a graph into a .tflite file."""
    graph = canonical.from_proto(model)
    rewrite.apply(graph, lowering.TFLITE.rules)
    return tflite_file(graph)


def to_onnx(model: ir.Model) -> bytes:
    return plain.to_bytes(model, "test")
