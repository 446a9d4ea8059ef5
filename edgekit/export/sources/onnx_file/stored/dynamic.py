"""Integers whose scales are found as the network runs, as the float32 numbers that they are.

DynamicQuantizeLinear, MatMulInteger, ConvInteger and what stands between them compute on whole
numbers, which float32 holds exactly up to 2**24. Beyond that it rounds them, as the Cast that
follows an integer product does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import onnx_ir as ir
from onnx_ir.passes.common import RemoveUnusedNodesPass

from edgekit.export.graph import nodes as g
from edgekit.export.sources.onnx_file import edit

_LARGEST = 255
_LEAST_SCALE = 1e-30  # of what is zero everywhere, and is so with any scale
_PRODUCTS = {"ConvInteger": "Conv", "MatMulInteger": "MatMul"}
_MOVES = (
    "DepthToSpace", "Expand", "Flatten", "Gather", "Identity", "Reshape", "Slice", "SpaceToDepth",
    "Squeeze", "Tile", "Transpose", "Unsqueeze",
)  # fmt: skip
_ROUNDINGS = ("Ceil", "Floor", "Round")
_WIDE = (ir.DataType.INT32, ir.DataType.INT64)


@dataclass(frozen=True, eq=False)
class _Whole:
    """The float32 numbers of an integer value.

    Attributes:
        less_zero: the numbers, less the zero point where there is one.
        zero: the integer value of that zero point, one number; None where there is none.
        kind: the type of the integers.
    """

    less_zero: ir.Value
    zero: ir.Value | None
    kind: ir.DataType


@dataclass(frozen=True, eq=False)
class _Known:
    """What is known so far.

    Attributes:
        numbers: of integer values that are computed.
        constants: float32 constants made of integer ones, by these and their zero points: weights
            of all steps of a recurrence are one.
    """

    numbers: dict[ir.Value, _Whole] = field(default_factory=dict)
    constants: dict[tuple[ir.Value | None, ir.Value | None], ir.Value] = field(default_factory=dict)


def compute_in_float(model: ir.Model) -> bool:
    """Put float32 arithmetic in the place of integer arithmetic, in place; tell whether any was.

    Args:
        model: in the canonical opset, its constants lifted.
    """
    known = _Known()
    done: set[ir.Node] = set()
    for node in list(model.graph):
        rule = _RULES.get(node.op_type) if node.domain == "" else None
        if rule is not None and rule(node, known):
            done.add(node)
    for value, whole in list(known.numbers.items()):
        producer = value.producer()
        is_read = any(use.node not in done for use in value.uses())
        if producer is not None and (is_read or value.is_graph_output()):
            number = _number(value, known, producer)
            _take_over(value, edit.insert(producer, "Cast", [number], {"to": int(whole.kind)}))
    if done:
        RemoveUnusedNodesPass()(model)
    return bool(done)


def _quantize_as_it_runs(node: ir.Node, known: _Known) -> bool:
    """DynamicQuantizeLinear, by its definition: 0 is within the range, and exactly a step."""
    source, none = g.operand(node, 0), edit.scalar(node, 0)

    def make(op_type: str, *inputs: ir.Value) -> ir.Value:
        return edit.insert(node, op_type, inputs)

    ends = (edit.insert(node, f"Reduce{end}", [source], {"keepdims": 0}) for end in ("Min", "Max"))
    low, high = (make(end, value, none) for end, value in zip(("Min", "Max"), ends, strict=True))
    most = edit.scalar(node, _LARGEST)
    step = make("Div", make("Sub", high, low), most)
    step = make("Max", step, edit.scalar(node, _LEAST_SCALE))
    least = make("Round", make("Div", low, step))
    # Both ends may round away from 0, to one step more than there is.
    steps = make("Min", make("Round", make("Div", source, step)), make("Add", least, most))
    codes, scale, zero = node.outputs
    known.numbers[codes] = _Whole(steps, zero, ir.DataType.UINT8)
    known.numbers[zero] = _Whole(make("Neg", least), None, ir.DataType.UINT8)
    _take_over(scale, step)
    return True


def _quantize(node: ir.Node, known: _Known) -> bool:
    """QuantizeLinear whose integers are multiplied as they are."""
    scale, zero = edit.constant(node.inputs[1]), _input(node, 2)
    offset = np.array(0, np.uint8) if zero is None else edit.constant(zero)
    if scale is None or offset is None or scale.size != 1 or offset.dtype.kind not in "iu":
        return False
    if not any(g.is_op(use.node, *_PRODUCTS) for use in node.outputs[0].uses()):
        return False
    limits = np.iinfo(offset.dtype)
    bounds = [
        edit.scalar(node, limit - int(offset.reshape(()))) for limit in (limits.min, limits.max)
    ]
    step = edit.literal(node, scale.reshape(()).astype(np.float32))
    steps = edit.insert(node, "Round", [edit.insert(node, "Div", [node.inputs[0], step])])
    less_zero = edit.insert(node, "Clip", [steps, *bounds])
    known.numbers[node.outputs[0]] = _Whole(less_zero, zero, ir.DataType.from_numpy(offset.dtype))
    return True


def _multiply(node: ir.Node, known: _Known) -> bool:
    """ConvInteger pads with the zero point, which is 0 once that is taken off."""
    is_matrix = node.op_type == "MatMulInteger"
    rows = (-1, 1) if is_matrix else (-1,)
    outputs = (-1,) if is_matrix else (-1, *[1] * ((edit.rank(node.inputs[1]) or 4) - 1))
    operands = [
        _less(node.inputs[0], _input(node, 2), rows, known, node),
        _less(node.inputs[1], _input(node, 3), outputs, known, node),
    ]
    product = edit.copied(node, _PRODUCTS[node.op_type], operands, node.attributes)
    known.numbers[node.outputs[0]] = _Whole(product, None, ir.DataType.INT32)
    return True


def _cast(node: ir.Node, known: _Known) -> bool:
    source, kind = g.operand(node, 0), ir.DataType(node.attributes.get_int("to", 1))
    if source not in known.numbers:
        return False
    if kind in _WIDE:
        known.numbers[node.outputs[0]] = _Whole(_number(source, known, node), None, kind)
        return True
    if not kind.is_floating_point():
        return False
    number = _number(source, known, node)
    if kind != ir.DataType.FLOAT:
        number = edit.insert(node, "Cast", [number], {"to": int(kind)})
    _take_over(node.outputs[0], number)
    return True


def _dequantize(node: ir.Node, known: _Known) -> bool:
    source, scale = g.operand(node, 0), edit.constant(node.inputs[1])
    if source not in known.numbers or (scale is not None and scale.size != 1):
        return False
    real = _less(source, _input(node, 2), (), known, node)
    _take_over(node.outputs[0], edit.insert(node, "Mul", [real, node.inputs[1]]))
    return True


def _move(node: ir.Node, known: _Known) -> bool:
    whole = known.numbers.get(g.operand(node, 0))
    if whole is None:
        return False
    inputs = [whole.less_zero, *node.inputs[1:]]
    moved = edit.copied(node, node.op_type, inputs, node.attributes)
    known.numbers[node.outputs[0]] = _Whole(moved, whole.zero, whole.kind)
    return True


def _join(node: ir.Node, known: _Known) -> bool:
    """Concat, and sums of 32 bits: of integers whose numbers are known."""
    kinds = {known.numbers[v].kind for v in node.inputs if v in known.numbers}
    if len(kinds) != 1 or (node.op_type != "Concat" and not kinds <= {*_WIDE}):
        return False
    numbers = [_whole_number(value, known, node) for value in node.inputs]
    if any(number is None for number in numbers):
        return False
    joined = edit.copied(node, node.op_type, numbers, node.attributes)
    known.numbers[node.outputs[0]] = _Whole(joined, None, kinds.pop())
    return True


def _whole_number(value: ir.Value | None, known: _Known, anchor: ir.Node) -> ir.Value | None:
    """Return the float32 numbers of an integer value without a Cast; None where it takes one.

    A bias, divided by the scale as the network runs and rounded, holds whole numbers before it is
    one of integers.
    """
    if value is None or value in known.numbers or edit.constant(value) is not None:
        return _number(value, known, anchor)
    producer = value.producer()
    if producer is not None and g.is_op(producer, *_MOVES):
        moved = _whole_number(producer.inputs[0], known, anchor)
        inputs = [moved, *producer.inputs[1:]]
        if moved is None:
            return None
        return edit.copied(anchor, producer.op_type, inputs, producer.attributes)
    if producer is not None and g.is_op(producer, "Cast"):
        source = g.operand(producer, 0)
        return source if g.is_op(source.producer(), *_ROUNDINGS) else None
    return None


def _less(
    value: ir.Value | None,
    zero: ir.Value | None,
    spread: Sequence[int],
    known: _Known,
    anchor: ir.Node,
) -> ir.Value:
    """Return numbers less their zero point, which has the shape ``spread`` if it is a vector."""
    whole = None if value is None else known.numbers.get(value)
    if whole is not None and whole.zero is zero:
        return whole.less_zero
    numbers, zeros = edit.constant(value), edit.constant(zero)
    if zeros is not None:
        zeros = zeros.reshape(spread if zeros.ndim == 1 and zeros.size > 1 else zeros.shape)
        zeros = zeros.reshape(()) if zeros.size == 1 else zeros
    if numbers is not None and (zero is None or zeros is not None):
        if (value, zero) not in known.constants:
            offset = np.float32(0) if zeros is None else zeros.astype(np.float32)
            made = edit.literal(anchor, numbers.astype(np.float32) - offset)
            known.constants[value, zero] = made
        return known.constants[value, zero]
    number = _number(value, known, anchor)
    if zero is None:
        return number
    if zeros is None:
        return edit.insert(anchor, "Sub", [number, _number(zero, known, anchor)])
    return edit.insert(anchor, "Sub", [number, edit.literal(anchor, zeros.astype(np.float32))])


def _number(value: ir.Value | None, known: _Known, anchor: ir.Node) -> ir.Value:
    """Return the float32 numbers of an integer value."""
    whole, array = None if value is None else known.numbers.get(value), edit.constant(value)
    if whole is None:
        if array is not None:
            return edit.literal(anchor, array.astype(np.float32))
        return edit.insert(anchor, "Cast", [value], {"to": int(ir.DataType.FLOAT)})
    if whole.zero is None:
        return whole.less_zero
    return edit.insert(anchor, "Add", [whole.less_zero, _number(whole.zero, known, anchor)])


def _input(node: ir.Node, index: int) -> ir.Value | None:
    return node.inputs[index] if len(node.inputs) > index else None


def _take_over(old: ir.Value, new: ir.Value) -> None:
    """Let ``new`` be read in the place of ``old``, and have its name if it is an output."""
    producer = old.producer()
    if old.is_graph_output() and producer is not None:
        new = edit.insert(producer, "Identity", [new])
        name, new.type, new.shape = old.name, old.type, old.shape
        old.name, new.name = f"{name}_integer", name
    old.replace_all_uses_with(new, replace_graph_outputs=True)


_RULES: dict[str, Callable[[ir.Node, _Known], bool]] = {
    **dict.fromkeys(_MOVES, _move),
    **dict.fromkeys(("Add", "Concat", "Sub"), _join),
    **dict.fromkeys(_PRODUCTS, _multiply),
    "Cast": _cast,
    "DequantizeLinear": _dequantize,
    "DynamicQuantizeLinear": _quantize_as_it_runs,
    "QuantizeLinear": _quantize,
}
