"""Which ONNX operators a .tflite can hold, in float32 and in int8.

Drawn up from the emitters and the traits that write the files.
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatch

from edgekit.errors import UnknownNameError
from edgekit.export.graph.operators import TRAITS
from edgekit.export.tflite.emit import EMITTERS

REWRITTEN = (
    "AffineGrid", "CenterCropPad", "Col2Im", "Dropout", "Einsum", "Flatten", "GlobalLpPool",
    "GlobalMaxPool", "LRN", "LpPool", "Mean", "Squeeze", "Sum", "Unsqueeze",
)  # fmt: skip
"""Operators that become others before a file is written."""


@dataclass(frozen=True)
class OperatorSupport:
    """One operator of the ONNX standard.

    Attributes:
        operator: its type.
        supported: whether a .tflite can hold it; forms without an exact equal are refused by name.
        rewritten: whether it becomes other operators before the file is written.
        integer: whether both runtimes compute it on 8-bit integers; where not, a quantized file
            has it in float32.
        layer_class: the class that a profile sums it up in.
    """

    operator: str
    supported: bool
    rewritten: bool
    integer: bool
    layer_class: str


def of_standard(pattern: str = "*") -> tuple[OperatorSupport, ...]:
    """Return every operator of the ONNX standard whose name matches, in alphabetical order.

    Args:
        pattern: a shell wildcard; case is ignored.

    Raises:
        UnknownNameError: no operator matches.
    """
    import onnx.defs

    names = sorted(
        {
            schema.name
            for schema in onnx.defs.get_all_schemas()
            if schema.domain == "" and not schema.deprecated
        }
    )
    wanted = [name for name in names if fnmatch(name.casefold(), pattern.casefold())]
    if not wanted:
        raise UnknownNameError("operator", pattern, names)
    return tuple(_of(name) for name in wanted)


def _of(name: str) -> OperatorSupport:
    traits = TRAITS.get(name)
    rewritten = name in REWRITTEN
    return OperatorSupport(
        operator=name,
        supported=rewritten or ("", name) in EMITTERS,
        rewritten=rewritten,
        integer=traits is not None and traits.integer,
        layer_class="" if traits is None else traits.layer_class,
    )
