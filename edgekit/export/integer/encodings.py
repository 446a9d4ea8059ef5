"""Encodings: how the tensors of one network are stored as integers, whatever file they end up in.

They are data. The quantization room computes them for the quantizable graph
(`edgekit.export.integer.quantizable`); the writers of both formats read them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np

from edgekit.export.graph.affine import BIAS_LIMIT, Affine
from edgekit.export.integer.rescale import Rescaling


@dataclass(frozen=True, eq=False)
class Layer:
    """Weights and bias of one convolution or fully connected layer.

    Attributes:
        weight: int8 array in the shape that the graph's node has.
        scales: float32, (output channels,) or (1,); real weight = scale * weight.
        axis: axis of the output channels in ``weight``.
        bias: float64 (output channels,), real values; stored as int32 with the scale
            ``input scale * weight scale``.
    """

    weight: np.ndarray
    scales: np.ndarray
    axis: int
    bias: np.ndarray

    def __post_init__(self) -> None:
        channels = self.weight.shape[self.axis]
        if self.weight.dtype != np.int8 or self.scales.dtype != np.float32:
            raise ValueError("weights are int8 and their scales float32")
        if self.scales.shape not in ((channels,), (1,)) or self.bias.shape != (channels,):
            raise ValueError(f"scales {self.scales.shape} or bias {self.bias.shape} do not fit")
        if not (np.isfinite(self.scales).all() and (self.scales > 0).all()):
            raise ValueError("weight scales are positive and finite")
        if not np.isfinite(self.bias).all():
            raise ValueError("a bias is finite")

    @property
    def real_weight(self) -> np.ndarray:
        """The weights that the stored ones stand for, float32."""
        return np.asarray(self.weight * self.spread(self.scales), np.float32)

    def spread(self, per_channel: np.ndarray) -> np.ndarray:
        """Return one number per output channel, or one in all, so that it broadcasts."""
        shape = [1] * self.weight.ndim
        shape[self.axis] = per_channel.size
        return per_channel.reshape(shape)

    def bias_scales(self, input_scale: float) -> np.ndarray:
        """Return the scale of each stored bias, float32: (output channels,) or (1,)."""
        return np.asarray(np.float32(input_scale) * self.scales, np.float32)

    def stored_bias(self, input_scale: float) -> np.ndarray:
        """Return the bias as int32, saturated far inside the accumulator."""
        steps = np.rint(self.bias / self.bias_scales(input_scale).astype(np.float64))
        return np.asarray(np.clip(steps, -BIAS_LIMIT, BIAS_LIMIT), np.int32)


def least_weight_scales(bias: np.ndarray, input_scale: float) -> np.ndarray:
    """Return the smallest weight scales for which a bias fits into int32 with room to add to."""
    return np.asarray(np.abs(bias) / (input_scale * BIAS_LIMIT), np.float32)


@dataclass(frozen=True, eq=False)
class Encodings:
    """All that makes a quantizable graph an integer one.

    A node whose inputs, outputs and weights are all encoded computes in integers. Whatever else
    there is stays float32, with conversions at the borders.

    Attributes:
        graph_sha256: digest of the quantizable graph they belong to.
        activations: encoding by value name, graph inputs and outputs included.
        layers: weights by node name.
        float_nodes: names of nodes that stay float32 though they could be encoded.
        rescalings: factors by layer name that the graph's layers have in the weights above.
    """

    graph_sha256: str
    activations: Mapping[str, Affine]
    layers: Mapping[str, Layer]
    float_nodes: frozenset[str] = field(default_factory=frozenset)
    rescalings: Mapping[str, Rescaling] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "activations", MappingProxyType(dict(self.activations)))
        object.__setattr__(self, "layers", MappingProxyType(dict(self.layers)))
        object.__setattr__(self, "rescalings", MappingProxyType(dict(self.rescalings)))
