"""Layers into which ONNX Runtime has fused what followed them."""

from __future__ import annotations

from collections.abc import Sequence

import onnx_ir as ir

from edgekit.export.sources.onnx_file import edit
from edgekit.export.sources.onnx_file.foreign.base import UnknownFormError, UnknownRankError

_LAYER = ("activation", "activation_params", "activation_alpha", "activation_beta")
_PARAMETERS: dict[str, tuple[str, ...]] = {
    "Relu": (),
    "Sigmoid": (),
    "Tanh": (),
    "LeakyRelu": ("alpha",),
    "HardSigmoid": ("alpha", "beta"),
}


def conv(node: ir.Node) -> None:
    """FusedConv: a convolution, an addend where there is a fourth input, an activation."""
    inputs = list(node.inputs)
    addend = inputs[3] if len(inputs) > 3 else None
    plain = {k: v for k, v in node.attributes.items() if k not in _LAYER}
    result = edit.copied(node, "Conv", inputs[:3], plain)
    if addend is not None:
        result = edit.insert(node, "Add", [result, addend])
    _activate(node, result, node.attributes.get_floats("activation_params", ()))


def gemm(node: ir.Node) -> None:
    """FusedGemm: a Gemm and an activation."""
    plain = {k: v for k, v in node.attributes.items() if k not in _LAYER}
    result = edit.copied(node, "Gemm", list(node.inputs), plain)
    names = ("activation_alpha", "activation_beta")
    _activate(
        node,
        result,
        [node.attributes.get_float(name) for name in names if name in node.attributes],
    )


def matmul(node: ir.Node) -> None:
    """FusedMatMul: its operands may be turned, and its result has a factor."""
    get = node.attributes
    operands = [
        _turned(
            node,
            value,
            wanted=bool(get.get_int(f"trans{side}", 0)),
            rows_first=bool(get.get_int(f"transBatch{side}", 0)),
        )
        for side, value in zip("AB", node.inputs, strict=True)
    ]
    alpha = get.get_float("alpha", 1.0)
    if alpha == 1.0:
        edit.become(node, "MatMul", operands)
        return
    product = edit.insert(node, "MatMul", operands)
    edit.become(node, "Mul", [product, edit.scalar(node, alpha, operands[0])])


def _turned(
    node: ir.Node, value: ir.Value | None, *, wanted: bool, rows_first: bool
) -> ir.Value | None:
    """Return an operand as MatMul takes it.

    Args:
        node: before which to insert.
        value: the operand.
        wanted: its last two axes are turned.
        rows_first: its rows lie before the axes of the batch.
    """
    rank = edit.rank(value)
    if not (wanted or rows_first) or rank == 1:
        return value
    if rank is None:
        raise UnknownRankError
    *batch, row, column = [*range(1, rank - 1), 0, rank - 1] if rows_first else [*range(rank)]
    perm = [*batch, column, row] if wanted else [*batch, row, column]
    return edit.insert(node, "Transpose", [value], {"perm": perm})


def _activate(node: ir.Node, value: ir.Value, parameters: Sequence[float]) -> None:
    """Make ``node`` the activation that it names, of ``value``."""
    kind = node.attributes.get_string("activation", "")
    if not kind:
        edit.become(node, "Identity", [value])
    elif kind == "Clip" and len(parameters) == 2:
        bounds = [edit.scalar(node, number, value) for number in parameters]
        edit.become(node, "Clip", [value, *bounds])
    elif kind in _PARAMETERS:
        named = dict(zip(_PARAMETERS[kind], parameters, strict=False))
        edit.become(node, kind, [value], named)
    else:
        raise UnknownFormError(f"its activation {kind} is not known")
