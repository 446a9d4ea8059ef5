"""DFT becomes a product with a constant matrix, STFT a convolution that slides it over the signal.

A real and an imaginary part lie side by side, so one matrix holds cosines and sines of both.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from edgekit.export.expansion.building import Building
from edgekit.export.graph import nodes as g

_MOST_NUMBERS = 1 << 24  # of the matrix: 64 MiB


def why_not(node: ir.Node) -> tuple[str, str] | None:
    """Return why a DFT or STFT is not expressed, and the reason code; None for one that is."""
    given = {"DFT": (1, 2), "STFT": (1, 2, 3)}[node.op_type]
    optional = [node.inputs[index] for index in given if len(node.inputs) > index]
    if any(value is not None and g.constant(value) is None for value in optional):
        return "its lengths, axis and window must be constant", "dynamic-shape"
    if len(node.outputs[0].shape or ()) > 6 or _numbers(node) > _MOST_NUMBERS:
        return "the transform is too large for a matrix", "too-large"
    return None


def rewrite(node: ir.Node) -> bool:
    """Match both operators with constant lengths."""
    if not g.is_op(node, "DFT", "STFT") or why_not(node) is not None:
        return False
    g.replace(node, _transformed(node) if node.op_type == "DFT" else _slid(node))
    return True


def _transformed(node: ir.Node) -> ir.Value:
    build, source, made = Building(node), g.operand(node, 0), g.shape_of(node.outputs[0])
    shape, axis = g.shape_of(source), _axis(node)
    rank, kinds = len(shape), (shape[-1], made[-1])
    others = [each for each in range(rank - 1) if each != axis]
    matrix = _matrix(_length(node), (shape[axis], made[axis]), kinds, _sign(node))
    front = [shape[each] for each in others]
    turned = build.transpose(source, (*others, axis, rank - 1))
    rows = build.reshape(turned, (*front, shape[axis] * kinds[0]))
    weights = build.constant(matrix, "waves")
    product = build.apply("MatMul", rows, weights, shape=(*front, matrix.shape[1]))
    apart = build.reshape(product, (*front, made[axis], kinds[1]))
    order = (*others, axis, rank - 1)
    return build.transpose(apart, [order.index(each) for each in range(rank)])


def _slid(node: ir.Node) -> ir.Value:
    build, source, made = Building(node), g.operand(node, 0), g.shape_of(node.outputs[0])
    shape, length = (*g.shape_of(source), 1)[:3], _length(node)
    batch, frames, bins, _ = made
    step = g.scalar(node.inputs[1])
    matrix = _matrix(length, (length, bins), (shape[2], 2), -1)
    window = g.constant(node.inputs[2]) if len(node.inputs) > 2 else None
    waves = matrix.reshape(length, shape[2], 2 * bins)
    if window is not None:
        waves = waves * window.reshape(-1, 1, 1)
    turned = build.transpose(build.reshape(source, shape), (0, 2, 1))
    weights = build.constant(np.ascontiguousarray(waves.transpose(2, 1, 0), np.float32), "waves")
    attributes = {"strides": [int(step or 1)]}
    every = (batch, 2 * bins, frames)
    product = build.apply("Conv", turned, weights, shape=every, attributes=attributes)
    return build.reshape(build.transpose(product, (0, 2, 1)), made)


def _axis(node: ir.Node) -> int:
    given = g.scalar(node.inputs[2]) if len(node.inputs) > 2 else None
    axis = node.attributes.get_int("axis", -2) if given is None else int(given)
    return axis % len(g.shape_of(g.operand(node, 0)))


def _length(node: ir.Node) -> int:
    """Return how many samples the transform is of."""
    if node.op_type == "STFT":
        given = g.scalar(node.inputs[3]) if len(node.inputs) > 3 else None
        window = g.constant(node.inputs[2]) if len(node.inputs) > 2 else None
        return int(given or 0) or (0 if window is None else window.size)
    given = g.scalar(node.inputs[1]) if len(node.inputs) > 1 else None
    axis, source, made = _axis(node), g.operand(node, 0), g.shape_of(node.outputs[0])
    if given is not None:
        return int(given)
    is_whole = made[-1] == 1 or not node.attributes.get_int("onesided", 0)
    return made[axis] if is_whole else g.shape_of(source)[axis]


def _sign(node: ir.Node) -> int:
    return 1 if node.attributes.get_int("inverse", 0) else -1


def _numbers(node: ir.Node) -> int:
    made, source = g.shape_of(node.outputs[0]), g.shape_of(g.operand(node, 0))
    if node.op_type == "STFT":
        return 4 * _length(node) * made[2]
    axis = _axis(node)
    return source[axis] * source[-1] * made[axis] * made[-1]


def _matrix(length: int, sizes: tuple[int, int], kinds: tuple[int, int], sign: int) -> np.ndarray:
    """Return the transform as a matrix of (sizes[0] * kinds[0], sizes[1] * kinds[1]).

    Args:
        length: of the transform; a longer signal is cut, a shorter one ends in zeros.
        sizes: of the axis before and after.
        kinds: 1 for real numbers, 2 for complex ones, before and after.
        sign: of the exponent; the inverse is divided by the length.
    """
    taken, made = np.arange(sizes[0])[:, None], np.arange(sizes[1])
    turns = np.exp(sign * 2j * np.pi * (taken * made % length) / length)
    turns[length:] = 0
    if sign > 0:
        turns /= length
    if kinds == (2, 1):  # half of a spectrum: what is left out are conjugates
        turns[1 : (length + 1) // 2] *= 2
        turns[length // 2 + 1 :] = 0
    whole = np.empty((sizes[0], 2, sizes[1], 2))
    whole[:, 0, :, 0], whole[:, 0, :, 1] = turns.real, turns.imag
    whole[:, 1, :, 0], whole[:, 1, :, 1] = -turns.imag, turns.real
    kept = whole[:, : kinds[0], :, : kinds[1]]
    return kept.reshape(sizes[0] * kinds[0], sizes[1] * kinds[1]).astype(np.float32)
