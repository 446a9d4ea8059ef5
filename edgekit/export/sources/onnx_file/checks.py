"""What is refused by name before any library works on it, and what no library could take away."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import onnx_ir as ir

from edgekit.errors import RefusedError, UnsupportedOperatorError
from edgekit.export.graph import nodes as g
from edgekit.export.sources.onnx_file.interface import inputs

_AT_LEAST_ONE = ("strides", "dilations", "kernel_shape")
_WINDOW = (*_AT_LEAST_ONE, "pads", "output_padding", "output_shape")
_LARGEST = 2**31 - 1
_RANDOM = (
    "Bernoulli", "Multinomial", "RandomNormal", "RandomNormalLike", "RandomUniform",
    "RandomUniformLike",
)  # fmt: skip
_LOOPS = ("If", "Loop", "Scan", "SequenceMap")
_WEIGHTED = (
    "BatchNormalization", "Conv", "ConvTranspose", "Gemm", "GRU", "LSTM", "LayerNormalization",
    "MatMul", "PRelu", "RNN",
)  # fmt: skip


def before(model: ir.Model, name: str) -> None:
    """Refuse what would crash a library, or pass through it as nonsense.

    Args:
        model: as it was read, its constants lifted.
        name: what to call it in messages.

    Raises:
        RefusedError: a window without a size (``invalid-graph``), a weight that is not finite
            (``not-finite``), an output that is not the same every time (``random``).
    """
    for node in ir.traversal.RecursiveGraphIterator(model.graph):
        for key in _AT_LEAST_ONE:
            if key in node.attributes and min(node.attributes.get_ints(key), default=1) < 1:
                raise RefusedError(
                    f"{name}: {node.op_type} {g.label(node)!r} has {key} "
                    f"{','.join(map(str, node.attributes.get_ints(key)))}: they are at least 1",
                    reason_code="invalid-graph",
                )
        for key in _WINDOW:
            if key in node.attributes and max(node.attributes.get_ints(key), default=0) > _LARGEST:
                raise RefusedError(
                    f"{name}: {node.op_type} {g.label(node)!r} has {key} "
                    f"{','.join(map(str, node.attributes.get_ints(key)))}: no array is that large",
                    reason_code="invalid-graph",
                )
        if g.is_op(node, *_RANDOM) or _is_dropping(node):
            raise RefusedError(
                f"{name}: {node.op_type} {g.label(node)!r} draws random numbers, so no two "
                "answers are alike: export the network for inference",
                reason_code="random",
            )
        _refuse_not_finite(node, name)


def after(model: ir.Model, name: str) -> None:
    """Refuse what is left and has no place in a canonical graph.

    Args:
        model: simplified, every shape known.
        name: what to call it in messages.

    Raises:
        RefusedError: a value has more axes than arrays have (``rank``).
        UnsupportedOperatorError: control flow that depends on the input; all of it is listed.
    """
    loops = []
    for node in model.graph:
        if g.is_op(node, *_LOOPS):
            loops.append(_refused_loop(node))
        for value in node.outputs:
            if value.shape is not None:
                inputs.refuse_rank(value.shape.rank(), str(value.name), name)
    if loops:
        raise loops[0].among(loops[1:])


def _is_dropping(node: ir.Node) -> bool:
    """Tell whether a Dropout is in training mode, and drops something."""
    if not g.is_op(node, "Dropout") or len(node.inputs) < 3:
        return False
    ratio, mode = (_constant(value) for value in node.inputs[1:3])
    drops = ratio is None or bool(np.any(ratio != 0))
    return node.inputs[2] is not None and (mode is None or bool(np.any(mode))) and drops


def _refuse_not_finite(node: ir.Node, name: str) -> None:
    for label, array in _floats(node):
        infinite_too = g.is_op(node, *_WEIGHTED)
        if np.isnan(array).any() or (infinite_too and not np.isfinite(array).all()):
            raise RefusedError(
                f"{name}: the weights {label!r} of {node.op_type} {g.label(node)!r} are not "
                "finite, they hold NaN or infinity: check where they come from",
                reason_code="not-finite",
            )


def _floats(node: ir.Node) -> Iterator[tuple[str, np.ndarray]]:
    for value in node.inputs:
        array = _constant(value)
        if value is not None and array is not None and array.dtype.kind == "f":
            yield str(value.name), array


def _constant(value: ir.Value | None) -> np.ndarray | None:
    tensor = None if value is None else value.const_value
    if tensor is None or tensor.dtype == ir.DataType.STRING:
        return None
    return tensor.numpy()


def _deciding(node: ir.Node) -> dict[str, str]:
    """Return the types of the graph's inputs that the first operand comes from, by name."""
    found: dict[str, str] = {}
    waiting, seen = [node.inputs[0]], set[ir.Value]()
    while waiting:
        value = waiting.pop()
        if value is None or value in seen:
            continue
        seen.add(value)
        if value.is_graph_input() and value.dtype is not None:
            found[str(value.name)] = value.dtype.name.lower()
        producer = value.producer()
        waiting += [] if producer is None else producer.inputs
    return dict(sorted(found.items()))


def _refused_loop(node: ir.Node) -> UnsupportedOperatorError:
    deciding = _deciding(node)
    said = "".join(f" {name!r} ({dtype})" for name, dtype in deciding.items())
    advice = "export the network again with this part traced for one input"
    numbers = [name for name, dtype in deciding.items() if not dtype.startswith("float")]
    if numbers and len(numbers) == len(deciding):
        values = " ".join(f"--input-value {name}=NUMBER" for name in numbers)
        advice = f"give {values}, which makes it a constant, or {advice}"
    return UnsupportedOperatorError(
        node.op_type,
        g.label(node),
        f"what runs depends on the input{said}, and the files hold no control flow",
        advice,
        reason_code="control-flow",
    )
