"""One step of LSTM, GRU and RNN in standard operators; see ``unrolled_recurrence``."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, TypeAlias

import onnx_ir as ir

from edgekit.export.expansion.building import Building
from edgekit.export.graph import nodes as g

State: TypeAlias = tuple[ir.Value | None, ...]
"""H, and C of an LSTM: (batch, hidden) each; None stands for zeros, which cost nothing."""


@dataclass(frozen=True)
class Activation:
    """One of ONNX's activations of recurrent cells, with its alpha and beta if it has some."""

    name: str
    numbers: tuple[float, ...] = ()


@dataclass(frozen=True)
class Cell(ABC):
    """One direction of a recurrent node.

    Attributes:
        build: inserts the operators.
        weights: W of all gates: (gates * hidden, inputs).
        recurrent: R: (gates * hidden, hidden).
        bias: of the input's product and of the state's: (gates * hidden,) each.
        peephole: P of an LSTM: (1, hidden) for each of the gates i, o, f; else none.
        activations: f, and g and h where the operator has them.
    """

    build: Building
    weights: ir.Value
    recurrent: ir.Value
    bias: tuple[ir.Value, ir.Value]
    peephole: tuple[ir.Value, ...]
    activations: tuple[Activation, ...]

    gates: ClassVar[int]
    states: ClassVar[int] = 1
    functions: ClassVar[tuple[str, ...]]

    @property
    def hidden(self) -> int:
        """Size of the state."""
        return g.shape_of(self.recurrent)[1]

    @abstractmethod
    def inputs(self, rows: ir.Value) -> tuple[ir.Value, ...]:
        """Return what the input adds to the gates, of all steps at once: (rows, columns) each."""

    @abstractmethod
    def step(self, given: Sequence[ir.Value], state: State) -> State:
        """Return the state after a step.

        Args:
            given: one step's rows of `inputs`.
            state: before the step.
        """

    def of_gates(self, value: ir.Value, first: int, end: int) -> ir.Value:
        """Return the columns, or the elements of a vector, of some gates."""
        axis = len(g.shape_of(value)) - 1
        return self.build.slice(value, axis, first * self.hidden, end * self.hidden)

    def rows_of_gates(self, matrix: ir.Value, first: int, end: int) -> ir.Value:
        """Return the rows of weights of some gates."""
        return self.build.slice(matrix, 0, first * self.hidden, end * self.hidden)

    def activated(self, value: ir.Value, index: int, *, is_gate: bool = True) -> ir.Value:
        """Return activation number ``index`` of a value; gates are clipped if the node says so."""
        build, activation = self.build, self.activations[index]
        clip = build.node.attributes.get_float("clip", 0.0)
        if clip > 0 and is_gate:
            value = build.apply("Clip", value, -clip, clip)
        if activation.name == "Affine":
            alpha, beta = activation.numbers
            return build.apply("Add", build.apply("Mul", value, alpha), beta)
        if activation.name == "ScaledTanh":
            alpha, beta = activation.numbers
            inner = build.apply("Tanh", build.apply("Mul", value, beta))
            return build.apply("Mul", inner, alpha)
        attributes = dict(zip(("alpha", "beta"), activation.numbers, strict=False))
        return build.apply(activation.name, value, attributes=attributes)


class Rnn(Cell):
    """H = f(W x + R H + b)."""

    gates, functions = 1, ("Tanh",)

    def inputs(self, rows: ir.Value) -> tuple[ir.Value, ...]:  # noqa: D102
        return (self.build.product(rows, self.weights, self.build.apply("Add", *self.bias)),)

    def step(self, given: Sequence[ir.Value], state: State) -> State:  # noqa: D102
        (total,), (hidden,) = given, state
        if hidden is not None:
            total = self.build.apply("Add", self.build.product(hidden, self.recurrent), total)
        return (self.activated(total, 0),)


class Lstm(Cell):
    """Gates i, o, f and c; without peepholes the first three are activated together."""

    gates, states, functions = 4, 2, ("Sigmoid", "Tanh", "Tanh")

    def inputs(self, rows: ir.Value) -> tuple[ir.Value, ...]:  # noqa: D102
        return (self.build.product(rows, self.weights, self.build.apply("Add", *self.bias)),)

    def step(self, given: Sequence[ir.Value], state: State) -> State:  # noqa: D102
        (total,), (hidden, memory), apply = given, state, self.build.apply
        if hidden is not None:
            total = apply("Add", self.build.product(hidden, self.recurrent), total)
        candidate = self.activated(self.of_gates(total, 3, 4), 1)
        if self.peephole:
            enter, leave, keep = (self.of_gates(total, gate, gate + 1) for gate in range(3))
            enter = self.activated(self._peeped(enter, 0, memory), 0)
            keep = self.activated(self._peeped(keep, 2, memory), 0)
        else:
            together = self.activated(self.of_gates(total, 0, 3), 0)
            enter, leave, keep = self.build.parts(together, 1, 3)
        if self.build.node.attributes.get_int("input_forget", 0):
            keep = apply("Sub", self.build.constant(1.0, "one"), enter)
        after = apply("Mul", enter, candidate)
        if memory is not None:
            after = apply("Add", apply("Mul", keep, memory), after)
        if self.peephole:
            leave = self.activated(self._peeped(leave, 1, after), 0)
        return apply("Mul", leave, self.activated(after, 2, is_gate=False)), after

    def _peeped(self, gate: ir.Value, number: int, memory: ir.Value | None) -> ir.Value:
        if memory is None:
            return gate
        weighed = self.build.apply("Mul", memory, self.peephole[number])
        return self.build.apply("Add", gate, weighed)


class Gru(Cell):
    """Gates z, r and h; ``linear_before_reset`` says what the reset gate is applied to."""

    gates, functions = 3, ("Sigmoid", "Tanh")

    @property
    def _linear_first(self) -> bool:
        return self.build.node.attributes.get_int("linear_before_reset", 0) != 0

    def inputs(self, rows: ir.Value) -> tuple[ir.Value, ...]:  # noqa: D102
        both = self.build.apply("Add", *self.bias)
        of_candidate = self.bias[0] if self._linear_first else both
        return tuple(
            self.build.product(rows, self.rows_of_gates(self.weights, *span), bias)
            for span, bias in (
                ((0, 2), self.of_gates(both, 0, 2)),
                ((2, 3), self.of_gates(of_candidate, 2, 3)),
            )
        )

    def step(self, given: Sequence[ir.Value], state: State) -> State:  # noqa: D102
        (gates, candidate), (hidden,), apply = given, state, self.build.apply
        if hidden is not None:
            of_gates = self.build.product(hidden, self.rows_of_gates(self.recurrent, 0, 2))
            gates = apply("Add", of_gates, gates)
        gates = self.activated(gates, 0)
        update, reset = self.build.parts(gates, 1, 2)
        remembered = self._remembered(hidden, reset)
        if remembered is not None:
            candidate = apply("Add", remembered, candidate)
        fresh = self.activated(candidate, 1)
        if hidden is None:
            return (apply("Sub", fresh, apply("Mul", update, fresh)),)
        change = apply("Mul", update, apply("Sub", hidden, fresh))
        return (apply("Add", fresh, change),)

    def _remembered(self, hidden: ir.Value | None, reset: ir.Value) -> ir.Value | None:
        """Return what the state adds to the candidate; None for nothing."""
        build, matrix = self.build, self.rows_of_gates(self.recurrent, 2, 3)
        if self._linear_first:
            bias = self.of_gates(self.bias[1], 2, 3)
            linear = bias if hidden is None else build.product(hidden, matrix, bias)
            return build.apply("Mul", reset, linear)
        if hidden is None:
            return None
        return build.product(build.apply("Mul", reset, hidden), matrix)


CELLS: dict[str, type[Cell]] = {"GRU": Gru, "LSTM": Lstm, "RNN": Rnn}
