"""What a model file says of itself to an app: normalization, class names, tensor names."""

from __future__ import annotations

from edgekit.modelfile.metadata.description import (
    FileDescription,
    Normalization,
    TensorDescription,
)
from edgekit.modelfile.metadata.reading import read

__all__ = ["FileDescription", "Normalization", "TensorDescription", "read"]
