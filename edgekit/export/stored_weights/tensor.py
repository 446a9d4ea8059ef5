"""A constant whose numbers lie in a file, and are mapped for as long as somebody looks at them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np
import onnx
import onnx_ir as ir

from edgekit.export.stored_weights import held_file
from edgekit.export.stored_weights.held_file import HeldFile

LARGE_BYTES = 1 << 20
"""Of one constant: what is smaller stays in memory."""

_KINDS = frozenset(
    {
        ir.DataType.FLOAT, ir.DataType.FLOAT16, ir.DataType.DOUBLE,
        ir.DataType.INT8, ir.DataType.INT16, ir.DataType.INT32, ir.DataType.INT64,
        ir.DataType.UINT8, ir.DataType.UINT16, ir.DataType.UINT32, ir.DataType.UINT64,
    }
)  # fmt: skip
"""Types whose numbers lie in a file as numpy has them."""


class StoredTensor(ir.ExternalTensor):
    """See `onnx_ir.ExternalTensor`, whose map would stay in memory, and which needs a name."""

    def __init__(self, like: ir.ExternalTensor, file: HeldFile) -> None:
        super().__init__(
            like.location,
            like.offset,
            like.length,
            like.dtype,
            shape=like.shape,
            name=str(like.name),
            doc_string=like.doc_string,
            metadata_props=dict(like.metadata_props),
        )
        self._file = file

    def numpy(self) -> np.ndarray:
        """Map the numbers; they leave memory with the array."""
        shape = tuple(int(size) for size in self.shape.numpy())
        return self._file.array(self.offset or 0, self.dtype.numpy(), shape)

    def __array__(self, dtype: Any = None) -> np.ndarray:  # noqa: ANN401 -- of the base
        return np.asarray(self.numpy(), dtype)

    def tobytes(self) -> bytes:
        """Read the numbers, little-endian."""
        return self.numpy().tobytes()

    def tofile(self, file: IO[bytes]) -> None:
        """Copy the numbers, a little at a time."""
        self._file.copy(self.offset or 0, self.nbytes, file)


def keep(model: ir.Model) -> None:
    """Let every constant that lies in a file be one of these, in place; the files are opened."""
    files: dict[str, HeldFile] = {}
    for graph in model.graphs():
        for value in graph.initializers.values():
            found = value.const_value
            if isinstance(found, ir.ExternalTensor) and not isinstance(found, StoredTensor):
                name = str(found.location)
                if name not in files:
                    files[name] = held_file.opened(Path(name))
                value.const_value = StoredTensor(found, files[name])


def hold(model: ir.Model) -> None:
    """Let every constant that lies in a file be in memory, in place."""
    for graph in model.graphs():
        for value in graph.initializers.values():
            found = value.const_value
            if isinstance(found, ir.ExternalTensor):
                value.const_value = ir.tensor(
                    np.array(found.numpy()), name=found.name, doc_string=found.doc_string
                )


def refer(proto: onnx.TensorProto, path: Path, offset: int, length: int) -> None:
    """Let a tensor say where its numbers lie, and hold none."""
    for field in ("raw_data", "external_data"):
        proto.ClearField(field)
    proto.data_location = onnx.TensorProto.EXTERNAL
    for key, text in {"location": path, "offset": offset, "length": length}.items():
        proto.external_data.add(key=key, value=str(text))


def is_large(kind: int, dims: Sequence[int], size_bytes: int) -> bool:
    """Tell whether a constant of an element type, sizes and bytes may stay in its file."""
    if size_bytes < LARGE_BYTES or kind not in _KINDS or min(dims, default=1) < 1:
        return False
    return int(np.prod(dims, dtype=np.float64)) * ir.DataType(kind).itemsize == size_bytes
