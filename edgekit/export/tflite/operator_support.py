"""Which ONNX operators a .tflite can hold, in float32 and in int8.

Drawn up from the emitters and the traits that write the files.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatch

from edgekit.errors import UnknownNameError
from edgekit.export.graph.operators import TRAITS
from edgekit.export.tflite import delegate_table
from edgekit.export.tflite.emit import EMITTERS

REWRITTEN = (
    "AffineGrid", "CenterCropPad", "Col2Im", "Dropout", "Einsum", "Flatten", "GlobalLpPool",
    "GlobalMaxPool", "LRN", "LpPool", "Mean", "NegativeLogLikelihoodLoss",
    "SoftmaxCrossEntropyLoss", "Squeeze", "Sum", "TensorScatter", "Unsqueeze",
)  # fmt: skip
"""Operators that become others before a file is written."""

FOLDED = (
    "BitCast", "BlackmanWindow", "Constant", "ConstantOfShape", "CumProd", "Det", "EyeLike",
    "HammingWindow", "HannWindow", "MelWeightMatrix", "NonZero", "Range", "Shape", "Size", "Unique",
)  # fmt: skip
"""Operators that become constants as a file is read, where their inputs, or the shapes that they
are of, are constant."""

LAID_OUT = (
    "CausalConvWithState", "Compress", "ConcatFromSequence", "ConvInteger", "DynamicQuantizeLinear",
    "If", "LinearAttention", "Loop", "MatMulInteger", "Optional", "OptionalGetElement",
    "OptionalHasElement", "Scan", "SequenceAt", "SequenceConstruct", "SequenceEmpty",
    "SequenceErase", "SequenceInsert", "SequenceLength", "SequenceMap", "SplitToSequence", "SwiGLU",
)  # fmt: skip
"""Operators that become others as a file is read: constants or shapes decide what they do, or what
they compute on integers is computed in float32."""

STORED = ("DequantizeLinear", "QLinearConv", "QLinearMatMul", "QuantizeLinear")
"""Operators of a network that is quantized already: its integers are written as they are."""

_WORDS = dict.fromkeys(FOLDED, "when constant")
_WORDS |= dict.fromkeys(LAID_OUT, "laid out")
_WORDS |= dict.fromkeys(STORED, "stored integers")
_WORDS |= dict.fromkeys(REWRITTEN, "rewritten")


@dataclass(frozen=True)
class OperatorSupport:
    """One operator of the ONNX standard.

    Attributes:
        operator: its type.
        supported: whether a .tflite can hold it; forms without an exact equal are refused by name.
        how: ``yes``, ``rewritten``, ``when constant``, ``laid out``, ``stored integers`` or ``no``.
        rewritten: whether it becomes other operators before the file is written.
        integer: whether both runtimes compute it on 8-bit integers; where not, a quantized file
            has it in float32.
        layer_class: the class that a profile sums it up in.
        delegated: whether the XNNPACK delegate takes it in float32: ``yes``, ``in part`` or
            ``no``, as measured on the specimens; empty for what becomes other operators.
        limits: what is refused of it, as its emitter says.
    """

    operator: str
    supported: bool
    how: str
    rewritten: bool
    integer: bool
    layer_class: str
    delegated: str
    limits: tuple[str, ...]


def of_standard(pattern: str = "*") -> tuple[OperatorSupport, ...]:
    """Return every operator of the ONNX standard whose name matches, in alphabetical order.

    Args:
        pattern: a shell wildcard; case is ignored.

    Raises:
        UnknownNameError: no operator matches.
    """
    import onnx.defs

    names = sorted(
        {
            schema.name
            for schema in onnx.defs.get_all_schemas()
            if schema.domain == "" and not schema.deprecated
        }
    )
    wanted = [name for name in names if fnmatch(name.casefold(), pattern.casefold())]
    if not wanted:
        listing = "`edgekit operators` shows all there are"
        raise UnknownNameError("operator", pattern, names, listing=listing)
    return tuple(_of(name) for name in wanted)


def _of(name: str) -> OperatorSupport:
    traits = TRAITS.get(name)
    how = _WORDS.get(name, "yes" if ("", name) in EMITTERS else "no")
    return OperatorSupport(
        operator=name,
        supported=how != "no",
        how=how,
        rewritten=name in REWRITTEN,
        integer=traits is not None and traits.integer,
        layer_class="" if traits is None else traits.layer_class,
        delegated=delegate_table.DELEGATED.get(name, ""),
        limits=_limits(name),
    )


def delegation(partitions: int | None, operators_outside: Sequence[str]) -> str:
    """Return what the delegate took of a file, in the words of the table."""
    if not partitions:
        return delegate_table.NOT
    return delegate_table.PARTLY if operators_outside else delegate_table.WHOLE


def _limits(name: str) -> tuple[str, ...]:
    """Return the reasons that an operator's emitter, and what it calls in its file, refuses for."""
    emitter = EMITTERS.get(("", name))
    if emitter is None:
        return ()
    module = inspect.getmodule(emitter)
    functions = {
        found.name: found
        for found in ast.parse(inspect.getsource(module) if module else "").body
        if isinstance(found, ast.FunctionDef)
    }
    waiting, seen, reasons = [emitter.__name__], set[str](), dict[str, None]()
    while waiting:
        current = waiting.pop()
        if current in seen or current not in functions:
            continue
        seen.add(current)
        for call in ast.walk(functions[current]):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name):
                waiting.append(call.func.id)
                if call.func.id == "refuse":
                    reasons[_text(call.args[1])] = None
    return tuple(sorted(reason for reason in reasons if reason))


def _text(said: ast.expr) -> str:
    """Return a message as its code says it; what is filled in as three dots."""
    if isinstance(said, ast.JoinedStr):
        parts = [each.value if isinstance(each, ast.Constant) else "..." for each in said.values]
        return "".join(map(str, parts))
    return str(said.value) if isinstance(said, ast.Constant) else ""
