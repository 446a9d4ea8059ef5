"""Which nodes hang together."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import onnx_ir as ir


def group(
    node: ir.Node,
    neighbours: Callable[[ir.Node], Iterable[ir.Node]],
    takes_part: Callable[[ir.Node], bool],
) -> set[ir.Node]:
    """Return ``node`` and all that take part and are neighbours of it, of those, and so on."""
    found, waiting = {node}, [node]
    while waiting:
        for other in neighbours(waiting.pop()):
            if other not in found and takes_part(other):
                found.add(other)
                waiting.append(other)
    return found
