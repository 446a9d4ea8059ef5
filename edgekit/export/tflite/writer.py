"""Walk a lowered graph and emit a TFLite program, one operator at a time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx_ir as ir

from edgekit.errors import UnsupportedOperatorError
from edgekit.export import graph as g
from edgekit.export.tflite import layout
from edgekit.export.tflite.program import Program


class Writer:
    """What an emitter sees: values of the graph as tensors of the program."""

    def __init__(self) -> None:
        self.program = Program()
        self.emit = self.program.add_operator
        self._tensors: dict[ir.Value, int] = {}

    def add_input(self, value: ir.Value) -> None:
        """Declare a graph input."""
        number = self.output(value)
        self.program.inputs.append(number)

    def add_output(self, value: ir.Value) -> None:
        """Declare a graph output, which must have been produced."""
        self.program.outputs.append(self._tensors[value])

    def tensor(self, value: ir.Value | None) -> int:
        """Return the tensor that holds an activation produced before, or a constant like one."""
        array = g.constant(value)
        if value is not None and array is not None:
            stored = array.transpose(layout.TO_NHWC) if array.ndim == 4 else array
            return self.constant(value.name or "constant", stored)
        if value is None or value not in self._tensors:
            raise ValueError(f"value {value!r} was not produced by an earlier operator")
        return self._tensors[value]

    def operand(self, value: ir.Value, rank: int) -> int:
        """Return the tensor of an activation or of a constant that broadcasts against ``rank``."""
        array = g.constant(value)
        if array is None:
            return self.tensor(value)
        return self.constant(value.name or "constant", layout.operand(array, rank))

    def constant(self, name: str, array: np.ndarray) -> int:
        """Add a constant as it is."""
        return self.program.add_constant(name, array)

    def output(self, value: ir.Value) -> int:
        """Create the tensor of a value that the next operator produces."""
        dtype = ir.DataType.FLOAT if value.dtype is None else value.dtype
        number = self.program.add_tensor(
            value.name or "", layout.shape(g.shape_of(value)), dtype.numpy()
        )
        self._tensors[value] = number
        return number

    def placeholder(self, value: ir.Value) -> None:
        """Stand in for a value that no operator will produce, so that its readers can be tried."""
        if value.shape is not None and value not in self._tensors:
            shape = layout.shape(g.shape_of(value))
            self._tensors[value] = self.temporary(value.name or "", shape)

    def temporary(self, name: str, shape: Sequence[int]) -> int:
        """Create a float32 tensor in stored order that no graph value stands for."""
        return self.program.add_tensor(name, shape, np.dtype(np.float32))


def refuse(node: ir.Node, why: str, reason_code: str | None = None) -> UnsupportedOperatorError:
    """Make the error for a node that has no exact TFLite form."""
    return UnsupportedOperatorError(
        node.op_type,
        g.label(node),
        f"{why} in the TFLite writer",
        "replace it in the model, or export with --format onnx",
        reason_code=reason_code,
    )
