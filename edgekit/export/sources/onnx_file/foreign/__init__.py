"""Operators outside the standard: those that have a standard form get it, the others are refused.

Adding one: a function in the file of its kind, one line of the table.
"""

from __future__ import annotations

from collections.abc import Callable

import onnx_ir as ir

from edgekit.errors import UnsupportedOperatorError
from edgekit.export.graph import nodes as g

REWRITES: dict[tuple[str, str], Callable[[ir.Node], None]] = {}
"""Domain and operator, and what makes a node of it standard ones."""


def rewrite(model: ir.Model) -> None:
    """Say in standard operators what private ones say, in place.

    Args:
        model: its functions may hold private operators too, or be called by their domain.

    Raises:
        UnsupportedOperatorError: there are others; all of them are listed.
    """
    refused = []
    holders: list[ir.Graph | ir.Function] = [model.graph, *model.functions.values()]
    for holder in holders:
        for node in list(ir.traversal.RecursiveGraphIterator(holder)):
            convert = REWRITES.get((node.domain, node.op_type))
            if convert is not None:
                convert(node)
            elif node.domain not in ("", "ai.onnx") and node.op_identifier() not in model.functions:
                refused.append(_refusal(node))
    if refused:
        raise refused[0].among(refused[1:])


def _refusal(node: ir.Node) -> UnsupportedOperatorError:
    return UnsupportedOperatorError(
        f"{node.domain}.{node.op_type}",
        g.label(node),
        "operators outside the ONNX standard are not exported",
        "export the model again without private operators",
        reason_code="foreign-operator",
    )
