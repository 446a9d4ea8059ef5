"""The ONNX graph under construction, with the names that torch's exporter would give."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import onnx
import onnx_ir as ir

if TYPE_CHECKING:
    from torch import Tensor

OPSET = 18

Attribute: TypeAlias = int | float | str | Sequence[int] | ir.TensorProtocol


class NotInTableError(Exception):
    """The program holds something that no function here translates."""


@dataclass(frozen=True)
class Operand:
    """A float32 tensor of the program, as the functions of the table see it.

    Attributes:
        value: it in the ONNX graph.
        meta: the traced tensor, of which only shape, strides and dtype mean anything.
    """

    value: ir.Value
    meta: Tensor

    @property
    def shape(self) -> tuple[int, ...]:
        """Its static shape."""
        return tuple(int(size) for size in self.meta.shape)

    @property
    def rank(self) -> int:
        """Number of dimensions."""
        return self.meta.dim()


class Builder:
    """Adds nodes to a graph, one ATen operator after the other.

    Helper nodes are anonymous until their operator is finished by `finish`, and get numbers then,
    as in torch's exporter. Names of finished values are those of fx, which numbers them by kind.
    """

    def __init__(self) -> None:
        import torch

        self.graph = ir.Graph([], [], nodes=[], opset_imports={"": OPSET}, name="main_graph")
        self._names = torch.fx.Graph()
        self._shared: dict[tuple[object, ir.DataType], ir.Value] = {}
        self._pending: list[ir.Node] = []
        self._local: Counter[str] = Counter()

    def free_name(self, wanted: str) -> str:
        """Return ``wanted`` or, if it is taken, ``wanted_1`` and so on, and take it."""
        return self._names.create_node("placeholder", wanted, name=wanted).name

    def placeholder(self, name: str, meta: Tensor) -> Operand:
        """Return an input or a constant of the program, which is in no graph yet."""
        dtype = ir.DataType.from_numpy(np.dtype(str(meta.dtype).removeprefix("torch.")))
        value = ir.Value(name=self.free_name(name), shape=ir.Shape(meta.shape))
        value.dtype = dtype
        return Operand(value, meta)

    def node(
        self,
        op_type: str,
        inputs: Sequence[ir.Value],
        attributes: Mapping[str, Attribute] | None = None,
        *,
        outputs: int = 1,
    ) -> ir.Value:
        """Add an anonymous node and return its first output.

        Attributes stand in the order of the operator's schema, defaults included.
        """
        filled = _filled(op_type, attributes or {})
        made = ir.node(op_type, inputs, attributes=filled, num_outputs=outputs)
        self._pending.append(made)
        return made.outputs[0]

    def inlined(
        self,
        op_type: str,
        inputs: Sequence[ir.Value],
        position: int,
        name: str = "",
        attributes: Mapping[str, Attribute] | None = None,
    ) -> ir.Value:
        """Add a node that torch's exporter inlines out of a function of onnxscript's library.

        Args:
            op_type: as for `node`.
            inputs: as for `node`.
            position: of the node in the function.
            name: of its result in the function, unless it is the function's own.
            attributes: as for `node`.
        """
        output = self.node(op_type, inputs, attributes)
        self._pending[-1].name = self._unique(f"n{position}")
        if name:
            output.name = self._unique(name)
        return output

    def constant(self, numbers: Sequence[int]) -> ir.Value:
        """Add an int64 vector of this operator's own."""
        return self.node("Constant", [], {"value_ints": tuple(numbers)})

    def tensor(self, content: object, dtype: ir.DataType) -> ir.Value:
        """Add a tensor of this operator's own."""
        return self.node("Constant", [], {"value": ir.tensor(content, dtype=dtype)})  # type: ignore[arg-type]

    def shared(self, content: float | tuple[int, ...], dtype: ir.DataType) -> ir.Value:
        """Return a constant that every operator with the same content shares."""
        key = (content, dtype)
        if key not in self._shared:
            self._shared[key] = self.tensor(content, dtype)
        return self._shared[key]

    def unused(self, count: int) -> None:
        """Pass over the numbers of nodes that torch's exporter adds and then drops."""
        for _ in range(count):
            self._pending.append(ir.node("Identity", []))

    def finish(self, kind: str, output: ir.Value, like: Tensor) -> Operand:
        """Name the result of a step ``kind``, number its helpers, and close the step.

        Args:
            kind: fx's name for the operator, such as ``relu``.
            output: the result.
            like: a tensor of the result's shape and strides.
        """
        output.name = self.free_name(kind)
        return self.finish_named(output, like, f"node_{output.name}")

    def finish_number(self, kind: str, output: ir.Value) -> ir.Value:
        """Close a step whose result is one float32 number."""
        output.name = self.free_name(kind)
        self._pending[-1].name = f"node_{output.name}"
        output.dtype, output.shape = ir.DataType.FLOAT, ir.Shape(())
        self.close()
        return output

    def finish_named(self, output: ir.Value, like: Tensor, node_name: str) -> Operand:
        """Close a step whose result has its name already."""
        producer = output.producer()
        if producer is not None and producer.name is None:  # an inlined one has its name
            producer.name = node_name
        output.dtype, output.shape = ir.DataType.FLOAT, ir.Shape(like.shape)
        self.close()
        return Operand(output, like)

    def finish_parts(self, kind: str, output: ir.Value) -> None:
        """Close a step whose result is a sequence."""
        output.name = self.free_name(kind)
        self._pending[-1].name = f"node_{output.name}"
        self.close()

    def close(self) -> None:
        """Number the anonymous nodes and values so far."""
        for node in self._pending:
            self.graph.append(node)
            if not node.inputs and node.op_type == "Identity":
                self.graph.remove(node)
        self._pending.clear()

    def _unique(self, name: str) -> str:
        self._local[name] += 1
        return name if self._local[name] == 1 else f"{name}_{self._local[name]}"


def _filled(op_type: str, given: Mapping[str, Attribute]) -> dict[str, Attribute]:
    filled = {name: given.get(name, default) for name, default in _defaults(op_type)}
    return {name: value for name, value in filled.items() if value is not None}


@cache
def _defaults(op_type: str) -> tuple[tuple[str, Attribute | None], ...]:
    """Return every attribute in the order of the operator's schema; None has no default."""
    schema = onnx.defs.get_schema(op_type, OPSET)
    return tuple((name, _default(entry)) for name, entry in schema.attributes.items())


def _default(attribute: onnx.defs.OpSchema.Attribute) -> Attribute | None:
    if not attribute.default_value.name:
        return None
    value: Attribute = ir.serde.deserialize_attribute(attribute.default_value).value
    return value
