"""Puts several operators in the place of one: what the longer rewrite rules are written in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
import onnx_ir as ir

from edgekit.export.graph import nodes as g

_LARGEST_JOIN = 4  # operands that the XNNPACK delegate concatenates

_FOLDED: Mapping[str, Callable[..., np.ndarray]] = MappingProxyType({
    "Abs": np.abs,
    "Add": np.add,
    "Clip": np.clip,
    "Floor": np.floor,
    "Mod": np.mod,
    "Mul": np.multiply,
    "Round": np.rint,
    "Sub": np.subtract,
})  # fmt: skip
"""What is computed at once where every operand is constant."""


@dataclass(frozen=True)
class Building:
    """Inserts standard operators before ``node``; moves of constants are done at once.

    Every method returns the new value, of static shape.
    """

    node: ir.Node
    _small: dict[tuple[str, tuple[int, ...], bytes], ir.Value] = field(default_factory=dict)
    _slices: dict[tuple[ir.Value, int, int, int], ir.Value] = field(default_factory=dict)

    def constant(self, array: np.ndarray | float, name: str = "constant") -> ir.Value:
        """Return a constant; a plain number is float32."""
        stored = np.asarray(np.float32(array) if isinstance(array, float) else array)
        key = (stored.dtype.str, stored.shape, stored.tobytes() if stored.size < 64 else b"")
        if stored.size >= 64 or key not in self._small:
            full = f"{g.label(self.node)}_{name}_{len(self._small)}"
            self._small[key] = g.add_constant(g.graph_of(self.node), full, stored)
        return self._small[key]

    def apply(
        self,
        op_type: str,
        *values: ir.Value | float,
        shape: Sequence[int] | None = None,
        dtype: ir.DataType | None = None,
        attributes: Mapping[str, g.AttributeValue] | None = None,
    ) -> ir.Value:
        """Insert an operator, elementwise unless ``shape`` is given.

        Args:
            op_type: of the standard.
            values: operands; a number becomes a float32 constant.
            shape: of the result; None broadcasts the operands.
            dtype: of the result; None takes that of the first operand.
            attributes: of the operator.
        """
        folded = self._folded(op_type, values)
        if folded is not None:
            return self.constant(folded)
        inputs = [self.constant(v, "number") if isinstance(v, float) else v for v in values]
        made = np.broadcast_shapes(*map(g.shape_of, inputs)) if shape is None else shape
        result = g.insert(self.node, op_type, inputs, made, attributes)
        if dtype is not None:
            result.type = ir.TensorType(dtype)
        return result

    def _folded(self, op_type: str, values: Sequence[ir.Value | float]) -> np.ndarray | None:
        function = _FOLDED.get(op_type)
        arrays = [np.float32(v) if isinstance(v, float) else g.constant(v) for v in values]
        given = [array for array in arrays if array is not None]
        if function is None or len(given) < len(arrays):
            return None
        return np.asarray(function(*given))

    def reshape(self, value: ir.Value, shape: Sequence[int]) -> ir.Value:
        """Return the elements in another shape."""
        array = g.constant(value)
        if array is not None:
            return self.constant(array.reshape(shape))
        if g.shape_of(value) == tuple(shape):
            return value
        target = self.constant(np.array(shape, np.int64), "shape")
        return self.apply("Reshape", value, target, shape=shape)

    def transpose(self, value: ir.Value, permutation: Sequence[int]) -> ir.Value:
        """Return the dimensions in another order."""
        array = g.constant(value)
        if array is not None:
            return self.constant(array.transpose(permutation))
        shape = [g.shape_of(value)[axis] for axis in permutation]
        return self.apply("Transpose", value, shape=shape, attributes={"perm": list(permutation)})

    def slice(self, value: ir.Value, axis: int, start: int, end: int) -> ir.Value:
        """Return the part of one axis from ``start`` to before ``end``."""
        shape, array = list(g.shape_of(value)), g.constant(value)
        if (start, end) == (0, shape[axis]):
            return value
        if array is not None:
            key = (value, axis, start, end)
            if key not in self._slices:
                self._slices[key] = self.constant(array.take(range(start, end), axis=axis))
            return self._slices[key]
        shape[axis] = end - start
        bounds = [self.constant(np.array([n], np.int64), "bound") for n in (start, end, axis)]
        return self.apply("Slice", value, *bounds, shape=shape)

    def parts(self, value: ir.Value, axis: int, count: int) -> list[ir.Value]:
        """Return equal parts of one axis."""
        shape = list(g.shape_of(value))
        shape[axis] //= count
        size = shape[axis]
        if count == 1 or g.constant(value) is not None:
            return [self.slice(value, axis, i * size, (i + 1) * size) for i in range(count)]
        attributes = {"axis": axis, "num_outputs": count}
        node = ir.node("Split", [value], attributes=attributes, num_outputs=count)
        for output in node.outputs:
            output.shape, output.type = ir.Shape(shape), value.type
        g.graph_of(self.node).insert_before(self.node, node)
        return list(node.outputs)

    def concat(self, values: Sequence[ir.Value], axis: int) -> ir.Value:
        """Return the values joined along an axis, in a tree of small concatenations."""
        left = list(values)
        while len(left) > 1:
            groups = [left[i : i + _LARGEST_JOIN] for i in range(0, len(left), _LARGEST_JOIN)]
            left = [self._joined(group, axis) for group in groups]
        return left[0]

    def _joined(self, values: Sequence[ir.Value], axis: int) -> ir.Value:
        if len(values) == 1:
            return values[0]
        shape = list(g.shape_of(values[0]))
        shape[axis] = sum(g.shape_of(value)[axis] for value in values)
        return self.apply("Concat", *values, shape=shape, attributes={"axis": axis})

    def gather(self, value: ir.Value, indices: ir.Value, axis: int) -> ir.Value:
        """Return the elements at ``indices`` of one axis."""
        shape, array, places = g.shape_of(value), g.constant(value), g.constant(indices)
        if array is not None and places is not None:
            return self.constant(array.take(places, axis=axis))
        made = (*shape[:axis], *g.shape_of(indices), *shape[axis + 1 :])
        return self.apply("Gather", value, indices, shape=made, attributes={"axis": axis})

    def product(self, rows: ir.Value, matrix: ir.Value, bias: ir.Value | None = None) -> ir.Value:
        """Return ``rows`` (n, k) times the transposed ``matrix`` (m, k), plus ``bias`` (m,)."""
        inputs = [rows, matrix] if bias is None else [rows, matrix, bias]
        shape = (g.shape_of(rows)[0], g.shape_of(matrix)[0])
        return self.apply("Gemm", *inputs, shape=shape, attributes={"transB": 1})


def replace_outputs(node: ir.Node, replacements: Sequence[ir.Value | None]) -> None:
    """Put values in the place of a node's outputs and remove it; None for unused outputs."""
    graph = g.graph_of(node)
    for output, replacement in zip(node.outputs, replacements, strict=True):
        if replacement is None:
            continue
        if "affine" in output.meta:
            replacement.meta.setdefault("affine", output.meta["affine"])
        if output.is_graph_output():
            name = output.name
            output.name = f"{name}_replaced"
            replacement.name = name
        output.replace_all_uses_with(replacement, replace_graph_outputs=True)
    graph.remove(node, safe=True)
