"""A power with an exponent in quarters becomes products of square roots, which the delegate knows.

TFLite's POW is a kernel of its own, one call of the C library for each element.
"""

from __future__ import annotations

import onnx_ir as ir

from edgekit.export.graph import nodes as g

_MOST = 4


def rewrite(node: ir.Node) -> bool:
    """Match Pow with a constant exponent of up to four, in steps of a quarter, or minus that.

    A root of a negative base is not a number, as its power is. Of integers, whole powers only.
    """
    if not g.is_op(node, "Pow"):
        return False
    exponent, base = g.scalar(node.inputs[1]), g.operand(node, 0)
    shape = g.shape_of(node.outputs[0])
    if exponent is None or g.shape_of(base) != shape or not 0 < abs(exponent) <= _MOST:
        return False
    quarters = round(abs(exponent) * 4)
    if quarters != abs(exponent) * 4:
        return False
    if base.dtype != ir.DataType.FLOAT and (quarters % 4 or exponent < 0):
        return False
    factors = [base] * (quarters // 4)
    half = None
    if quarters % 4:
        half = g.insert(node, "Sqrt", [base], shape)
    if half is not None and quarters % 4 >= 2:
        factors.append(half)
    if half is not None and quarters % 2:
        factors.append(g.insert(node, "Sqrt", [half], shape))
    product = factors[0]
    for factor in factors[1:]:
        product = g.insert(node, "Mul", [product, factor], shape)
    if exponent < 0:
        product = g.insert(node, "Reciprocal", [product], shape)
    elif product is base:
        product = g.insert(node, "Identity", [base], shape)
    g.replace(node, product)
    return True
