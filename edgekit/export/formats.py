"""The output formats: which rules lower to them, which writer emits them, what runs them.

Adding a format: its writer, one entry here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import onnx_ir as ir

from edgekit.errors import UnknownNameError, UnsupportedOperatorError
from edgekit.export import lowering, tflite
from edgekit.export.onnx_writer import ort_format, plain
from edgekit.export.rewriting.rules import Menu

Emitted: TypeAlias = tuple[ir.Node, tuple[str, ...] | UnsupportedOperatorError]


@dataclass(frozen=True)
class Format:
    """One output format.

    Attributes:
        name: as the user writes it; also the file suffix.
        aliases: other names that are taken for it.
        runtime: the runtime that runs it, as `edgekit.runtimes` calls it.
        channels_last: True if image maps are NHWC in the file.
        lowering: from the canonical graph.
        integer: from the encoded graph.
        to_bytes: the writer.
        emitted: what the writer makes of each node of a lowered graph: operators in the file, or
            the reason why it cannot.
    """

    name: str
    aliases: tuple[str, ...]
    runtime: str
    channels_last: bool
    lowering: Menu
    integer: Menu
    to_bytes: Callable[[ir.Model, str], bytes]
    emitted: Callable[[ir.Model], Sequence[Emitted]]


FORMATS = {
    entry.name: entry
    for entry in (
        Format(
            name="onnx",
            aliases=("onnxruntime", "ort"),
            runtime="onnxruntime",
            channels_last=False,
            lowering=lowering.ONNXRUNTIME,
            integer=lowering.ONNXRUNTIME_INTEGER,
            to_bytes=plain.to_bytes,
            emitted=plain.emitted,
        ),
        Format(
            name="ort",
            aliases=("ort-format",),
            runtime="onnxruntime",
            channels_last=False,
            lowering=lowering.ONNXRUNTIME,
            integer=lowering.ONNXRUNTIME_INTEGER,
            to_bytes=ort_format.to_bytes,
            emitted=plain.emitted,
        ),
        Format(
            name="tflite",
            aliases=("litert",),
            runtime="tflite",
            channels_last=True,
            lowering=lowering.TFLITE,
            integer=lowering.TFLITE_INTEGER,
            to_bytes=tflite.to_bytes,
            emitted=tflite.emitted,
        ),
    )
}


def get(name: str) -> Format:
    """Return a format by name or alias.

    ``ort`` is the runtime's name, and so its .onnx; the format of that name is ``ort-format``.

    Raises:
        UnknownNameError: there is no such format.
    """
    for entry in FORMATS.values():
        if name.casefold() in (entry.name, *entry.aliases):
            return entry
    raise UnknownNameError("format", name, FORMATS)
