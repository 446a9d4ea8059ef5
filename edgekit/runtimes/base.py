"""What every runtime answers: a model's description, and a session that runs it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from edgekit.errors import RefusedError, UsageError

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class TensorInfo:
    """One input or output of a model file.

    Attributes:
        name: the tensor's name in the file.
        shape: sizes in the file's own layout; -1 where the file leaves a size open.
        dtype: numpy's name of the element type, such as ``float32`` or ``int8``.
        scale: real value of one quantized step; None for a tensor that is not quantized.
        zero_point: quantized value that stands for real 0; None where ``scale`` is None.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    scale: float | None = None
    zero_point: int | None = None

    def __post_init__(self) -> None:
        if (self.scale is None) != (self.zero_point is None):
            raise ValueError(f"tensor {self.name!r}: scale and zero point come together")


@dataclass(frozen=True)
class ModelInfo:
    """What a runtime found in a file, and how it will run it.

    Attributes:
        runtime: canonical runtime name (``onnxruntime``, ``tflite``).
        runtime_version: package and version that answered, such as ``ai-edge-litert 2.3.0``.
        inputs: model inputs in the file's order.
        outputs: model outputs in the file's order.
        operators: operator type to number of uses in the file's main graph, sorted by name.
        partitions: number of pieces the delegate runs; None where the runtime has no delegates.
        delegate: name of the delegate at work; None if there is none.
        operators_outside: operator types that the delegate left to the runtime's own kernels,
            sorted, each once; empty if none or if there is no delegate.
    """

    runtime: str
    runtime_version: str
    inputs: tuple[TensorInfo, ...]
    outputs: tuple[TensorInfo, ...]
    operators: dict[str, int]
    partitions: int | None = None
    delegate: str | None = None
    operators_outside: tuple[str, ...] = ()

    @property
    def operator_count(self) -> int:
        """Number of operators in the file's main graph."""
        return sum(self.operators.values())


class Session(Protocol):
    """A loaded model, ready to run on one runtime."""

    def inputs(self) -> tuple[TensorInfo, ...]:
        """Describe the inputs, which costs nothing; `info` may."""
        ...

    def info(self) -> ModelInfo:
        """Describe the loaded file."""
        ...

    def set_inputs(self, feeds: Mapping[str, np.ndarray]) -> None:
        """Hand over one array per input, by name, in the file's dtype and shape.

        Raises:
            UsageError: a name, shape or dtype is not the file's.
        """
        ...

    def invoke(self) -> None:
        """Run the model once on the inputs set last. This call alone is what gets timed."""
        ...

    def outputs(self) -> dict[str, np.ndarray]:
        """Copy out what the last ``invoke`` computed, by output name."""
        ...

    def run(self, feeds: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Set the inputs, run once, and return the outputs."""
        ...


def check_feeds(inputs: tuple[TensorInfo, ...], feeds: Mapping[str, np.ndarray]) -> None:
    """Check that ``feeds`` holds exactly ``inputs``: names, dtypes and shapes.

    Raises:
        UsageError: naming the first input that does not fit.
    """
    names = [tensor.name for tensor in inputs]
    if set(feeds) != set(names):
        raise UsageError(f"the model's inputs are {names}, but values came for {sorted(feeds)}")
    for tensor in inputs:
        array = feeds[tensor.name]
        fits = len(array.shape) == len(tensor.shape) and all(
            wanted in (-1, size)
            for wanted, size in zip(tensor.shape, array.shape)  # noqa: B905
        )
        if not fits or str(array.dtype) != tensor.dtype:
            raise UsageError(
                f"input {tensor.name!r} takes {tensor.dtype} {list(tensor.shape)}, "
                f"but got {array.dtype} {list(array.shape)}"
            )


def batch_one(tensor: TensorInfo) -> tuple[int, ...]:
    """Return the tensor's shape with an open first size read as batch 1.

    Raises:
        RefusedError: another size is open, so no one shape is the model's.
    """
    shape = tuple(1 if axis == 0 and size == -1 else size for axis, size in enumerate(tensor.shape))
    if -1 in shape:
        raise RefusedError(
            f"input {tensor.name!r} has the open shape {list(tensor.shape)}: "
            "export the model with fixed sizes to measure it",
            reason_code="dynamic-shape",
        )
    return shape
