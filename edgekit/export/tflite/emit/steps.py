"""Nodes that become several operators: intermediate tensors, broadcasts and numbers as operands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TypeAlias

import numpy as np
import onnx_ir as ir

from edgekit.export.graph import nodes as g
from edgekit.export.graph import orders
from edgekit.export.graph.orders import Order
from edgekit.export.tflite.emit import types
from edgekit.export.tflite.program import OptionValue
from edgekit.export.tflite.writer import Writer, refuse

Operand: TypeAlias = int | float
"""A tensor's number if int, a constant of the type of the other operands if float."""

_MOST_DIMENSIONS = 6  # that the XNNPACK delegate takes
_COMPARISONS = frozenset({
    "EQUAL", "NOT_EQUAL", "GREATER", "GREATER_EQUAL", "LESS", "LESS_EQUAL",
})  # fmt: skip
_OPTIONS = MappingProxyType({
    "ABS": "AbsOptions",
    "ADD": "AddOptions",
    "COS": "CosOptions",
    "DIV": "DivOptions",
    "EQUAL": "EqualOptions",
    "EXP": "ExpOptions",
    "FLOOR_MOD": "FloorModOptions",
    "GREATER": "GreaterOptions",
    "GREATER_EQUAL": "GreaterEqualOptions",
    "HARD_SWISH": "HardSwishOptions",
    "LESS": "LessOptions",
    "LESS_EQUAL": "LessEqualOptions",
    "LOGICAL_AND": "LogicalAndOptions",
    "LOGICAL_NOT": "LogicalNotOptions",
    "LOGICAL_OR": "LogicalOrOptions",
    "MAXIMUM": "MaximumMinimumOptions",
    "MINIMUM": "MaximumMinimumOptions",
    "MUL": "MulOptions",
    "NEG": "NegOptions",
    "NOT_EQUAL": "NotEqualOptions",
    "POW": "PowOptions",
    "SELECT_V2": "SelectV2Options",
    "SIGN": "SignOptions",
    "SQUARE": "SquareOptions",
    "SQUARED_DIFFERENCE": "SquaredDifferenceOptions",
    "SUB": "SubOptions",
})  # fmt: skip


class Steps:
    """The operators of one node, one after the other.

    Each method emits one operator and returns the tensor it makes; `finish` makes the node's
    result of the last.

    Args:
        writer: where to emit.
        node: the node that is being written.
    """

    def __init__(self, writer: Writer, node: ir.Node) -> None:
        self.writer = writer
        self.node = node
        self._made: set[int] = set()

    def apply(
        self,
        code: str,
        *operands: Operand,
        options: str | None = None,
        values: Mapping[str, OptionValue] | None = None,
    ) -> int:
        """Emit an elementwise operator whose operands broadcast; comparisons give bool.

        Plain integers that the kernel does not take are computed as int32.

        Raises:
            UnsupportedOperatorError: the kernel takes no type that holds the operands.
        """
        tensors = self.writer.program.tensors
        given = [operand for operand in operands if isinstance(operand, int)]
        if code == "SELECT_V2":
            kind = tensors[given[1]].dtype
        else:
            fitted = [types.fitted(self.writer, self.node, code, number) for number in given]
            given, kind = fitted, tensors[fitted[0]].dtype
        shape = np.broadcast_shapes(*(tensors[number].shape for number in given))
        waiting = iter(given)
        numbers = [
            next(waiting)
            if isinstance(operand, int)
            else self.number(operand, kind, scalar=not shape)
            for operand in operands
        ]
        result = self.temporary(shape, "bool" if code in _COMPARISONS else kind.name)
        self.writer.emit(code, numbers, [result], options or _OPTIONS.get(code), values)
        return result

    def number(self, value: float, kind: np.dtype, *, scalar: bool = False) -> int:
        """Return a constant that broadcasts against anything; a `scalar` against scalars alone."""
        array, name = np.array(value, dtype=kind), f"{g.label(self.node)}_number"
        return self.writer.constant(name, array, scalar=scalar)

    def reduce(self, code: str, source: int, axes: Sequence[int], *, keep: bool = True) -> int:
        """Emit a reduction over stored dimensions."""
        source = types.fitted(self.writer, self.node, code, source)
        tensor = self.writer.program.tensors[source]
        kept = [1 if axis in axes else size for axis, size in enumerate(tensor.shape)]
        shape = kept if keep else [s for axis, s in enumerate(tensor.shape) if axis not in axes]
        if len(tensor.shape) > _MOST_DIMENSIONS:
            return self._reduce_merged(code, source, axes, shape)
        result = self.temporary(shape, tensor.dtype.name, like=source)
        dimensions = self.writer.constant("axes", np.array(sorted(axes), dtype=np.int32))
        self.writer.emit(code, [source, dimensions], [result], "ReducerOptions", {"keepDims": keep})
        return result

    def _reduce_merged(
        self, code: str, source: int, axes: Sequence[int], shape: Sequence[int]
    ) -> int:
        """Emit a reduction over dimensions of which neighbours alike are made one."""
        sizes: list[int] = []
        reduced: list[bool] = []
        for axis, size in enumerate(self.writer.program.tensors[source].shape):
            if reduced and reduced[-1] == (axis in axes):
                sizes[-1] *= size
            else:
                sizes.append(size)
                reduced.append(axis in axes)
        if len(sizes) > _MOST_DIMENSIONS:
            raise refuse(self.node, "a reduction over so many axes is not supported", "rank")
        name = f"{g.label(self.node)}_merged"
        merged = self.writer.reshape(source, sizes, name)
        found = self.reduce(code, merged, [axis for axis, is_one in enumerate(reduced) if is_one])
        result = self.temporary(shape, self.kind(found), like=found)
        return self.writer.reshape(found, shape, name, result)

    def temporary(self, shape: Sequence[int], kind: str, like: int | None = None) -> int:
        """Create a tensor for a step; encoded as ``like``, if that is."""
        name = f"{g.label(self.node)}_step_{len(self._made)}"
        encoding = None if like is None else self.writer.program.tensors[like].quantization
        number = self.writer.program.add_tensor(name, tuple(shape), np.dtype(kind), encoding)
        self._made.add(number)
        return number

    def operand(self, index: int) -> int:
        """Return an operand that broadcasts against the result."""
        return self.writer.operand(self.node, index)

    def kind(self, number: int) -> str:
        """Return the name of a tensor's element type."""
        return self.writer.program.tensors[number].dtype.name

    def has(self, index: int) -> bool:
        """Tell whether an optional operand is given."""
        return len(self.node.inputs) > index and self.node.inputs[index] is not None

    def per_dimension(self, index: int, dimension: int, order: Order) -> int:
        """Return a vector, one number for each index along a dimension, to broadcast in an order.

        Args:
            index: of the operand, of rank 1.
            dimension: of the value that it is combined with.
            order: of that value.
        """
        value, rank = g.operand(self.node, index), len(order)
        shape = [1] * rank
        shape[dimension] = orders.elements(g.shape_of(value))
        array = g.constant(value)
        if array is not None:
            stored = orders.operand(array.reshape(shape), order)
            return self.writer.constant(value.name or "constant", stored)
        number = self.writer.tensor(value)
        return self.writer.reshape(number, orders.shape(shape, order), f"{value.name}_spread")

    def finish(self, number: int, index: int = 0) -> None:
        """Make a tensor the node's result: of its shape, type and name."""
        value, writer = self.node.outputs[index], self.writer
        tensor, dtype = writer.program.tensors[number], value.dtype
        wanted = "float32" if dtype is None else dtype.numpy().name
        if tensor.dtype.name != wanted and not writer.integer:
            made = self.temporary(tensor.shape, wanted)
            self.finish(types.cast(writer, number, wanted, made), index)
        elif number in self._made and tensor.shape == writer.shape(value):
            self._made.discard(number)
            writer.adopt(value, number)
        else:
            writer.reshape(number, writer.shape(value), str(value.name), writer.output(value))
