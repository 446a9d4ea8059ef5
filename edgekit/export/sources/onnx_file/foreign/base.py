"""What the rewrites share."""

from __future__ import annotations

import onnx_ir as ir


class UnknownFormError(Exception):
    """A form of a private operator that is not understood; the message is the reason."""


class UnknownRankError(Exception):
    """A rewrite needs the rank of an operand, which may be known once others are rewritten."""


def take_as_standard(node: ir.Node) -> None:
    """Move into the standard's domain an operator that came to be there unchanged."""
    node.domain = ""


def padded(node: ir.Node, count: int) -> list[ir.Value | None]:
    """Return the inputs, None for those at the end that are left out."""
    return [*node.inputs, *[None] * (count - len(node.inputs))]


def give(output: ir.Value, value: ir.Value) -> None:
    """Let ``value`` be read in the place of a node's output, and have its name."""
    name, value.type, value.shape = output.name, output.type, output.shape
    output.replace_all_uses_with(value, replace_graph_outputs=True)
    if name:
        output.name, value.name = f"{name}_before", name
