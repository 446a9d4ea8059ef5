"""What a .tflite file holds, before it is packed: tensors, constants and operators."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

import numpy as np

OptionValue: TypeAlias = int | float | bool | Sequence[int]


@dataclass(frozen=True)
class Quantization:
    """Real value = ``scale * (stored - zero_point)``.

    Attributes:
        scales: one for the tensor, or one for each slice along ``axis``.
        zero_point: the same for all slices.
        axis: of the slices, in stored order; 0 where there is one scale.
    """

    scales: tuple[float, ...]
    zero_point: int = 0
    axis: int = 0

    def __post_init__(self) -> None:
        if not self.scales or min(self.scales) <= 0:
            raise ValueError("a quantized tensor has positive scales")


@dataclass(frozen=True)
class Tensor:
    """One tensor; activations of rank 4 are NHWC.

    Attributes:
        name: free text.
        shape: in stored order.
        dtype: of the elements.
        data: elements of a constant; None for others.
        quantization: how stored integers are meant; None for plain numbers.
        is_sparse: the file holds the elements of ``data`` other than zero alone; DENSIFY reads it.
    """

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype
    data: np.ndarray | None = None
    quantization: Quantization | None = None
    is_sparse: bool = False


@dataclass(frozen=True)
class Operator:
    """One operator.

    Attributes:
        code: name in the schema's BuiltinOperator, e.g. ``CONV_2D``.
        version: operator version that a runtime must know for this form.
        inputs: tensor numbers.
        outputs: tensor numbers.
        options: name of the options table, e.g. ``Conv2DOptions``; None if it has none.
        values: fields of that table.
    """

    code: str
    version: int
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: str | None
    values: Mapping[str, OptionValue]


_Constant: TypeAlias = tuple[tuple[int, ...], str, bytes, Quantization | None, bool]
"""Its shape, its type, a hash of its numbers, what they mean, and whether it is sparse."""


@dataclass
class Program:
    """A TFLite graph under construction, in execution order."""

    tensors: list[Tensor] = field(default_factory=list)
    operators: list[Operator] = field(default_factory=list)
    inputs: list[int] = field(default_factory=list)
    outputs: list[int] = field(default_factory=list)
    _constants: dict[_Constant, int] = field(default_factory=dict)

    def add_tensor(
        self,
        name: str,
        shape: Sequence[int],
        dtype: np.dtype,
        quantization: Quantization | None = None,
    ) -> int:
        """Add an activation and return its number."""
        self.tensors.append(Tensor(name, tuple(shape), np.dtype(dtype), None, quantization))
        return len(self.tensors) - 1

    def rename(self, number: int, name: str) -> None:
        """Give a tensor another name."""
        self.tensors[number] = replace(self.tensors[number], name=name)

    def say_quantization(self, number: int, quantization: Quantization) -> None:
        """Say how the integers of a tensor are meant."""
        self.tensors[number] = replace(self.tensors[number], quantization=quantization)

    def add_constant(
        self,
        name: str,
        array: np.ndarray,
        quantization: Quantization | None = None,
        *,
        scalar: bool = False,
        is_sparse: bool = False,
    ) -> int:
        """Add a constant, or find the equal one that is there, and return its number.

        One of rank 0 is stored as a vector of one element, which broadcasts as well, unless it
        is to be `scalar`. Of one that `is_sparse` the file holds what is not zero.
        """
        data = np.asarray(array, order="C") if scalar else np.ascontiguousarray(array)
        numbers = hashlib.sha256(data.reshape(-1).view(np.uint8).data).digest()
        key = (data.shape, data.dtype.str, numbers, quantization, is_sparse)
        if key not in self._constants:
            tensor = Tensor(name, data.shape, data.dtype, data, quantization, is_sparse)
            self.tensors.append(tensor)
            self._constants[key] = len(self.tensors) - 1
        return self._constants[key]

    def add_operator(
        self,
        code: str,
        inputs: Sequence[int],
        outputs: Sequence[int],
        options: str | None = None,
        values: Mapping[str, OptionValue] | None = None,
        *,
        version: int = 1,
    ) -> None:
        """Append an operator."""
        self.operators.append(
            Operator(code, version, tuple(inputs), tuple(outputs), options, dict(values or {}))
        )
