"""Parts of one window are rounded in the same steps, so that a file can hold them as one again.

`edgekit.export.lowering.parts_as_large_depthwise` puts them together for ONNX Runtime.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import onnx_ir as ir

from edgekit.export.expansion import window_parts
from edgekit.export.integer.encodings import Layer


def shared(model: ir.Model, layers: Mapping[str, Layer]) -> dict[str, np.ndarray]:
    """Return the weight scales that parts of a window share, by layer name.

    Args:
        model: the quantizable graph that the layers are of.
        layers: with scales of their own.
    """
    return {
        name: np.maximum.reduce([layers[each].scales for each in names])
        for names in _windows(model)
        if all(each in layers for each in names)
        for name in names
    }


def _windows(model: ir.Model) -> Iterator[list[str]]:
    for node in model.graph:
        whole = window_parts.of_sum(node)
        if whole is not None:
            yield [str(part.node.name) for part in whole.parts]
