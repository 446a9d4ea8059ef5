"""What a form of an operator is: its type, a graph from x to y in ONNX's notation, constants."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np

Form: TypeAlias = tuple[str, str, dict[str, np.ndarray]]

MAP, FLAT = "float[1,4,5,6]", "float[2,6]"
SCALARS = {"low": np.float32(-0.5), "high": np.float32(0.7), "zero": np.float32(0)}
