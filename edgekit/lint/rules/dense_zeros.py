"""Sparse weights that are stored with their zeros."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from edgekit.lint.rule import Hit, Rule, Subject, at

_SHARE = 2 / 3  # from here on XNNPACK's sparse kernels are chosen
_FEWEST = 256  # a smaller tensor is not worth it


def _find(subject: Subject) -> Iterator[Hit]:
    graph = subject.graph
    for node in graph.nodes:
        weights = graph.value(node, 1)
        if node.kind != "CONV_2D" or weights is None or weights.data is None:
            continue
        if weights.data.dtype != np.float32 or weights.data.size < _FEWEST:
            continue
        share = float(np.mean(weights.data == 0))
        if share > _SHARE:
            yield at(node, f"{100 * share:.0f} % of {weights.data.size:,} weights are 0")


RULE = Rule(
    code="dense-zeros",
    title="Weights that are mostly zero are stored with their zeros.",
    claim="larger",
    why="A sparse tensor stores the others alone; XNNPACK's sparse kernels on ARM also need it.",
    advice="export with --lowering tflite:+sparse_pointwise (1x1 convolutions), or let `edgekit "
    "export --tune --target qemu:cortex-a76` count whether an Arm core gains",
    find=_find,
    is_note=True,
)
