"""Values that are infinite on purpose: masks, and what is computed of them.

They have no range. They stay float32, and no factor passes through them.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from edgekit.export.graph import nodes as g


def allowed(model: ir.Model) -> frozenset[str]:
    """Return the names of constants that hold infinity, and of all that is computed of them.

    Args:
        model: a quantizable graph.
    """
    found = {value for value in model.graph.initializers.values() if _is_infinite(value)}
    for node in model.graph:
        if not found.isdisjoint(node.inputs):
            found.update(node.outputs)
    return frozenset(str(value.name) for value in found)


def _is_infinite(value: ir.Value) -> bool:
    array = g.constant(value)
    return array is not None and array.dtype.kind == "f" and bool(np.isinf(array).any())
