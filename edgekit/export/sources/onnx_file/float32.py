"""Networks of half or double precision are read as float32, as every file here is written."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import onnx_ir as ir

HALVES = (ir.DataType.FLOAT16, ir.DataType.BFLOAT16)
DOUBLE = (ir.DataType.DOUBLE,)


def convert(model: ir.Model, kinds: tuple[ir.DataType, ...]) -> bool:
    """Make every tensor of the given types float32, in place; tell whether there was any.

    Finite numbers beyond float32's range become its largest.
    """
    found = False
    for value in _values(model):
        if value.dtype in kinds:
            value.dtype = ir.DataType.FLOAT
            found = True
        if value.const_value is not None and value.const_value.dtype in kinds:
            value.const_value = _float32(value.const_value)
    for node in ir.traversal.RecursiveGraphIterator(model.graph):
        for name, attribute in list(node.attributes.items()):
            if attribute.type == ir.AttributeType.TENSOR and attribute.value.dtype in kinds:
                node.attributes[name] = ir.AttrTensor(name, _float32(attribute.value))
                found = True
            elif (
                attribute.type == ir.AttributeType.INT
                and name in ("to", "dtype", "output_dtype", "stash_type")
                and attribute.value in kinds
            ):
                node.attributes[name] = ir.AttrInt64(name, int(ir.DataType.FLOAT))
                found = True
    return found


def _values(model: ir.Model) -> Iterator[ir.Value]:
    graphs = {id(model.graph): model.graph}
    for node in ir.traversal.RecursiveGraphIterator(model.graph):
        yield from node.outputs
        if isinstance(node.graph, ir.Graph):
            graphs[id(node.graph)] = node.graph
    for graph in graphs.values():
        yield from graph.inputs
        yield from graph.initializers.values()


def _float32(tensor: ir.TensorProtocol) -> ir.TensorProtocol:
    array = tensor.numpy().astype(np.float64)
    most = float(np.finfo(np.float32).max)
    array = np.where(np.isfinite(array), np.clip(array, -most, most), array)
    return ir.tensor(np.asarray(array, dtype=np.float32), name=tensor.name)
