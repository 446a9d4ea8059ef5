"""One scale for channels of unlike ranges."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from edgekit.lint.rule import Hit, Rule, Subject, at

_LAYERS = {"CONV_2D": 0, "DEPTHWISE_CONV_2D": 3, "Conv": 0}  # axis of the output channels
_RATIO = 16.0  # the smallest channel is left with 4 of 8 bits


def _find(subject: Subject) -> Iterator[Hit]:
    graph = subject.graph
    for node in graph.nodes:
        weights = graph.value(node, 1)
        if node.kind not in _LAYERS or weights is None or weights.data is None:
            continue
        quantized = weights.quantized
        if quantized is None or not quantized.per_tensor or weights.data.ndim < 2:
            continue
        rows = np.moveaxis(weights.data, _LAYERS[node.kind], 0).reshape(
            weights.data.shape[_LAYERS[node.kind]], -1
        )
        steps = np.abs(rows.astype(np.int64) - quantized.zero_points[0]).max(axis=1)
        used = steps[steps > 0]  # a channel of nothing but zeros loses nothing
        if used.size and used.max() / used.min() > _RATIO:
            yield at(
                node,
                f"one scale for {len(steps)} channels, of which the smallest has "
                f"{used.min()} steps and the largest {used.max()}",
            )


RULE = Rule(
    code="per-tensor-weights",
    title=f"One scale serves channels whose ranges differ more than {_RATIO:.0f} times.",
    claim="less exact",
    why="The small channels are left with a few steps of the 127.",
    advice="quantize weights per channel, or equalize first (`--rungs equalize`)",
    find=_find,
    formats=("tflite", "onnx"),
)
