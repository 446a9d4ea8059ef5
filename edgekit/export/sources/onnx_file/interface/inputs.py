"""What a file says about its inputs: types that are taken, sizes that are known."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
import onnx

from edgekit.errors import RefusedError, UnknownNameError, UsageError
from edgekit.export.sources.shapes import BATCH, Declared, text

_TAKEN = (
    "FLOAT", "FLOAT16", "BFLOAT16", "DOUBLE", "BOOL", "UINT8", "UINT16", "UINT32", "UINT64",
    "INT8", "INT16", "INT32", "INT64",
)  # fmt: skip
MOST_AXES = 32
"""The rank that arrays of every supported numpy may have."""


def inputs_of(proto: onnx.ModelProto, name: str) -> dict[str, Declared]:
    """Return what the model says about the sizes of each of its inputs.

    Args:
        proto: the model.
        name: what to call it in messages.

    Raises:
        RefusedError: an input is no tensor of numbers (``input-dtype``), has no elements
            (``empty-input``) or too many axes (``rank``).
    """
    constants = {tensor.name for tensor in proto.graph.initializer}
    batches = {
        value.type.tensor_type.shape.dim[0].dim_param
        for value in proto.graph.input
        if len(value.type.tensor_type.shape.dim)
    } - {""}
    declared: dict[str, Declared] = {}
    for value in proto.graph.input:
        if value.name in constants:
            continue
        kind = value.type.WhichOneof("value")
        tensor = value.type.tensor_type
        element = onnx.TensorProto.DataType.Name(tensor.elem_type) if kind == "tensor_type" else ""
        if element not in _TAKEN:
            raise RefusedError(
                f"{name}: input {value.name!r} is of type {element.lower() or kind or 'unknown'}: "
                "tensors of numbers and truth values are taken",
                reason_code="input-dtype",
            )
        if not tensor.HasField("shape"):
            declared[value.name] = None
            continue
        # Some exporters write -1 for an open size.
        sizes = [
            d.dim_value
            if d.HasField("dim_value") and d.dim_value >= 0
            else BATCH
            if axis and _is_batch(d, batches)
            else None
            for axis, d in enumerate(tensor.shape.dim)
        ]
        refuse_rank(len(sizes), value.name, name)
        if 0 in sizes:
            raise RefusedError(
                f"{name}: its input {value.name!r} is empty, of the sizes {text(sizes)}: export it "
                "again with sizes of 1 or more, or open ones where 0 stands for any",
                reason_code="empty-input",
            )
        declared[value.name] = sizes
    return declared


def _is_batch(dimension: onnx.TensorShapeProto.Dimension, batches: Collection[str]) -> bool:
    """Tell whether an open size is called as a first size is, or as batches are."""
    return dimension.dim_param in batches or dimension.dim_param.lower().startswith("batch")


def with_values(proto: onnx.ModelProto, fixed: Mapping[str, float], name: str) -> onnx.ModelProto:
    """Return the model with some inputs as constants; itself where there are none.

    Args:
        proto: the model; it is left as it is.
        fixed: the number that each of them holds, by input name.
        name: what to call the model in messages.

    Raises:
        UnknownNameError: it has no such input.
        UsageError: the input's type cannot hold the number.
    """
    if not fixed:
        return proto
    copy = onnx.ModelProto()
    copy.CopyFrom(proto)
    inputs = {value.name: value for value in copy.graph.input}
    for key, number in fixed.items():
        if key not in inputs:
            raise UnknownNameError(f"input of {name}", key, list(inputs))
        array = constant_of(inputs[key], number, name)
        copy.graph.input.remove(inputs[key])
        copy.graph.initializer.append(onnx.numpy_helper.from_array(array, key))
    return copy


def constant_of(value: onnx.ValueInfoProto, number: float, name: str) -> np.ndarray:
    """Return an array for an input that holds one number everywhere; open sizes are 1."""
    tensor = value.type.tensor_type
    dtype = onnx.helper.tensor_dtype_to_np_dtype(tensor.elem_type)
    sizes = [dim.dim_value if dim.dim_value > 0 else 1 for dim in tensor.shape.dim]
    array = np.full(sizes, number).astype(dtype)
    if float(array.reshape(-1)[0] if array.size else number) != number and dtype.kind != "f":
        raise UsageError(f"input {value.name!r} of {name} is {dtype}, which cannot hold {number}")
    return array


def dtypes_of(proto: onnx.ModelProto) -> dict[str, str]:
    """Return numpy's name of the element type of each input of a fixed model."""
    return {
        value.name: str(onnx.helper.tensor_dtype_to_np_dtype(value.type.tensor_type.elem_type))
        for value in proto.graph.input
    }


def refuse_rank(rank: int, value: str, name: str) -> None:
    """Raise RefusedError (``rank``) where ``value`` has more axes than arrays have."""
    if rank > MOST_AXES:
        raise RefusedError(
            f"{name}: {value!r} has {rank} axes: arrays have at most {MOST_AXES}",
            reason_code="rank",
        )
