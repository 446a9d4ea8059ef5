"""Random valid networks over the supported operators, from a source of choices.

`network` asks for one small number after the other. Hypothesis answers in the test suite, so that
a failure shrinks; a seeded generator answers in `benchmarks/fuzz_graphs.py`, for thousands.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

Choose = Callable[[int], int]
"""Returns a number from 0 to one less than the argument."""

_OPSET, _IR_VERSION = 18, 10
_SIZES = (0.0, -1.0, 0.3, 2.5, -4.0, 6.0)  # of constants that no trained network would hold, too


@dataclass
class Growing:
    """A graph to which operators are added.

    Attributes:
        choose: the source of choices.
        nodes: so far, in order.
        constants: by name.
        shapes: of every value that a later operator may read, by name.
    """

    choose: Choose
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    constants: dict[str, np.ndarray] = field(default_factory=dict)
    shapes: dict[str, tuple[int, ...]] = field(default_factory=dict)

    def one(self, items: Sequence[object]) -> object:
        """Return one of some items."""
        return items[self.choose(len(items))]

    def any_value(self, rank: int | None = None) -> str | None:
        """Return a value, of some rank; late ones are likelier."""
        known = [n for n, shape in self.shapes.items() if rank in (None, len(shape))]
        if not known:
            return None
        return known[-1 - min(self.choose(len(known)), self.choose(len(known)))]

    def alike(self, name: str) -> str:
        """Return a value of the same shape, perhaps the same one."""
        return str(self.one([n for n, s in self.shapes.items() if s == self.shapes[name]]))

    def weight(self, *shape: int) -> str:
        """Return a constant; one that is there already may be shared."""
        same = [
            name
            for name, array in self.constants.items()
            if array.shape == shape and array.dtype == np.float32
        ]
        if same and self.choose(3) == 0:
            return same[0]
        generator = np.random.default_rng(len(self.constants) + 100 * self.choose(4))
        fan_in = max(1, int(np.prod(shape[1:])))
        return self.constant(generator.standard_normal(shape) / np.sqrt(fan_in))

    def constant(self, array: object, dtype: type = np.float32) -> str:
        """Add a constant."""
        name = f"c{len(self.constants)}"
        self.constants[name] = np.asarray(array, dtype)
        return name

    def size(self) -> float:
        """Return a number for a constant."""
        return float(str(self.one(_SIZES)))

    def add(
        self, op: str, inputs: Sequence[str], *shapes: tuple[int, ...], **attributes: object
    ) -> None:
        """Append an operator with a result of each shape."""
        names = [f"v{len(self.nodes)}_{index}" for index in range(len(shapes))]
        self.nodes.append(
            helper.make_node(op, inputs, names, name=f"n{len(self.nodes)}", **attributes)
        )
        self.shapes |= dict(zip(names, shapes, strict=True))


def _convolution(g: Growing) -> bool:
    x = g.any_value(4)
    if x is None:
        return False
    batch, channels, *size = g.shapes[x]
    kernel, stride = 1 + 2 * g.choose(4), 1 + g.choose(2)
    pad = g.choose(kernel // 2 + 2)
    group = (1, channels, 2 if channels % 2 == 0 else 1)[g.choose(3)]
    outputs = group * (1 + g.choose(3))
    reach = [(each + 2 * pad - kernel) // stride + 1 for each in size]
    if min(reach) < 1 or outputs > 16:
        return False
    inputs = [x, g.weight(outputs, channels // group, kernel, kernel)]
    if g.choose(2):
        inputs.append(g.weight(outputs))
    g.add(
        "Conv", inputs, (batch, outputs, *reach),
        pads=[pad] * 4, strides=[stride] * 2, group=group,
    )  # fmt: skip
    return True


def _product(g: Growing) -> bool:
    x = g.any_value(2)
    if x is None:
        return False
    rows, columns = g.shapes[x]
    outputs = 1 + g.choose(6)
    if g.choose(2):
        g.add("MatMul", [x, g.weight(columns, outputs)], (rows, outputs))
    elif g.choose(2):
        g.add("Gemm", [x, g.weight(outputs, columns), g.weight(outputs)], (rows, outputs), transB=1)
    else:
        g.add("Gemm", [x, g.weight(columns, outputs)], (rows, outputs))
    return True


def _unary(g: Growing) -> bool:
    x = g.any_value()
    if x is None:
        return False
    op = ("Relu", "Sigmoid", "Tanh", "HardSwish", "HardSigmoid", "LeakyRelu", "Identity")
    g.add(op[g.choose(len(op))], [x], g.shapes[x])
    return True


def _clip(g: Growing) -> bool:
    x = g.any_value()
    if x is None:
        return False
    low, high = sorted((g.size(), g.size()))
    bounds = ([low, high], [0.0, 6.0], [-1.0, 1.0])[g.choose(3)]
    g.add("Clip", [x, *(g.constant(bound) for bound in bounds)], g.shapes[x])
    return True


def _arithmetic(g: Growing) -> bool:
    x = g.any_value()
    if x is None:
        return False
    op = ("Add", "Sub", "Mul", "Max", "Min")[g.choose(5)]
    shape = g.shapes[x]
    kind = g.choose(4)
    if kind == 0:
        other = g.constant(g.size())
    elif kind == 1 and len(shape) == 4:
        other = g.constant(
            np.full((1, shape[1], 1, 1), g.size()) + np.arange(shape[1])[:, None, None]
        )
    else:
        other = g.alike(x)
    g.add(op, [other, x] if g.choose(2) and op not in ("Sub",) else [x, other], shape)
    return True


def _join(g: Growing) -> bool:
    x = g.any_value()
    if x is None:
        return False
    shape = g.shapes[x]
    axis = 1 + g.choose(len(shape) - 1) if len(shape) > 1 else 0
    fits = [
        n for n, s in g.shapes.items()
        if len(s) == len(shape)
        and all(s[other] == shape[other] for other in range(len(shape)) if other != axis)
    ]  # fmt: skip
    parts = [x, *(str(g.one(fits)) for _ in range(1 + g.choose(3)))]
    sizes = [g.shapes[part][axis] for part in parts]
    if g.choose(4) == 0:
        parts.append(g.constant(np.full(shape, g.size())))
        sizes.append(shape[axis])
    if sum(sizes) > 24:
        return False
    g.add("Concat", parts, (*shape[:axis], sum(sizes), *shape[axis + 1 :]), axis=axis)
    return True


def _pad(g: Growing) -> bool:
    x = g.any_value(4)
    if x is None:
        return False
    batch, channels, height, width = g.shapes[x]
    top, left = g.choose(2), g.choose(3)
    amounts = g.constant([0, 0, top, left, 0, 0, 1, 0], np.int64)
    mode = ("constant", "constant", "edge", "reflect")[g.choose(4)]
    inputs = [x, amounts]
    if mode == "constant" and g.choose(2):
        inputs.append(g.constant(g.size()))
    if mode == "reflect" and min(height, width) < 3:
        return False
    g.add("Pad", inputs, (batch, channels, height + top + 1, width + left), mode=mode)
    return True


def _pool(g: Growing) -> bool:
    x = g.any_value(4)
    if x is None:
        return False
    batch, channels, *size = g.shapes[x]
    kernel, stride, pad = 2 + g.choose(2), 1 + g.choose(2), g.choose(2)
    reach = [(each + 2 * pad - kernel) // stride + 1 for each in size]
    if min(reach) < 1:
        return False
    op = ("MaxPool", "AveragePool")[g.choose(2)]
    more = {"count_include_pad": g.choose(2)} if op == "AveragePool" else {}
    g.add(
        op, [x], (batch, channels, *reach),
        kernel_shape=[kernel] * 2, strides=[stride] * 2, pads=[pad] * 4, **more,
    )  # fmt: skip
    return True


def _flat(g: Growing) -> bool:
    x = g.any_value(4)
    if x is None:
        return False
    batch, channels, *size = g.shapes[x]
    if g.choose(2):
        g.add("GlobalAveragePool", [x], (batch, channels, 1, 1))
        return True
    g.add("Flatten", [x], (batch, channels * size[0] * size[1]))
    return True


def _slice(g: Growing) -> bool:
    x = g.any_value()
    if x is None:
        return False
    shape = g.shapes[x]
    axis = len(shape) - 1 - g.choose(len(shape) - 1)
    if shape[axis] < 2:
        return False
    cut = 1 + g.choose(shape[axis] - 1)
    parts = [(*shape[:axis], each, *shape[axis + 1 :]) for each in (cut, shape[axis] - cut)]
    if g.choose(2):
        sizes = g.constant([cut, shape[axis] - cut], np.int64)
        g.add("Split", [x, sizes], *parts, axis=axis)
        return True
    bounds = [g.constant([number], np.int64) for number in (0, cut, axis)]
    g.add("Slice", [x, *bounds], parts[0])
    return True


def _order(g: Growing) -> bool:
    x = g.any_value()
    if x is None:
        return False
    shape = g.shapes[x]
    if g.choose(2) and shape[1] > 1:
        order = np.random.default_rng(g.choose(4)).permutation(shape[1])
        g.add("Gather", [x, g.constant(order, np.int64)], shape, axis=1)
        return True
    perm = [0, *(1 + np.random.default_rng(g.choose(4)).permutation(len(shape) - 1)).tolist()]
    g.add("Transpose", [x], tuple(shape[axis] for axis in perm), perm=perm)
    return True


def _softmax(g: Growing) -> bool:
    x = g.any_value()
    if x is None:
        return False
    g.add("Softmax", [x], g.shapes[x], axis=len(g.shapes[x]) - 1 if g.choose(2) else 1)
    return True


def _normalization(g: Growing) -> bool:
    x = g.any_value(4)
    if x is None:
        return False
    channels = g.shapes[x][1]
    gamma, beta, mean = (g.weight(channels) for _ in range(3))
    variance = g.constant(np.linspace(0.5, 2, channels))
    g.add("BatchNormalization", [x, gamma, beta, mean, variance], g.shapes[x])
    return True


STEPS = (
    _convolution, _convolution, _product, _unary, _unary, _clip, _arithmetic, _arithmetic, _join,
    _join, _pad, _pool, _flat, _slice, _order, _softmax, _normalization,
)  # fmt: skip
"""Kinds of operators; one that stands twice comes twice as often."""


def network(choose: Choose) -> onnx.ModelProto:
    """Return a network of one to twelve operators, with one or two inputs and outputs."""
    g = Growing(choose)
    batch = 1 + (choose(6) == 5)
    for number in range(1 + choose(2)):
        flat = choose(5) == 4
        g.shapes[f"x{number}"] = (batch, 6) if flat else (batch, 1 + choose(4), 4 + choose(4), 5)
    inputs = dict(g.shapes)
    for _ in range(2 + choose(11)):
        STEPS[choose(len(STEPS))](g)
    if not g.nodes:
        g.add("Relu", [next(iter(inputs))], next(iter(inputs.values())))
    read = {name for node in g.nodes for name in node.input}
    ends = [name for name in g.shapes if name not in read and name not in inputs]
    more = [name for name in g.shapes if name in read and name not in inputs]
    if more and choose(3) == 0:
        ends.append(more[choose(len(more))])
    model = helper.make_model(
        helper.make_graph(
            g.nodes,
            "generated",
            [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in inputs.items()],
            [helper.make_tensor_value_info(n, TensorProto.FLOAT, g.shapes[n]) for n in ends],
            [numpy_helper.from_array(array, name) for name, array in g.constants.items()],
        ),
        opset_imports=[helper.make_opsetid("", _OPSET)],
        ir_version=_IR_VERSION,
    )
    onnx.checker.check_model(model, full_check=True)
    return model
