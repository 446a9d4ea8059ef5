"""Sparse constants become dense ones: no library here reads them."""

from __future__ import annotations

import math

import numpy as np
import onnx

from edgekit.errors import RefusedError

_MOST_ELEMENTS = 1 << 28


def make_dense(proto: onnx.ModelProto, name: str) -> bool:
    """Make every sparse constant of the main graph a dense one, in place; tell if there was any.

    Args:
        proto: the model.
        name: what to call it in messages.

    Raises:
        RefusedError: a dense one would be too large (``too-large``).
    """
    given = list(proto.graph.sparse_initializer)
    del proto.graph.sparse_initializer[:]
    for sparse in given:
        proto.graph.initializer.append(_dense(sparse, sparse.values.name, name))
    found = bool(given)
    for node in proto.graph.node:
        for attribute in node.attribute:
            if node.op_type == "Constant" and attribute.HasField("sparse_tensor"):
                tensor = _dense(attribute.sparse_tensor, "value", name)
                attribute.CopyFrom(onnx.helper.make_attribute("value", tensor))
                found = True
    return found


def _dense(sparse: onnx.SparseTensorProto, key: str, name: str) -> onnx.TensorProto:
    shape = list(sparse.dims)
    if math.prod(shape) > _MOST_ELEMENTS:
        raise RefusedError(
            f"{name}: the sparse constant {key!r} would have {math.prod(shape)} elements: "
            f"{_MOST_ELEMENTS} are taken",
            reason_code="too-large",
        )
    values = onnx.numpy_helper.to_array(sparse.values)
    places = onnx.numpy_helper.to_array(sparse.indices)
    array = np.zeros(shape, values.dtype)
    if places.ndim == 1:
        array.reshape(-1)[places] = values
    else:
        array[tuple(places.T)] = values
    return onnx.numpy_helper.from_array(array, key)
