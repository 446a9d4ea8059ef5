"""The emitters, one kind of operator a file; each file owns its rows and its versions.

Adding an operator: a function ``(writer, node)`` and its row in the file of its kind.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

from edgekit.export.tflite.emit import (
    activation,
    blocks,
    channels,
    comparison,
    conv,
    curves,
    elementwise,
    gemm,
    indexing,
    joining,
    lowered,
    matmul,
    normalization,
    padding,
    pool,
    ranking,
    reduction,
    reordering,
    requantization,
    resizing,
    scattering,
    sequence,
    softmax,
    transposed_conv,
    unary,
)
from edgekit.export.tflite.emit.table import Emitters
from edgekit.export.tflite.versions import Versions

_KINDS = (
    activation,
    blocks,
    channels,
    comparison,
    conv,
    curves,
    elementwise,
    gemm,
    indexing,
    joining,
    lowered,
    matmul,
    normalization,
    padding,
    pool,
    ranking,
    reduction,
    reordering,
    requantization,
    scattering,
    sequence,
    softmax,
    unary,
    resizing,
    transposed_conv,
)

Key = TypeVar("Key")
Row = TypeVar("Row")


def _joined(tables: Iterable[Mapping[Key, Row]]) -> dict[Key, Row]:
    found: dict[Key, Row] = {}
    for table in tables:
        twice = found.keys() & table.keys()
        if twice:
            raise ValueError(f"two emitter files have a row for {sorted(map(str, twice))}")
        found.update(table)
    return found


EMITTERS: Emitters = _joined(kind.EMITTERS for kind in _KINDS)
VERSIONS: Versions = _joined(kind.VERSIONS for kind in _KINDS)
