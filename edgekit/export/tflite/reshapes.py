"""No RESHAPE reads another's result: each reads what the first of them was given.

That is an operator less where the first shape comes back. It is also what LiteRT's own kernels
need: SOFTMAX, ADD, SUB and DIV write over an operand that nothing else reads, and of a tensor that
shares its memory with another (as the result of RESHAPE does) LiteRT 2.3.0 counts the readers of
the other one, but not those one RESHAPE further up, whose numbers are then lost.
"""

from __future__ import annotations

from dataclasses import replace

from edgekit.export.tflite.program import Operator, Program

SHARING = ("RESHAPE", "SQUEEZE")


def read_their_source(program: Program) -> None:
    """Let every RESHAPE read what is no RESHAPE's result, and drop those that nothing reads."""
    sources: dict[int, int] = {}  # what a tensor is a RESHAPE of
    same: dict[int, int] = {}  # a tensor of the same shape and numbers, to read instead
    operators: list[Operator] = []
    for operator in program.operators:
        inputs = tuple(same.get(number, number) for number in operator.inputs)
        if operator.code in SHARING:
            (made,), source = operator.outputs, sources.get(inputs[0], inputs[0])
            inputs, sources[made] = (source, *inputs[1:]), source
            if program.tensors[made].shape == program.tensors[source].shape:
                same[made] = source
        operators.append(replace(operator, inputs=inputs))
    read = {*program.outputs, *(number for each in operators for number in each.inputs)}
    program.operators[:] = [
        each for each in operators if each.code not in SHARING or each.outputs[0] in read
    ]
