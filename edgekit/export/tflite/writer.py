"""Walk a lowered graph and emit a TFLite program, one operator at a time.

An encoded value is an integer tensor. An operator that computes in float32 reads it through
DEQUANTIZE and writes it through QUANTIZE; the writer puts those in, no emitter needs to know.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import onnx_ir as ir

from edgekit.errors import UnsupportedOperatorError
from edgekit.export.graph import nodes as g
from edgekit.export.graph import orders
from edgekit.export.graph.affine import Affine
from edgekit.export.graph.annotations import affine_of
from edgekit.export.graph.orders import Order
from edgekit.export.integer import encoded
from edgekit.export.tflite import orders as assigned
from edgekit.export.tflite import versions
from edgekit.export.tflite.program import OptionValue, Program, Quantization
from edgekit.export.tflite.versions import Versions


class Writer:
    """What an emitter sees: values of the graph as tensors of the program.

    A value is stored in an order of dimensions of its own (`edgekit.export.tflite.orders`); an
    emitter says in which order it needs an operand, never which rank it has.

    Args:
        value_orders: the order of every value that the graph takes or makes.
        integer_versions: operator versions of integer forms.

    Attributes:
        program: what has been emitted so far.
        integer: whether the operators emitted now compute on integers.
    """

    def __init__(self, value_orders: Mapping[ir.Value, Order], integer_versions: Versions) -> None:
        self.program = Program()
        self.integer = False
        self._orders = value_orders
        self._versions = integer_versions
        self._turned: dict[tuple[int, Order], int] = {}  # copies by how they are turned
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
        version = versions.of(code, read, made, version, self._versions)
        self.program.add_operator(code, inputs, outputs, options, values, version=version)

    def order(self, value: ir.Value) -> Order:
        """Return the order in which a value is stored; constants are as ONNX has them."""
        return self._orders.get(value) or orders.natural(len(g.shape_of(value)))

    def shape(self, value: ir.Value) -> tuple[int, ...]:
        """Return the stored shape of a value."""
        return orders.shape(g.shape_of(value), self.order(value))

    def add_input(self, value: ir.Value, *, integer: bool = False) -> None:
        """Declare a graph input; an encoded one is float32 outside unless ``integer`` is set."""
        affine = affine_of(value)
        shape = self.shape(value)
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

    def add_output(
        self, value: ir.Value, *, integer: bool = False, name: str | None = None
    ) -> None:
        """Declare a graph output, produced before or constant; ``name`` replaces its own."""
        name, array = name or value.name or "", g.constant(value)
        if array is not None:
            self._tensors[value] = self.constant(name, array, scalar=not array.ndim)
        stored = self._tensors[value]
        at_border = assigned.at_border(self.order(value))
        if affine_of(value) is None or integer:
            shown = self._own(self._in_order(value, stored, at_border))
        else:
            shown = self._own(self._in_order(value, self._dequantized(value), at_border))
            self.program.rename(stored, f"{name}_quantized")
        self.program.rename(shown, name)  # an output has the name that the network gives it
        self.program.outputs.append(shown)

    def _own(self, number: int) -> int:
        """Return a tensor that is no input and no other output."""
        if number not in self.program.inputs and number not in self.program.outputs:
            return number
        source = self.program.tensors[number]
        return self.reshape(number, source.shape, f"{source.name}_copy")

    def tensor(self, value: ir.Value | None, order: Order | None = None) -> int:
        """Return the tensor that holds an activation produced before, or a constant like one.

        Args:
            value: what to hold.
            order: the order needed; None takes the one that the value is stored in.
        """
        array = g.constant(value)
        if value is not None and array is not None:
            stored = array if order is None else array.transpose(order)
            return self.constant(value.name or "constant", stored)
        if value is None or (value not in self._tensors and value not in self._floats):
            raise ValueError(f"value {value!r} was not produced by an earlier operator")
        is_stored = self.integer or affine_of(value) is None
        number = self._tensors[value] if is_stored else self._dequantized(value)
        return number if order is None else self._in_order(value, number, order)

    def _in_order(self, value: ir.Value, number: int, order: Order) -> int:
        own = self.order(value)
        if own == order:
            return number
        turn = orders.turn(own, order)  # a tensor may hold several values, each in its own order
        if (number, turn) not in self._turned:
            name = f"{value.name}_turned"
            if orders.same_elements(g.shape_of(value), own, order):
                turned = self.reshape(number, orders.shape(g.shape_of(value), order), name)
            else:
                turned = self.transpose(number, turn, name)
            self._turned[number, turn] = turned
        return self._turned[number, turn]

    def operand(self, node: ir.Node, index: int) -> int:
        """Return the tensor of an operand that broadcasts against the result of ``node``."""
        value, order = g.operand(node, index), self.order(node.outputs[0])
        array = g.constant(value)
        if array is not None:
            return self._constant_operand(node, value, orders.operand(array, order))
        sizes, rank = g.shape_of(value), len(order)
        if len(sizes) == rank:
            return self.tensor(value, order)
        number = self.tensor(value, orders.natural(len(sizes)))
        if order == orders.natural(rank) or not sizes:
            return number
        lifted = (1,) * (rank - len(sizes)) + sizes
        number = self.reshape(number, lifted, f"{value.name}_lifted")
        if orders.same_elements(lifted, orders.natural(rank), order):
            return self.reshape(number, orders.shape(lifted, order), f"{value.name}_turned")
        return self.transpose(number, order, f"{value.name}_turned")

    def part(self, node: ir.Node, index: int) -> int:
        """Return the tensor of an operand of the rank of the result, in its order."""
        value, order = g.operand(node, index), self.order(node.outputs[0])
        array = g.constant(value)
        if array is None:
            return self.tensor(value, order)
        return self._constant_operand(node, value, np.ascontiguousarray(array.transpose(order)))

    def _constant_operand(self, node: ir.Node, value: ir.Value, stored: np.ndarray) -> int:
        name = value.name or "constant"
        if not self.integer:
            return self.constant(name, stored, scalar=not self.order(node.outputs[0]))
        affine = encoded.constant_affine(node, value)
        return self.constant(name, affine.store(stored), quantization(affine))

    def reshape(
        self, source: int, shape: Sequence[int], name: str, target: int | None = None
    ) -> int:
        """Emit RESHAPE of a stored tensor into ``target``, or a new tensor, and return it."""
        if target is None:
            target = self.temporary(name, shape, source)
        if not shape:  # RESHAPE makes no scalars
            self.emit("SQUEEZE", [source], [target], "SqueezeOptions")
            return target
        values = {"newShape": tuple(int(size) for size in shape)}
        inputs = [source, self.constant("shape", np.array(shape, dtype=np.int32))]
        self.emit("RESHAPE", inputs, [target], "ReshapeOptions", values)
        return target

    def transpose(
        self, source: int, permutation: Sequence[int], name: str, target: int | None = None
    ) -> int:
        """Emit TRANSPOSE of a stored tensor into ``target``, or a new tensor, and return it."""
        if target is None:
            shape = self.program.tensors[source].shape
            target = self.temporary(name, [shape[axis] for axis in permutation], source)
        inputs = [source, self.constant("perm", np.array(permutation, dtype=np.int32))]
        self.emit("TRANSPOSE", inputs, [target], "TransposeOptions")
        return target

    def alias(self, value: ir.Value, number: int) -> None:
        """Let a value be held by a tensor that is there already, of the same type and shape."""
        self._tensors[value] = number

    def adopt(self, value: ir.Value, number: int) -> None:
        """Let a tensor be the result that a node computed for a value; as `output` of it."""
        if affine_of(value) is None or self.integer:
            self._tensors[value] = number
            self.program.rename(number, value.name or "")
            return
        affine = affine_of(value)
        self._tensors[value] = self._add(value.name or "", self.shape(value), value, affine)
        self.program.rename(number, f"{value.name}_float")
        self._floats[value] = number
        self._unwritten.append((number, self._tensors[value]))

    def constant(
        self,
        name: str,
        array: np.ndarray,
        quantization: Quantization | None = None,
        *,
        scalar: bool = False,
    ) -> int:
        """Add a constant; see `edgekit.export.tflite.program.Program.add_constant`."""
        return self.program.add_constant(name, array, quantization, scalar=scalar)

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

    def sparse(self, name: str, array: np.ndarray) -> int:
        """Add a constant of which the file holds what is not zero; return its full form."""
        constant = self.program.add_constant(name, array, is_sparse=True)
        result = self.program.add_tensor(f"{name}_dense", array.shape, array.dtype)
        self.emit("DENSIFY", [constant], [result], "DensifyOptions")
        return result

    def output(self, value: ir.Value) -> int:
        """Create the tensor of a value that the next operator produces."""
        name, shape = value.name or "", self.shape(value)
        affine = affine_of(value)
        number = self._add(name, shape, value, affine)
        self._tensors[value] = number
        if affine is None or self.integer:
            return number
        result = self.program.add_tensor(f"{name}_float", shape, np.dtype(np.float32))
        self._floats[value] = result
        self._unwritten.append((result, number))
        return result

    def encode_pixels(self, source: int, value: ir.Value) -> None:
        """Let an input of 8-bit pixels be stored numbers, and emit what makes them signed."""
        self.program.say_quantization(source, Quantization((1.0,), 0))
        affine = affine_of(value)
        number = self._add(value.name or "", self.shape(value), value, affine)
        self._tensors[value] = number
        self.emit("QUANTIZE", [source], [number], "QuantizeOptions")

    def finish_node(self) -> None:
        """Quantize what the operators of one node computed in float32 for encoded values."""
        for result, number in self._unwritten:
            self.emit("QUANTIZE", [result], [number], "QuantizeOptions")
        self._unwritten.clear()

    def placeholder(self, value: ir.Value) -> None:
        """Stand in for a value that no operator will produce, so that its readers can be tried."""
        if value.shape is not None and value not in self._tensors:
            shape = self.shape(value)
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

    def scratch(self, name: str, shape: Sequence[int], dtype: np.dtype) -> int:
        """Create a tensor of plain numbers, in stored order, that no graph value stands for."""
        return self.program.add_tensor(name, shape, dtype)

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
