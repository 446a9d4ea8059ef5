"""Walk a lowered graph and emit a TFLite program, one operator at a time.

An encoded value is an integer tensor. An operator that computes in float32 reads it through
DEQUANTIZE and writes it through QUANTIZE; the writer puts those in, no emitter needs to know.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import onnx_ir as ir

from edgekit.errors import UnsupportedOperatorError
from edgekit.export.graph import layout
from edgekit.export.graph import nodes as g
from edgekit.export.graph.affine import Affine
from edgekit.export.graph.annotations import affine_of
from edgekit.export.integer import encoded
from edgekit.export.tflite import versions
from edgekit.export.tflite.program import OptionValue, Program, Quantization


class Writer:
    """What an emitter sees: values of the graph as tensors of the program.

    Attributes:
        program: what has been emitted so far.
        integer: whether the operators emitted now compute on integers.
    """

    def __init__(self) -> None:
        self.program = Program()
        self.integer = False
        self._tensors: dict[ir.Value, int] = {}  # as encoded
        self._floats: dict[ir.Value, int] = {}  # dequantized copies
        self._float_constants: dict[int, int] = {}  # dequantized constants
        self._unwritten: list[tuple[int, int]] = []  # float32 results that wait for QUANTIZE

    def emit(
        self,
        code: str,
        inputs: Sequence[int],
        outputs: Sequence[int],
        options: str | None = None,
        values: Mapping[str, OptionValue] | None = None,
        *,
        version: int = 1,
    ) -> None:
        """Append an operator; see `edgekit.export.tflite.program.Operator`.

        Its version is the one that its element types need, at least ``version``.
        """
        tensors = self.program.tensors
        read, made = [tensors[i] for i in inputs], [tensors[i] for i in outputs]
        version = versions.of(code, read, made, version)
        self.program.add_operator(code, inputs, outputs, options, values, version=version)

    def add_input(self, value: ir.Value, *, integer: bool = False) -> None:
        """Declare a graph input; an encoded one is float32 outside unless ``integer`` is set."""
        affine = affine_of(value)
        shape = layout.shape(g.shape_of(value))
        name = value.name or ""
        if affine is None or integer:
            self._tensors[value] = self._add(name, shape, value, affine)
            self.program.inputs.append(self._tensors[value])
            return
        outside = self.program.add_tensor(name, shape, np.dtype(np.float32))
        self._floats[value] = outside
        self._tensors[value] = self._add(f"{name}_quantized", shape, value, affine)
        self.emit("QUANTIZE", [outside], [self._tensors[value]], "QuantizeOptions")
        self.program.inputs.append(outside)

    def add_output(self, value: ir.Value, *, integer: bool = False) -> None:
        """Declare a graph output, which must have been produced."""
        stored, name = self._tensors[value], value.name or ""
        if affine_of(value) is None or integer:
            self.program.outputs.append(stored)
            return
        shown = self._dequantized(value)
        self.program.rename(stored, f"{name}_quantized")
        self.program.rename(shown, name)  # an output has the name that the network gives it
        self.program.outputs.append(shown)

    def tensor(self, value: ir.Value | None) -> int:
        """Return the tensor that holds an activation produced before, or a constant like one."""
        array = g.constant(value)
        if value is not None and array is not None:
            stored = array.transpose(layout.TO_NHWC) if array.ndim == 4 else array
            return self.constant(value.name or "constant", stored)
        if value is None or (value not in self._tensors and value not in self._floats):
            raise ValueError(f"value {value!r} was not produced by an earlier operator")
        if self.integer or affine_of(value) is None:
            return self._tensors[value]
        return self._dequantized(value)

    def operand(self, node: ir.Node, index: int, rank: int) -> int:
        """Return the tensor of an operand that broadcasts against a result of ``rank``."""
        value = g.operand(node, index)
        array = g.constant(value)
        if array is None:
            return self.tensor(value)
        name, stored = value.name or "constant", layout.operand(array, rank)
        if not self.integer:
            return self.constant(name, stored)
        affine = encoded.constant_affine(node, array)
        return self.constant(name, affine.store(stored), quantization(affine))

    def constant(
        self, name: str, array: np.ndarray, quantization: Quantization | None = None
    ) -> int:
        """Add a constant as it is."""
        return self.program.add_constant(name, array, quantization)

    def as_float(self, constant: int) -> int:
        """Return the float32 form of a constant stored otherwise, through one DEQUANTIZE."""
        if constant not in self._float_constants:
            source = self.program.tensors[constant]
            result = self.program.add_tensor(
                f"{source.name}_dequantized", source.shape, np.dtype(np.float32)
            )
            self.emit("DEQUANTIZE", [constant], [result], "DequantizeOptions")
            self._float_constants[constant] = result
        return self._float_constants[constant]

    def output(self, value: ir.Value) -> int:
        """Create the tensor of a value that the next operator produces."""
        name, shape = value.name or "", layout.shape(g.shape_of(value))
        affine = affine_of(value)
        number = self._add(name, shape, value, affine)
        self._tensors[value] = number
        if affine is None or self.integer:
            return number
        result = self.program.add_tensor(f"{name}_float", shape, np.dtype(np.float32))
        self._floats[value] = result
        self._unwritten.append((result, number))
        return result

    def finish_node(self) -> None:
        """Quantize what the operators of one node computed in float32 for encoded values."""
        for result, number in self._unwritten:
            self.emit("QUANTIZE", [result], [number], "QuantizeOptions")
        self._unwritten.clear()

    def placeholder(self, value: ir.Value) -> None:
        """Stand in for a value that no operator will produce, so that its readers can be tried."""
        if value.shape is not None and value not in self._tensors:
            shape = layout.shape(g.shape_of(value))
            self._tensors[value] = self.program.add_tensor(
                value.name or "", shape, np.dtype(np.float32)
            )

    def temporary(self, name: str, shape: Sequence[int], like: int) -> int:
        """Create a tensor, in stored order, that no graph value stands for.

        Args:
            name: free text.
            shape: in stored order.
            like: tensor whose element type and quantization it has.
        """
        model = self.program.tensors[like]
        return self.program.add_tensor(name, shape, model.dtype, model.quantization)

    def _add(
        self, name: str, shape: tuple[int, ...], value: ir.Value, affine: Affine | None
    ) -> int:
        if affine is not None:
            return self.program.add_tensor(name, shape, affine.dtype, quantization(affine))
        dtype = ir.DataType.FLOAT if value.dtype is None else value.dtype
        return self.program.add_tensor(name, shape, dtype.numpy())

    def _dequantized(self, value: ir.Value) -> int:
        if value not in self._floats:
            source = self._tensors[value]
            name, shape = f"{value.name}_dequantized", self.program.tensors[source].shape
            self._floats[value] = self.program.add_tensor(name, shape, np.dtype(np.float32))
            self.emit("DEQUANTIZE", [source], [self._floats[value]], "DequantizeOptions")
        return self._floats[value]


def quantization(affine: Affine) -> Quantization:
    """Return an encoding as the file says it."""
    return Quantization((affine.scale,), affine.zero_point)


def refuse(node: ir.Node, why: str, reason_code: str | None = None) -> UnsupportedOperatorError:
    """Make the error for a node that has no exact TFLite form."""
    return UnsupportedOperatorError(
        node.op_type,
        g.label(node),
        f"{why} in the TFLite writer",
        "replace it in the model, or export with --format onnx",
        reason_code=reason_code,
    )
