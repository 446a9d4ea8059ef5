"""RotaryEmbedding becomes products of two halves of each head with cosines and sines."""

from __future__ import annotations

import onnx_ir as ir

from edgekit.export.expansion.building import Building
from edgekit.export.graph import nodes as g


def rewrite(node: ir.Node) -> bool:
    """Match any RotaryEmbedding."""
    if not g.is_op(node, "RotaryEmbedding"):
        return False
    build, source, get = Building(node), g.operand(node, 0), node.attributes
    shape = g.shape_of(source)
    heads_first = len(shape) == 4  # (batch, heads, length, size)
    if heads_first:
        batch, _, length, size = shape
    else:
        batch, length, width = shape
        count = get.get_int("num_heads", 1) or 1
        size = width // count
        source = build.reshape(source, (batch, length, count, size))
    turned = get.get_int("rotary_embedding_dim", 0) or size
    cosines, sines = (_cache(build, index, heads_first, length) for index in (1, 2))
    if turned % 2:
        return False
    rotated = build.slice(source, 3, 0, turned)
    is_interleaved = bool(get.get_int("interleaved", 0))
    first, second = _halves(build, rotated, is_interleaved)
    real = build.apply("Sub", build.apply("Mul", first, cosines), build.apply("Mul", second, sines))
    imaginary = build.apply(
        "Add", build.apply("Mul", first, sines), build.apply("Mul", second, cosines)
    )
    if is_interleaved:
        pair = [build.reshape(each, (*g.shape_of(each), 1)) for each in (real, imaginary)]
        joined = build.reshape(build.concat(pair, 4), g.shape_of(rotated))
    else:
        joined = build.concat([real, imaginary], 3)
    if turned < size:
        joined = build.concat([joined, build.slice(source, 3, turned, size)], 3)
    g.replace(node, build.reshape(joined, shape))
    return True


def _halves(build: Building, value: ir.Value, is_interleaved: bool) -> list[ir.Value]:
    if not is_interleaved:
        return build.parts(value, 3, 2)
    shape = g.shape_of(value)
    half = (*shape[:3], shape[3] // 2)
    pairs = build.reshape(value, (*half, 2))
    return [build.reshape(part, half) for part in build.parts(pairs, 4, 2)]


def _cache(build: Building, index: int, heads_first: bool, length: int) -> ir.Value:
    """Return cosines or sines that broadcast against half a head."""
    node = build.node
    cache = g.operand(node, index)
    positions = node.inputs[3] if len(node.inputs) > 3 else None  # the fourth
    if positions is not None:
        cache = build.gather(cache, positions, 0)
    batch, _, half = g.shape_of(cache)
    return build.reshape(cache, (batch, 1, length, half) if heads_first else (
        batch, length, 1, half,
    ))  # fmt: skip
