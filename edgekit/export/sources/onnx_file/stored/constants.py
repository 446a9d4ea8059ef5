"""Constants that a file holds as integers: turned to float32, and remembered as they were."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx_ir as ir

from edgekit.export.graph import nodes as g
from edgekit.export.sources.onnx_file import edit

_KINDS = ("int8", "uint8", "int16", "uint16", "int32")


@dataclass(frozen=True, eq=False)
class StoredTensor:
    """One constant of a file.

    Attributes:
        name: of the float32 constant that stands for it.
        steps: integers with the zero point taken off, int64, as the file has their axes:
            real = scale * step.
        scales: float32, () or one for each slice along ``axis``.
        axis: of the slices; 0 where there is one scale.
    """

    name: str
    steps: np.ndarray
    scales: np.ndarray
    axis: int

    @property
    def real(self) -> np.ndarray:
        """What it stands for, as ONNX computes it, float32."""
        return np.asarray(self.steps.astype(np.float32) * self._spread, np.float32)

    @property
    def _spread(self) -> np.ndarray:
        if self.scales.ndim == 0:
            return self.scales
        shape = [1] * self.steps.ndim
        shape[self.axis] = -1
        return self.scales.reshape(shape)


def fold(model: ir.Model) -> list[StoredTensor]:
    """Turn stored constants to float32, in place, and return them.

    What is quantized in blocks, in fewer than 8 bits, or with scales of half precision becomes
    float and is forgotten: no integer kernel of the runtimes takes it.
    """
    found = []
    for node in list(model.graph):
        if g.is_op(node, "QuantizeLinear"):
            _quantize(node)
        elif g.is_op(node, "DequantizeLinear"):
            stored = _stored(node)
            if stored is not None:
                found.append(stored)
            else:
                _forget(node)
    return found


def save(tensors: Iterable[StoredTensor], path: Path) -> None:
    """Write tensors into an .npz file."""
    arrays: dict[str, np.ndarray] = {}
    for number, tensor in enumerate(tensors):
        arrays[f"{number}_name"] = np.array(tensor.name)
        arrays[f"{number}_steps"] = tensor.steps
        arrays[f"{number}_scales"] = tensor.scales
        arrays[f"{number}_axis"] = np.array(tensor.axis)
    np.savez(path, **arrays)  # type: ignore[arg-type]


def load(path: Path) -> tuple[StoredTensor, ...]:
    """Read what `save` has written."""
    with np.load(path, allow_pickle=False) as arrays:
        return tuple(
            StoredTensor(
                str(arrays[f"{number}_name"]),
                arrays[f"{number}_steps"],
                arrays[f"{number}_scales"],
                int(arrays[f"{number}_axis"]),
            )
            for number in range(len(arrays.files) // 4)
        )


def _quantize(node: ir.Node) -> None:
    """Compute the integers of a constant that the file quantizes as it runs."""
    array, scales = edit.constant(node.inputs[0]), edit.constant(node.inputs[1])
    zero = _zero(node, np.uint8)
    if array is None or scales is None or zero is None or zero.dtype.name not in _KINDS:
        return
    if node.attributes.get_int("block_size", 0):
        return
    spread, offset = (_along(node, each, array.ndim) for each in (scales, zero))
    limits = np.iinfo(zero.dtype)
    steps = np.rint(array / spread) + offset.astype(np.float32)
    _become(node, np.clip(steps, limits.min, limits.max).astype(zero.dtype))


def _stored(node: ir.Node) -> StoredTensor | None:
    codes, scales = edit.constant(node.inputs[0]), edit.constant(node.inputs[1])
    zero = _zero(node, np.int64)
    if codes is None or scales is None or zero is None or codes.dtype.name not in _KINDS:
        return None
    if node.attributes.get_int("block_size", 0) or scales.dtype != np.float32:
        return None
    steps = codes.astype(np.int64) - _along(node, zero, codes.ndim).astype(np.int64)
    plain = scales.reshape(()) if scales.size == 1 else scales
    stored = StoredTensor(str(node.outputs[0].name), steps, plain, _axis(node, codes.ndim))
    _become(node, stored.real)
    return stored


def _forget(node: ir.Node) -> None:
    """Compute the numbers of a constant whose integers no runtime keeps."""
    codes, scales = edit.constant(node.inputs[0]), edit.constant(node.inputs[1])
    zero = _zero(node, np.int64)
    if codes is None or scales is None or zero is None:
        return
    scale, offset = (_spread(node, each, codes.shape) for each in (scales, zero))
    less = codes.astype(np.float32) - offset.astype(np.float32)
    _become(node, (less * scale.astype(np.float32)).astype(scales.dtype))


def _spread(node: ir.Node, numbers: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Return one number for all, for each slice or for each block so that it broadcasts."""
    block, axis = node.attributes.get_int("block_size", 0), _axis(node, len(shape))
    if not block or numbers.ndim != len(shape):
        return _along(node, numbers, len(shape))
    return numbers.repeat(block, axis=axis).take(range(shape[axis]), axis=axis)


def _zero(node: ir.Node, default: type) -> np.ndarray | None:
    """Return the zero points; None if they are computed."""
    given = node.inputs[2] if len(node.inputs) > 2 else None
    return np.array(0, default) if given is None else edit.constant(given)


def _axis(node: ir.Node, rank: int) -> int:
    return node.attributes.get_int("axis", 1) % rank if rank else 0


def _along(node: ir.Node, numbers: np.ndarray, rank: int) -> np.ndarray:
    """Return one number, or one for each slice along the node's axis, so that it broadcasts."""
    if numbers.size == 1:
        return numbers.reshape(())
    shape = [1] * rank
    shape[_axis(node, rank)] = -1
    return numbers.reshape(shape)


def _become(node: ir.Node, array: np.ndarray) -> None:
    """Put a constant in the place of a node; it has the name of the result."""
    output = node.outputs[0]
    name, graph = str(output.name), g.graph_of(node)
    output.name = f"{name}_folded"
    tensor = ir.tensor(np.asarray(array, order="C"), name=name)
    value = ir.Value(name=name, const_value=tensor)
    value.shape, value.type = ir.Shape(array.shape), ir.TensorType(tensor.dtype)
    graph.register_initializer(value)
    output.replace_all_uses_with(value, replace_graph_outputs=True)
    graph.remove(node, safe=True)
