"""One convolution or fully connected layer, as the reconstruction of its rounding sees it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from edgekit.errors import RefusedError
from edgekit.quantize.ranges import code_limits

Floats = npt.NDArray[np.float32]
Codes = npt.NDArray[np.int8]

_PIECE = 1 << 16  # weights
_NARROW = 512  # below so many weights of an output channel, its outputs are what takes the place


@dataclass(frozen=True)
class Geometry:
    """Where a convolution looks; (rows, columns) throughout.

    Attributes:
        strides: step of the output positions.
        pads: rows and columns of zeros at (top, left, bottom, right).
        dilations: distance of neighbouring taps.
        groups: number of groups of channels.
    """

    strides: tuple[int, int] = (1, 1)
    pads: tuple[int, int, int, int] = (0, 0, 0, 0)
    dilations: tuple[int, int] = (1, 1)
    groups: int = 1

    def __post_init__(self) -> None:
        if min(*self.strides, *self.dilations, self.groups) < 1 or min(self.pads) < 0:
            raise ValueError(f"{self} is no geometry")


@dataclass(frozen=True, eq=False)
class Layer:
    """A layer with float weights and the scales of their codes.

    Attributes:
        name: for messages.
        weight: float32 of shape (out, in / groups, rows, columns), or (out, in) for a fully
            connected layer.
        scales: float32 of shape (out,) or (1,); the codes' zero point is 0.
        bias: float32 of shape (out,).
        bits: width of a weight's code, at most 8: codes are -127 to 127, with 7 bits -63 to 63.
        geometry: of a convolution; a fully connected layer has the default one.
        low: the activation function's lower limit, minus infinity for none.
        high: its upper limit.
    """

    name: str
    weight: Floats
    scales: Floats
    bias: Floats
    bits: int = 8
    geometry: Geometry = field(default_factory=Geometry)
    low: float = -math.inf
    high: float = math.inf

    def __post_init__(self) -> None:
        if self.weight.ndim not in (2, 4) or self.weight.shape[0] % self.geometry.groups:
            raise ValueError(f"{self.name}: no layer has weights of shape {self.weight.shape}")
        if self.weight.ndim == 2 and self.geometry != Geometry():
            raise ValueError(f"{self.name}: a fully connected layer has no {self.geometry}")
        if self.scales.shape not in ((1,), (self.outputs,)) or not (self.scales > 0).all():
            raise ValueError(f"{self.name}: scales are positive, one or one for each output")
        if self.bias.shape != (self.outputs,):
            raise ValueError(f"{self.name}: a bias of shape {self.bias.shape} does not fit")
        if not 2 <= self.bits <= 8 or not self.low < self.high:
            raise ValueError(f"{self.name}: {self.bits} bits, clip {self.low:g} to {self.high:g}")
        if not (np.isfinite(self.weight).all() and np.isfinite(self.bias).all()):
            raise RefusedError(
                f"{self.name} cannot be quantized: it has weights that are NaN or infinite; "
                "check the weights file",
                reason_code="not-finite",
            )

    @property
    def outputs(self) -> int:
        """Number of output channels."""
        return int(self.weight.shape[0])

    @property
    def fan_in(self) -> int:
        """Number of weights of one output channel."""
        return int(self.weight[0].size)

    @property
    def groups(self) -> int:
        """Number of groups of channels; 1 for a fully connected layer."""
        return self.geometry.groups

    @property
    def kernel(self) -> tuple[int, int]:
        """Rows and columns of taps; (1, 1) for a fully connected layer."""
        return (1, 1) if self.weight.ndim == 2 else (self.weight.shape[2], self.weight.shape[3])

    @property
    def limit(self) -> int:
        """The largest code; the lowest is its negative."""
        return code_limits(self.bits, symmetric=True)[1]

    @property
    def is_clipped(self) -> bool:
        """Whether an activation function bounds its outputs."""
        return math.isfinite(self.low) or math.isfinite(self.high)

    @property
    def pieces(self) -> list[slice]:
        """Parts that depend on each other in nothing, small enough for a cache, for `piece`.

        Places of output channels where there is one group of channels, else of groups.
        """
        each = max(1, _PIECE // max(self.fan_in, _NARROW))
        total = self.outputs
        if self.groups > 1:
            each, total = max(1, each * self.groups // self.outputs), self.groups
        return [slice(start, min(start + each, total)) for start in range(0, total, each)]

    def piece(self, where: slice) -> Layer:
        """Return the layer that is one of the `pieces`."""
        rows, geometry = where, self.geometry
        if self.groups > 1:
            of_each = self.outputs // self.groups
            rows = slice(where.start * of_each, where.stop * of_each)
            geometry = replace(geometry, groups=where.stop - where.start)
        scales = self.scales if self.scales.size == 1 else self.scales[rows]
        return replace(
            self, weight=self.weight[rows], scales=scales, bias=self.bias[rows], geometry=geometry
        )

    def grouped(self, weight: npt.NDArray[np.generic]) -> Floats:
        """Return a tensor of the weight's shape as (groups, out / groups, in / groups * taps)."""
        shape = self.groups, self.outputs // self.groups, -1
        return np.ascontiguousarray(weight.reshape(shape), np.float32)

    @property
    def grouped_scales(self) -> Floats:
        """One scale for each output channel, of shape (groups, out / groups, 1)."""
        scales = np.broadcast_to(self.scales, self.outputs).astype(np.float32)
        return scales.reshape(self.groups, -1, 1)

    @property
    def steps(self) -> npt.NDArray[np.float64]:
        """Weights in units of their scales, of the weight's shape; not rounded, not clipped."""
        scales = self.scales.astype(np.float64).reshape(-1, *[1] * (self.weight.ndim - 1))
        return np.asarray(self.weight / scales, np.float64)

    def nearest(self) -> Codes:
        """Return the nearest codes, of the weight's shape."""
        return np.clip(np.rint(self.steps), -self.limit, self.limit).astype(np.int8)

    def with_bias(self, bias: Floats) -> Layer:
        """Return the layer with another bias."""
        return replace(self, bias=bias)
