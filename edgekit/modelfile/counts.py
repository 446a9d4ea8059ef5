"""Parameters and multiply-accumulates of a .tflite file, counted from the file alone.

The convention is that of `edgekit.models`: MACs are those of convolutions and fully connected
layers, parameters are the elements of weights and biases, whatever type they are stored in.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from edgekit.modelfile.tflite_operators import operand_of, operator_of, read

_LAYERS = ("CONV_2D", "DEPTHWISE_CONV_2D", "TRANSPOSE_CONV", "FULLY_CONNECTED")
_FLOATS = ("float32", "float16", "float64")


@dataclass(frozen=True)
class FileCounts:
    """What a file costs.

    Attributes:
        params: stored elements of layers, and floats that other operators read.
        macs: multiply-accumulates of one inference.
    """

    params: int
    macs: int


def of_tflite(path: Path) -> FileCounts:
    """Count a .tflite file's main graph.

    Raises:
        InvalidPathError: the file cannot be read.
        UnreadableModelError: this is no .tflite file.
    """
    model = read(path)
    macs, held = 0, dict[int, int]()
    for node in model.subgraphs[0].operators:
        operator = operator_of(model, node)
        macs += operator.macs
        for place, number in enumerate(map(int, node.inputs)):
            if number < 0:
                continue
            operand = operand_of(model, number)
            is_weight = operator.kind in _LAYERS and place >= 1
            if operand.constant and (is_weight or operand.dtype in _FLOATS):
                held[number] = operand.elements  # once, however many read it
    return FileCounts(sum(held.values()), macs)
