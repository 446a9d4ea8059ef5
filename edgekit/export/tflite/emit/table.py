"""What an emitter is: it appends the operators that one node becomes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

import onnx_ir as ir

from edgekit.export.tflite.writer import Writer

Emitter: TypeAlias = Callable[[Writer, ir.Node], None]
Emitters: TypeAlias = Mapping[tuple[str, str], Emitter]
"""By domain and operator type."""
