"""The operators of a graph with the shapes they run on, and what they have to do.

One MAC is one multiply-accumulate of a convolution or a matrix product, as in `edgekit.models`;
but it is counted in the operators that a runtime runs: a shift that became a depthwise
convolution counts as one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

_BITS = {"bool": 8, "string": 0, "int4": 4, "uint4": 4}


@dataclass(frozen=True)
class Operand:
    """One input or output.

    Attributes:
        shape: sizes in the runtime's own layout.
        dtype: numpy's name of the element type, or the runtime's where numpy has none.
        constant: whether it is stored in the file.
    """

    shape: tuple[int, ...]
    dtype: str
    constant: bool = False

    @property
    def elements(self) -> int:
        """Number of its elements."""
        return math.prod(self.shape)

    @property
    def size_bytes(self) -> int:
        """Bytes that its elements take."""
        digits = "".join(each for each in self.dtype if each.isdigit())
        bits = _BITS.get(self.dtype, int(digits or 32))
        return math.ceil(self.elements * bits / 8)


@dataclass(frozen=True)
class Operator:
    """One operator as a runtime runs it.

    Attributes:
        name: its name, or that of its first output.
        kind: type, such as ``Conv`` or ``CONV_2D``.
        inputs: what it reads, weights and biases too.
        outputs: what it writes.
        filter: of a convolution (output channels, input channels of a group, *spatial sizes), of
            a matrix product (columns, depth); None for other operators.
        macs: multiply-accumulates of one run.
        groups: of a convolution, how many it falls into; 1 for other operators.
    """

    name: str
    kind: str
    inputs: tuple[Operand, ...]
    outputs: tuple[Operand, ...]
    filter: tuple[int, ...] | None = None
    macs: int = 0
    groups: int = 1

    @property
    def size_bytes(self) -> int:
        """Bytes that it reads and writes at least: inputs, weights and outputs, each once."""
        return sum(operand.size_bytes for operand in (*self.inputs, *self.outputs))


@dataclass(frozen=True)
class OperatorTime:
    """How long one operator takes in one process.

    Attributes:
        time_ns: median over the runs, or a difference of two; None if it could not be measured.
        samples: number of timed runs behind it.
        reason: why it could not be measured; empty if it was.
    """

    time_ns: float | None
    samples: int
    reason: str = ""
