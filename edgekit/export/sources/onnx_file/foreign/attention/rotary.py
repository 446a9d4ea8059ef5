"""RotaryEmbedding of ONNX Runtime's own: halves of each head are turned by their place."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx_ir as ir

from edgekit.export.sources.onnx_file import edit
from edgekit.export.sources.onnx_file.foreign.attention.heads import FIRST
from edgekit.export.sources.onnx_file.foreign.base import (
    UnknownFormError,
    UnknownRankError,
    padded,
)


def embedding(node: ir.Node) -> None:
    """Turn (batch, heads, length, size), or (batch, length, heads * size)."""
    source, places, cosines, sines = padded(node, 4)
    get, rank = node.attributes, edit.rank(source)
    if rank is None or edit.rank(places) is None:
        raise UnknownRankError
    if get.get_int("is_packed_batching", 0) or get.get_float("scale", 1.0) != 1.0:
        raise UnknownFormError("its batch is packed, or it has a factor")
    width, table = get.get_int("rotary_embedding_dim", 0), edit.constant(cosines)
    heads = source
    if rank == 3:
        count = get.get_int("num_heads", 0)
        if not count and (width or table is None):
            raise UnknownFormError("it does not say how many heads there are")
        apart = [0, 0, count, -1] if count or table is None else [0, 0, -1, 2 * table.shape[1]]
        shaped = edit.insert(node, "Reshape", [source, edit.integers(node, apart)])
        heads = edit.insert(node, "Transpose", [shaped], {"perm": FIRST})
    length = edit.insert(node, "Shape", [heads], {"start": 2, "end": 3})
    caches = [rows(node, cache, places, length) for cache in (cosines, sines)]
    result = turned(node, heads, caches, width, bool(get.get_int("interleaved", 0)))
    if rank == 4:
        edit.become(node, "Identity", [result])
        return
    back = edit.insert(node, "Transpose", [result], {"perm": FIRST})
    edit.become(node, "Reshape", [back, edit.integers(node, [0, 0, -1])])


def rows(
    node: ir.Node, cache: ir.Value | None, places: ir.Value | None, length: ir.Value
) -> ir.Value:
    """Return the rows of a cache that belong to places: (batch or 1, 1, length, half a head).

    Args:
        node: before which to insert.
        cache: (all places, half a head).
        places: of each element, (batch, length); the first one's, (1,); None where that is 0.
        length: how many there are, (1,).
    """
    if places is None or edit.rank(places) == 1:
        ends = [edit.literal(node, np.array(number, np.int64)) for number in (0, 1)]
        count = edit.insert(
            node, "Range", [ends[0], edit.insert(node, "Squeeze", [length]), ends[1]]
        )
        places = count if places is None else edit.insert(node, "Add", [count, places])
        axes = [0, 1]
    else:
        axes = [1]
    found = edit.insert(node, "Gather", [cache, places], {"axis": 0})
    return edit.insert(node, "Unsqueeze", [found, edit.integers(node, axes)])


def turned(
    node: ir.Node,
    heads: ir.Value | None,
    caches: Sequence[ir.Value],
    width: int,
    interleaved: bool,
) -> ir.Value:
    """Turn the first ``width`` of each head, all of it if that is 0."""
    rest = None
    if width:
        whole = edit.integers(node, [np.iinfo(np.int64).max])
        heads, rest = (
            edit.insert(
                node, "Slice", [heads, edit.integers(node, [a]), b, edit.integers(node, [3])]
            )
            for a, b in ((0, edit.integers(node, [width])), (width, whole))
        )
    if interleaved:
        pairs = edit.insert(node, "Reshape", [heads, edit.integers(node, [0, 0, 0, -1, 2])])
        parts = [
            edit.insert(node, "Gather", [pairs, edit.literal(node, np.array(i))], {"axis": 4})
            for i in (0, 1)
        ]
    else:
        split = ir.node(
            "Split", [heads], {"axis": 3, "num_outputs": 2},
            num_outputs=2, version=edit.CANONICAL_OPSET,
        )  # fmt: skip
        edit.owner(node).insert_before(node, split)
        parts = list(split.outputs)
    made = []
    for (cosine, sine), sign in ((caches, "Sub"), (tuple(reversed(caches)), "Add")):
        products = [
            edit.insert(node, "Mul", pair) for pair in zip(parts, (cosine, sine), strict=True)
        ]
        made.append(edit.insert(node, sign, products))
    if interleaved:
        axis = edit.integers(node, [4])
        lifted = [edit.insert(node, "Unsqueeze", [each, axis]) for each in made]
        joined = edit.insert(node, "Concat", lifted, {"axis": 4})
        result = edit.insert(node, "Reshape", [joined, edit.integers(node, [0, 0, 0, -1])])
    else:
        result = edit.insert(node, "Concat", made, {"axis": 3})
    return result if rest is None else edit.insert(node, "Concat", [result, rest], {"axis": 3})
