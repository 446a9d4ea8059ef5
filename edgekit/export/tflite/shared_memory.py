"""No operator of LiteRT's own kernels overwrites what is still to be read.

Without a delegate, SOFTMAX, ADD and their like write over an operand that has no other reader, and
RESHAPE shares its operand's memory. LiteRT 2.3.0 then looks for other readers of the tensor and of
the first one in its memory, but not of those between: after ``t = a + b`` (over a) and
``r = RESHAPE(t)``, the reader of r overwrites t, whoever reads t later. Such an r gets a second
reader, a RESHAPE that costs nothing.
"""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from edgekit.export.tflite.program import Program
from edgekit.export.tflite.reshapes import SHARING

_OVERWRITING = {"ADD": 2, "SUB": 2, "MUL": 2, "DIV": 2, "SOFTMAX": 1, "DYNAMIC_UPDATE_SLICE": 1}
"""Operators and how many of their first operands they may write over."""


def keep_apart(program: Program) -> None:
    """Give every result of RESHAPE whose reader would destroy its source a second reader."""
    readers: dict[int, list[int]] = defaultdict(list)
    makers: dict[int, int] = {}
    for index, operator in enumerate(program.operators):
        for number in operator.inputs:
            readers[number].append(index)
        makers.update(dict.fromkeys(operator.outputs, index))
    for operator in list(program.operators):
        if operator.code not in SHARING:
            continue
        source, (made,) = operator.inputs[0], operator.outputs
        if source not in makers or program.operators[makers[source]].code not in _OVERWRITING:
            continue
        if source in program.outputs or made in program.outputs or len(readers[made]) != 1:
            continue
        (reader,) = readers[made]
        by = program.operators[reader]
        if (
            made not in by.inputs[: _OVERWRITING.get(by.code, 0)]
            or by.outputs[0] in program.outputs
        ):
            continue
        others = [
            number
            for index in readers[source]
            if program.operators[index].code in SHARING
            for number in program.operators[index].outputs
            if number != made
        ]
        if any(index > reader for number in (source, *others) for index in readers[number]):
            _read_again(program, made)


def _read_again(program: Program, number: int) -> None:
    tensor = program.tensors[number]
    shape = program.add_constant("shape", np.array(tensor.shape, dtype=np.int32))
    copy = program.add_tensor(
        f"{tensor.name}_kept", tensor.shape, tensor.dtype, tensor.quantization
    )
    values = {"newShape": tensor.shape}
    program.add_operator("RESHAPE", [number, shape], [copy], "ReshapeOptions", values)
