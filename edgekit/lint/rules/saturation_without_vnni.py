"""Pairs of weights that can saturate on x86-64 without VNNI."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from edgekit.lint.rule import Hit, Rule, Subject, at

_LAYERS = ("Conv", "MatMul", "Gemm", "QLinearConv", "QLinearMatMul")
_LIMIT = 2**15 - 1
_LARGEST_INPUT = 255


def _find(subject: Subject) -> Iterator[Hit]:
    graph = subject.graph
    for node in graph.nodes:
        place = {"QLinearConv": 3, "QLinearMatMul": 3}.get(node.kind, 1)
        weights = graph.value(node, place)
        if node.kind not in _LAYERS or weights is None or weights.data is None:
            continue
        if weights.data.dtype != np.int8 or weights.data.ndim < 2:
            continue
        is_product = node.kind.endswith("MatMul") or (
            node.kind == "Gemm" and not node.options.get("transB", 0)
        )
        matrix = weights.data.astype(np.int64)
        rows = matrix.T if is_product else matrix.reshape(matrix.shape[0], -1)
        if int(node.options.get("group", 1)) > 1 and rows.shape[1] < 2:
            continue
        worst = _largest_pair(rows)
        if worst * _LARGEST_INPUT > _LIMIT:
            yield at(
                node,
                f"two neighbouring weights sum to {worst}, which 8-bit inputs can make "
                f"{worst * _LARGEST_INPUT:,}, beyond {_LIMIT:,}",
            )


def _largest_pair(rows: np.ndarray) -> int:
    """Return the largest magnitude of a sum of two weights that meet in one instruction."""
    columns = rows.shape[-1] // 2 * 2
    pairs = rows[..., :columns:2], rows[..., 1:columns:2]
    positive = sum(np.maximum(each, 0) for each in pairs)
    negative = sum(np.minimum(each, 0) for each in pairs)
    return int(max(np.max(positive, initial=0), -np.min(negative, initial=0)))


RULE = Rule(
    code="saturation-without-vnni",
    title="Two neighbouring int8 weights can saturate on x86-64 without VNNI.",
    claim="less exact",
    why="ONNX Runtime adds two 8-bit products in 16 bits there, which clips (VPMADDUBSW).",
    advice="`edgekit verify --isa avx2` tells whether it happens; reduce the weights to 7 bits",
    find=_find,
    formats=("onnx",),
    is_note=True,
)
