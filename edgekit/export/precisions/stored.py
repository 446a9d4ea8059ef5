"""How a layer's weights are stored, noted on its node for whoever writes it down.

The weights of a graph stay float32. They are rounded to what can be stored once, in the canonical
graph, so every format holds the same numbers; each writer then stores them in the short form
wherever that loses nothing, which leaves out only what a lowering rule made anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import onnx_ir as ir

from edgekit.export.graph import nodes as g
from edgekit.export.graph import weight_layers

_KEY = "stored_weights"
_HIGHEST = 127  # symmetric: -128 is not used
_LEAST_SCALE = float(np.finfo(np.float32).tiny)
_SLACK = 1e-5  # of a step: scales found again differ in their last bit


@dataclass(frozen=True, eq=False)
class StoredWeights:
    """The stored form of one layer's weights.

    Attributes:
        scales: of int8 weights, float32 (output channels,): real = scale * stored. None for
            float16 ones.
        dynamic: whether the layer quantizes its input when it runs, and computes on integers;
            else the weights are turned back to float32 first.
    """

    scales: np.ndarray | None = None
    dynamic: bool = False

    def __post_init__(self) -> None:
        if self.scales is None:
            if self.dynamic:
                raise ValueError("only int8 weights are computed with as they are stored")
        elif self.scales.dtype != np.float32 or not (self.scales > 0).all():
            raise ValueError("weight scales are positive float32 numbers")

    def store(self, weight: np.ndarray, axis: int) -> np.ndarray:
        """Return the stored form of float32 weights, float16 or int8, each rounded to nearest.

        Args:
            weight: in any order of axes.
            axis: of the output channels in ``weight``.
        """
        if self.scales is None:
            return weight.astype(np.float16)
        steps = np.rint(weight.astype(np.float64) / spread(self.scales, weight.ndim, axis))
        return np.asarray(np.clip(steps, -_HIGHEST, _HIGHEST), np.int8)

    def rounded(self, weight: np.ndarray, axis: int) -> np.ndarray:
        """Return the float32 weights that the stored ones stand for; arguments as `store`."""
        kept = self.store(weight, axis)
        if self.scales is None:
            return kept.astype(np.float32)
        return np.asarray(kept * spread(self.scales, weight.ndim, axis), np.float32)

    def loses_nothing(self, weight: np.ndarray, axis: int) -> bool:
        """Tell whether ``weight`` is what its stored form stands for; arguments as `store`."""
        kept = self.rounded(weight, axis)
        if self.scales is None:
            return np.array_equal(kept, weight)
        step = spread(self.scales, weight.ndim, axis)
        return bool((np.abs(kept - weight) <= _SLACK * _HIGHEST * step).all())


def of(node: ir.Node) -> StoredWeights | None:
    """Return the stored form noted on a node; None for one that keeps float32."""
    found = node.meta.get(_KEY)
    return found if isinstance(found, StoredWeights) else None


def note(node: ir.Node, form: StoredWeights) -> None:
    """Note the stored form of a layer's weights, if these lose nothing in it."""
    weight = g.constant(node.inputs[1])
    if weight is not None and form.loses_nothing(weight, weight_layers.output_axis(node)):
        node.meta[_KEY] = form


def round_to(node: ir.Node, form: StoredWeights) -> None:
    """Give a layer the weights that their stored form stands for."""
    weight = g.constant(node.inputs[1])
    if weight is None:
        raise ValueError(f"{g.label(node)!r} has no constant weights")
    name = f"{g.operand(node, 1).name}_rounded"
    rounded = form.rounded(weight, weight_layers.output_axis(node))
    node.replace_input_with(1, g.add_constant(g.graph_of(node), name, rounded))


def layers(model: ir.Model) -> Iterator[tuple[ir.Node, np.ndarray]]:
    """Yield every layer with constant, finite float32 weights, and the weights.

    Convolutions of any rank, and matrix products with a constant matrix on the right.
    """
    for node in list(model.graph):
        if not g.is_op(node, *weight_layers.LAYERS):
            continue
        weight = g.constant(node.inputs[1])
        if weight is None or weight.dtype != np.float32 or not weight.size:
            continue
        if (weight.ndim == 2 or node.op_type == "Conv") and np.isfinite(weight).all():
            yield node, weight


def per_channel(node: ir.Node, weight: np.ndarray) -> StoredWeights:
    """Return the int8 form in which the largest weight of each output channel is +-127."""
    axis = weight_layers.output_axis(node)
    others = tuple(other for other in range(weight.ndim) if other != axis)
    largest = np.abs(weight).max(axis=others)
    scales = np.where(largest > 0, largest / np.float32(_HIGHEST), np.float32(1))
    return StoredWeights(np.asarray(np.maximum(scales, _LEAST_SCALE), np.float32))


def spread(per_channel: np.ndarray, rank: int, axis: int) -> np.ndarray:
    """Return one number per output channel so that it broadcasts against weights of ``rank``."""
    shape = [1] * rank
    shape[axis] = -1
    return per_channel.reshape(shape)
