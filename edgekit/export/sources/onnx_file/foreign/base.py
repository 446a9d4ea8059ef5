"""What the rewrites share."""

from __future__ import annotations

import onnx_ir as ir


class UnknownFormError(Exception):
    """A form of a private operator that is not understood; the message is the reason."""


def take_as_standard(node: ir.Node) -> None:
    """Move into the standard's domain an operator that came to be there unchanged."""
    node.domain = ""


def padded(node: ir.Node, count: int) -> list[ir.Value | None]:
    """Return the inputs, None for those at the end that are left out."""
    return [*node.inputs, *[None] * (count - len(node.inputs))]
