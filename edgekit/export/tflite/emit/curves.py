"""Activations that TFLite has no operator for, or one for some parameters only.

All but those that choose between two values are made of what the XNNPACK delegate takes.
"""

from __future__ import annotations

import onnx_ir as ir

from edgekit.export.graph import nodes as g
from edgekit.export.tflite.emit.steps import Steps
from edgekit.export.tflite.emit.table import Emitters
from edgekit.export.tflite.versions import Versions
from edgekit.export.tflite.writer import Writer

_SELU_ALPHA, _SELU_GAMMA = 1.67326319217681884765625, 1.05070102214813232421875  # of the standard
_FLAT = 20.0  # where e^-x is lost beside one in float32


def emit_gelu(writer: Writer, node: ir.Node) -> None:
    """Emit GELU, in the form with erf or with tanh."""
    steps = Steps(writer, node)
    is_tanh = node.attributes.get_string("approximate", "none") == "tanh"
    values = {"approximate": is_tanh}
    steps.finish(steps.apply("GELU", steps.operand(0), options="GeluOptions", values=values))


def emit_swish(writer: Writer, node: ir.Node) -> None:
    """Emit x sigmoid(alpha x)."""
    steps, alpha = Steps(writer, node), node.attributes.get_float("alpha", 1.0)
    x = steps.operand(0)
    scaled = x if alpha == 1 else steps.apply("MUL", x, alpha)
    steps.finish(steps.apply("MUL", x, steps.apply("LOGISTIC", scaled)))


def emit_mish(writer: Writer, node: ir.Node) -> None:
    """Emit x tanh(log(1 + e^x)) as x n / (n + 2) of n = e^x (e^x + 2); beyond 20 that is x."""
    steps = Steps(writer, node)
    x = steps.operand(0)
    grown = steps.apply("EXP", steps.apply("MINIMUM", x, _FLAT))
    n = steps.apply("MUL", grown, steps.apply("ADD", grown, 2.0))
    steps.finish(steps.apply("MUL", x, steps.apply("DIV", n, steps.apply("ADD", n, 2.0))))


def emit_softplus(writer: Writer, node: ir.Node) -> None:
    """Emit log(1 + e^x) as relu(x) + log(1 + e^-|x|), which cannot overflow."""
    steps = Steps(writer, node)
    x = steps.operand(0)
    shrunk = steps.apply("EXP", steps.apply("NEG", steps.apply("ABS", x)))
    rest = steps.apply("LOG", steps.apply("ADD", shrunk, 1.0))
    steps.finish(steps.apply("ADD", steps.apply("RELU", x), rest))


def emit_softsign(writer: Writer, node: ir.Node) -> None:
    """Emit x / (1 + |x|)."""
    steps = Steps(writer, node)
    x = steps.operand(0)
    steps.finish(steps.apply("DIV", x, steps.apply("ADD", steps.apply("ABS", x), 1.0)))


def _halves(steps: Steps, above: float, below: float) -> int:
    """Return above * x for positive x and below * (e^x - 1) for negative x."""
    x = steps.operand(0)
    positive, negative = steps.apply("RELU", x), steps.apply("MINIMUM", x, 0.0)
    if above != 1:
        positive = steps.apply("MUL", positive, above)
    negative = steps.apply("MUL", steps.apply("ELU", negative), below)
    return steps.apply("ADD", positive, negative)


def emit_elu(writer: Writer, node: ir.Node) -> None:
    """Emit ELU, which has an alpha of one."""
    steps, alpha = Steps(writer, node), node.attributes.get_float("alpha", 1.0)
    plain = alpha == 1
    steps.finish(steps.apply("ELU", steps.operand(0)) if plain else _halves(steps, 1.0, alpha))


def emit_selu(writer: Writer, node: ir.Node) -> None:
    """Emit gamma times ELU of alpha."""
    steps = Steps(writer, node)
    gamma = node.attributes.get_float("gamma", _SELU_GAMMA)
    alpha = node.attributes.get_float("alpha", _SELU_ALPHA)
    steps.finish(_halves(steps, gamma, gamma * alpha))


def emit_celu(writer: Writer, node: ir.Node) -> None:
    """Emit relu(x) + alpha (e^(min(x, 0) / alpha) - 1)."""
    steps, alpha = Steps(writer, node), node.attributes.get_float("alpha", 1.0)
    x = steps.operand(0)
    if alpha == 1:
        steps.finish(steps.apply("ELU", x))
        return
    below = steps.apply("ELU", steps.apply("MUL", steps.apply("MINIMUM", x, 0.0), 1 / alpha))
    steps.finish(steps.apply("ADD", steps.apply("RELU", x), steps.apply("MUL", below, alpha)))


def emit_prelu(writer: Writer, node: ir.Node) -> None:
    """Emit PRELU, which the delegate takes with constant slopes; else relu(x) + slope min(x, 0)."""
    steps = Steps(writer, node)
    x, slope = steps.operand(0), steps.operand(1)
    if g.constant(node.inputs[1]) is not None and steps.kind(x) == "float32":
        steps.finish(steps.apply("PRELU", x, slope))
        return
    below = steps.apply("MUL", slope, steps.apply("MINIMUM", x, 0.0))
    steps.finish(steps.apply("ADD", steps.apply("MAXIMUM", x, 0.0), below))


def emit_hard_sigmoid(writer: Writer, node: ir.Node) -> None:
    """Emit alpha x + beta, cut to between zero and one."""
    steps, get = Steps(writer, node), node.attributes
    scaled = steps.apply("MUL", steps.operand(0), get.get_float("alpha", 0.2))
    moved = steps.apply("ADD", scaled, get.get_float("beta", 0.5))
    steps.finish(steps.apply("MINIMUM", steps.apply("MAXIMUM", moved, 0.0), 1.0))


def emit_thresholded_relu(writer: Writer, node: ir.Node) -> None:
    """Emit x where it is above alpha, else zero."""
    steps = Steps(writer, node)
    x = steps.operand(0)
    above = steps.apply("GREATER", x, node.attributes.get_float("alpha", 1.0))
    steps.finish(steps.apply("SELECT_V2", above, x, _zero(steps, x)))


def emit_shrink(writer: Writer, node: ir.Node) -> None:
    """Emit x + bias below -lambd, x - bias above lambd, zero between.

    Where both are equal, the difference of two ReLUs says it.
    """
    steps, get = Steps(writer, node), node.attributes
    bias, limit = get.get_float("bias", 0.0), get.get_float("lambd", 0.5)
    x = steps.operand(0)
    if bias == limit >= 0 and steps.kind(x) == "float32":
        above = steps.apply("RELU", steps.apply("SUB", x, limit))
        below = steps.apply("MINIMUM", steps.apply("ADD", x, limit), 0.0)
        steps.finish(steps.apply("ADD", above, below))
        return
    zero = _zero(steps, x)
    above = steps.apply("GREATER", x, limit)
    upper = steps.apply("SELECT_V2", above, steps.apply("SUB", x, bias), zero)
    below = steps.apply("LESS", x, -limit)
    steps.finish(steps.apply("SELECT_V2", below, steps.apply("ADD", x, bias), upper))


def _zero(steps: Steps, like: int) -> int:
    tensor = steps.writer.program.tensors[like]
    return steps.number(0, tensor.dtype, scalar=not tensor.shape)


EMITTERS: Emitters = {
    ("", "Celu"): emit_celu,
    ("", "Elu"): emit_elu,
    ("", "Gelu"): emit_gelu,
    ("", "HardSigmoid"): emit_hard_sigmoid,
    ("", "Mish"): emit_mish,
    ("", "PRelu"): emit_prelu,
    ("", "Selu"): emit_selu,
    ("", "Shrink"): emit_shrink,
    ("", "Softplus"): emit_softplus,
    ("", "Softsign"): emit_softsign,
    ("", "Swish"): emit_swish,
    ("", "ThresholdedRelu"): emit_thresholded_relu,
}
VERSIONS: Versions = {}
