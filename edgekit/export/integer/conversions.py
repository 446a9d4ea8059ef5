"""Where a value is read in another encoding than its own: a requantization between the two.

What an operator unites has one encoding. A value that has to have another one, because the
runtimes prescribe it or because its range is far narrower, is converted on its way there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import onnx_ir as ir

from edgekit.export.graph import nodes as g
from edgekit.export.graph import operators
from edgekit.export.graph.affine import Affine
from edgekit.export.graph.annotations import affine_of, is_integer

Use = tuple[ir.Node, int]
"""A node, and the number of one of its inputs."""


def needed(graph: ir.Model) -> list[tuple[ir.Value, Affine, list[Use]]]:
    """Return each value to convert, the encoding to convert it to, and what then reads it."""
    found: dict[tuple[ir.Value, Affine], list[Use]] = {}
    for node in graph.graph:
        for value, index, wanted in _read_otherwise(node):
            found.setdefault((value, wanted), []).append((node, index))
    return [(value, affine, uses) for (value, affine), uses in found.items()]


def insert(
    value: ir.Value, affine: Affine, uses: Sequence[Use], op_type: str, *, domain: str = ""
) -> None:
    """Let some readers of ``value`` read it through an integer node that stores it otherwise."""
    first, _ = uses[0]
    stored = g.insert(first, op_type, [value], g.shape_of(value), domain=domain)
    node = stored.producer()
    if node is None:
        raise ValueError("an inserted node makes its output")
    stored.name = node.name = f"{value.name}_for_{g.label(first)}"
    stored.meta["affine"] = affine
    node.meta["integer"] = True
    for reader, index in uses:
        reader.replace_input_with(index, stored)


def _read_otherwise(node: ir.Node) -> Iterator[tuple[ir.Value, int, Affine]]:
    wanted = affine_of(node.outputs[0])
    if wanted is None or not operators.of(node).unites or not is_integer(node):
        return
    for index, value in enumerate(node.inputs):
        own = affine_of(value)
        if value is not None and own is not None and own != wanted:
            yield value, index, wanted
