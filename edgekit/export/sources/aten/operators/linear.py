"""Matrix products."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgekit.export.sources.aten.builder import Builder, NotInTableError, Operand

if TYPE_CHECKING:
    from torch import Tensor


def linear(
    builder: Builder, out: Tensor, x: Operand, weight: Operand, bias: Operand | None = None
) -> Operand:
    """Translate ``linear``: weight (outputs, inputs)."""
    if weight.rank != 2:
        raise NotInTableError("linear with a vector")
    offset = [] if bias is None else [bias.value]
    if x.rank == 2:
        attributes = {"alpha": 1.0, "beta": 1.0, "transB": 1}
        made = builder.node("Gemm", [x.value, weight.value, *offset], attributes)
        return builder.finish("linear", made, out)
    turned = builder.node("Transpose", [weight.value], {"perm": (1, 0)})
    made = builder.node("MatMul", [x.value, turned])
    if offset:
        made = builder.node("Add", [made, *offset])
    return builder.finish("linear", made, out)


def matmul(builder: Builder, out: Tensor, x: Operand, y: Operand) -> Operand:
    """Translate ``matmul`` of matrices and stacks of them."""
    if min(x.rank, y.rank) < 2:
        raise NotInTableError("matmul with a vector")
    return builder.finish("matmul", builder.node("MatMul", [x.value, y.value]), out)


def addmm(
    builder: Builder,
    out: Tensor,
    bias: Operand,
    x: Operand,
    y: Operand,
    *,
    beta: float = 1,
    alpha: float = 1,
) -> Operand:
    """Translate ``addmm``: a matrix product and a bias."""
    attributes = {"alpha": float(alpha), "beta": float(beta)}
    made = builder.node("Gemm", [x.value, y.value, bias.value], attributes)
    return builder.finish("addmm", made, out)
