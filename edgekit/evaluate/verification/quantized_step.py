"""The quantized step of a file's outputs, where they have one.

A float output that comes out of a DequantizeLinear (ONNX) or DEQUANTIZE (TFLite) is a multiple
of that operator's scale, so a difference of such outputs is a whole number of steps. Operators
that only reorder values may stand between.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from edgekit.errors import UnreadableModelError
from edgekit.runtimes import ModelInfo

_REORDERING = ("Flatten", "Identity", "Reshape", "Squeeze", "Transpose", "Unsqueeze")


def of_outputs(path: Path, info: ModelInfo) -> dict[str, float]:
    """Return the real value of one step for each output that has one, by name.

    An integer output counts its own steps: 1.

    Raises:
        UnreadableModelError: the file is damaged.
    """
    integers = {each.name: 1.0 for each in info.outputs if np.dtype(each.dtype).kind in "iu"}
    floats = [each.name for each in info.outputs if np.dtype(each.dtype).kind == "f"]
    if not floats:
        return integers
    try:
        scales = _READERS.get(path.suffix.lower(), lambda _: {})(path)
    except Exception as error:  # a parser's errors share no base class
        raise UnreadableModelError(f"{path}: cannot read this file: {error}") from error
    return integers | {name: scales[name] for name in floats if name in scales}


def _onnx_scales(path: Path) -> dict[str, float]:
    """Return the scale of each float output that a DequantizeLinear makes."""
    import onnx

    graph = onnx.load(path, load_external_data=False).graph
    constants = {each.name: each for each in graph.initializer}
    producers = {name: node for node in graph.node for name in node.output}
    found = {}
    for output in graph.output:
        node = producers.get(output.name)
        while node is not None and node.op_type in _REORDERING:
            node = producers.get(node.input[0])
        if node is not None and node.op_type == "DequantizeLinear" and node.input[1] in constants:
            scale = onnx.numpy_helper.to_array(constants[node.input[1]])
            if scale.size == 1:
                found[output.name] = float(scale.item())
    return found


def _tflite_scales(path: Path) -> dict[str, float]:
    """Return the scale of each float output that a DEQUANTIZE makes."""
    from ai_edge_litert import schema_py_generated as schema

    from edgekit.modelfile import tflite_operators

    model = tflite_operators.read(path)
    graph = model.subgraphs[0]
    producers: dict[int, Any] = {i: each for each in graph.operators for i in each.outputs}
    found = {}
    for index in graph.outputs:
        operator = producers.get(index)
        if operator is None:
            continue
        code = model.operatorCodes[operator.opcodeIndex]
        wanted = schema.BuiltinOperator.DEQUANTIZE
        stored = graph.tensors[operator.inputs[0]].quantization
        if max(code.builtinCode, code.deprecatedBuiltinCode) != wanted or stored is None:
            continue
        scale = np.ravel([] if stored.scale is None else stored.scale)
        if scale.size == 1:
            found[graph.tensors[index].name.decode()] = float(scale[0])
    return found


_READERS = {".onnx": _onnx_scales, ".tflite": _tflite_scales}
