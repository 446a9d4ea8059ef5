"""The output formats: which rules lower to them, which writer emits them, what runs them.

Adding a format: its writer, one entry here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import onnx_ir as ir

from edgekit.errors import UnsupportedOperatorError
from edgekit.export import lowering, tflite
from edgekit.export.onnx_writer import ort_format, plain
from edgekit.export.rewriting.rules import Menu
from edgekit.export.stored_weights.held_file import HeldFile
from edgekit.registry import Registry

Emitted: TypeAlias = tuple[ir.Node, tuple[str, ...] | UnsupportedOperatorError]


@dataclass(frozen=True)
class Format:
    """One output format.

    Attributes:
        name: as the user writes it.
        suffix: of its files, without a dot.
        stored_form: what `edgekit.export.precisions` call it.
        runtime: the runtime that runs it, as `edgekit.runtimes` calls it.
        channels_last: True if image maps are NHWC in the file.
        lowering: from the canonical graph.
        integer: from the encoded graph.
        content: the writer; what a large file is to hold waits in an unnamed one.
        emitted: what the writer makes of each node of a lowered graph: operators in the file, or
            the reason why it cannot.
    """

    name: str
    suffix: str
    stored_form: str
    runtime: str
    channels_last: bool
    lowering: Menu
    integer: Menu
    content: Callable[[ir.Model, str], bytes | HeldFile]
    emitted: Callable[[ir.Model], Sequence[Emitted]]


_ALL = (
    Format(
        name="onnx",
        suffix="onnx",
        stored_form="onnx",
        runtime="onnxruntime",
        channels_last=False,
        lowering=lowering.ONNXRUNTIME,
        integer=lowering.ONNXRUNTIME_INTEGER,
        content=plain.content,
        emitted=plain.emitted,
    ),
    Format(
        name="ort-format",
        suffix="ort",
        stored_form="onnx",
        runtime="onnxruntime",
        channels_last=False,
        lowering=lowering.ONNXRUNTIME,
        integer=lowering.ONNXRUNTIME_INTEGER,
        content=ort_format.content,
        emitted=plain.emitted,
    ),
    Format(
        name="tflite",
        suffix="tflite",
        stored_form="tflite",
        runtime="tflite",
        channels_last=True,
        lowering=lowering.TFLITE,
        integer=lowering.TFLITE_INTEGER,
        content=tflite.content,
        emitted=tflite.emitted,
    ),
)

FORMATS: Registry[Format] = Registry(
    "format",
    ((entry.name, entry) for entry in _ALL),
    aliases={"onnxruntime": "onnx", "ort": "onnx", "litert": "tflite"},
)
"""Every format by its name; a runtime's name means its format, so ``ort`` is the portable .onnx."""


def get(name: str) -> Format:
    """Return a format by name or alias.

    Raises:
        UnknownNameError: there is no such format.
    """
    return FORMATS.find(name)
