"""Sums that leave 32 bits."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from edgekit.lint.rule import Hit, Rule, Subject, at
from edgekit.modelfile.facts import Value

_AXES = {"CONV_2D": 0, "DEPTHWISE_CONV_2D": 3, "FULLY_CONNECTED": 0}
_LIMIT = 2**31 - 1


def _find(subject: Subject) -> Iterator[Hit]:
    graph = subject.graph
    for node in graph.nodes:
        if node.kind not in _AXES:
            continue
        image, weights, bias = (graph.value(node, place) for place in range(3))
        if image is None or weights is None or weights.data is None or weights.quantized is None:
            continue
        if image.dtype not in ("int8", "uint8") or image.quantized is None:
            continue
        worst = _largest_sum(image, weights, bias, _AXES[node.kind])
        if worst > _LIMIT:
            yield at(node, f"an input can make its sum {worst:,}, beyond {_LIMIT:,}")


def _largest_sum(image: Value, weights: Value, bias: Value | None, axis: int) -> int:
    """Return the largest magnitude that a sum of products and bias can have."""
    limits = np.iinfo(image.dtype)
    if image.quantized is None or weights.quantized is None or weights.data is None:
        raise ValueError("an integer layer has scales")
    low, high = (int(end) - image.quantized.zero_points[0] for end in (limits.min, limits.max))
    zeros = np.array(weights.quantized.zero_points, np.int64)
    channels = weights.data.shape[axis]
    rows = np.moveaxis(weights.data.astype(np.int64), axis, 0).reshape(channels, -1)
    rows = rows - (zeros[:, None] if zeros.size == channels else zeros[0])
    most = np.maximum(rows * low, rows * high).sum(axis=1)
    least = np.minimum(rows * low, rows * high).sum(axis=1)
    offset = np.zeros(channels, np.int64)
    if bias is not None and bias.data is not None and bias.data.size == channels:
        offset = bias.data.astype(np.int64).ravel()
    return int(max((most + offset).max(), -(least + offset).min()))


RULE = Rule(
    code="bias-overflow",
    title="A sum of products and bias can leave 32 bits.",
    claim="less exact",
    why="It wraps around, and the answer is wrong altogether.",
    advice="clip the bias or enlarge the scale of its weights: `edgekit quantize` does",
    find=_find,
)
