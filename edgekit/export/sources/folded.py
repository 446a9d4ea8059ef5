"""Put a network's preprocessing into it: the input becomes raw pixels, uint8 RGB, NCHW.

What the network sees is ``slope[c] * (pixel - zero[c])``. Around a layer's border the network pads
with what 0 is in its own terms, which is the pixel ``zero[c]``. So the slope always goes into the
first convolutions exactly, and so does the order of the channels; the subtraction does only where
they pad nothing, or where ``zero`` is 0, and is an operator of its own elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import onnx_ir as ir

from edgekit.errors import RefusedError
from edgekit.export.graph import macs as count
from edgekit.export.graph import nodes as g
from edgekit.export.onnx_writer import plain
from edgekit.export.sources import parity_inputs
from edgekit.export.sources.source import Source
from edgekit.models import Preprocessing
from edgekit.models.preprocessing_choice import raw


def fold(source: Source) -> Source:
    """Return the network with its preprocessing inside; its answers stay the original's.

    Parity then compares a file that takes pixels with the original network that was given the
    same pixels, normalized by `edgekit.models.Preprocessing.apply`.

    Args:
        source: with a known preprocessing; its graph is used up.

    Raises:
        RefusedError: the preprocessing is not known, or the network takes no square RGB image
            (reason "cannot-fold").
    """
    wanted, inputs = source.preprocessing, list(source.graph.graph.inputs)
    shape = g.shape_of(inputs[0])
    if wanted is None or len(inputs) != 1 or len(shape) != 4 or shape[1] != 3:
        raise RefusedError(
            f"{source.name}: the preprocessing of one RGB image can be folded in, once it is said "
            "with --preprocessing or --mean and --std",
            reason_code="cannot-fold",
        )
    name = str(inputs[0].name)
    if inputs[0].dtype not in (None, ir.DataType.FLOAT):
        raise RefusedError(
            f"{source.name} takes {inputs[0].dtype}, so there is nothing to fold in: leave out "
            "--fold-preprocessing",
            reason_code="cannot-fold",
        )
    pixels = parity_inputs.pixels(name, shape)
    answers = source.answers
    if source.original is not None:  # whose inputs were drawn from several ranges
        fed = parity_inputs.images(name, shape, wanted)
        _, answers = source.original.answers(fed)
    _put_in(source.graph, _Affine.of(wanted))
    left = replace(raw(wanted.crop, wanted.resize), interpolation=wanted.interpolation)
    return replace(
        source,
        preprocessing=left,
        folded=wanted,
        macs=count.macs(source.graph),
        reference=f"{source.reference} on normalized images",
        feeds=pixels,
        answers=answers,
        original=None,
    )


@dataclass(frozen=True)
class _Affine:
    """``slope * (pixel - zero)`` for each channel of the network.

    Attributes:
        slope: of each, float64 of shape (3,).
        zero: the pixel that becomes 0, likewise.
        swaps: red and blue change places.
    """

    slope: np.ndarray
    zero: np.ndarray
    swaps: bool

    @classmethod
    def of(cls, wanted: Preprocessing) -> _Affine:
        mean, std = np.array(wanted.mean), np.array(wanted.std)
        return cls(wanted.scale / std, mean / wanted.scale, wanted.channel_order == "BGR")

    @property
    def order(self) -> slice:
        return slice(None, None, -1 if self.swaps else 1)


def _put_in(model: ir.Model, affine: _Affine) -> None:
    """Let the only input be pixels, in place."""
    graph, value = model.graph, model.graph.inputs[0]
    uses = list(value.uses())
    value.meta.pop(plain.OWN_TYPE, None)
    value.type = ir.TensorType(ir.DataType.UINT8)
    cast = ir.node("Cast", [value], attributes={"to": int(ir.DataType.FLOAT)})
    graph.insert_before(graph[0], cast)
    real = cast.outputs[0]
    real.name, cast.name = f"{value.name}_pixels", f"{value.name}_cast"
    real.shape, real.type = value.shape, ir.TensorType(ir.DataType.FLOAT)
    layers = [use.node for use in uses]
    if not value.is_graph_output() and all(_is_plain_layer(node, value) for node in layers):
        _into_layers(graph, real, layers, affine)
        return
    seen = real
    if affine.swaps:
        order = g.add_constant(graph, "channels", np.array([2, 1, 0], np.int64))
        seen = _after(graph, seen, "Gather", order, {"axis": 1})
    seen = _after(graph, seen, "Mul", _per_channel(graph, "slope", affine.slope))
    if affine.zero.any():
        offset = _per_channel(graph, "offset", -affine.slope * affine.zero)
        seen = _after(graph, seen, "Add", offset)
    for use in uses:
        use.node.replace_input_with(use.idx, seen)


def _into_layers(
    graph: ir.Graph, real: ir.Value, layers: Sequence[ir.Node], affine: _Affine
) -> None:
    """Give the first convolutions the slopes and the order, and the subtraction if they can."""
    whole = all(_pads_nothing(node) for node in layers) or not affine.zero.any()
    seen = real
    if not whole:
        zero = affine.zero[affine.order]  # of red, green, blue
        seen = _after(graph, real, "Add", _per_channel(graph, "minus_zero", -zero))
    for node in layers:
        weight = g.constant(node.inputs[1])
        if weight is None:
            raise ValueError(f"{g.label(node)!r} has no constant weights")
        exact = weight.astype(np.float64) * affine.slope[:, None, None]
        name = g.operand(node, 1).name or g.label(node)
        folded = np.asarray(exact[:, affine.order], np.float32)
        node.replace_input_with(0, seen)
        node.replace_input_with(1, g.add_constant(graph, f"{name}_of_pixels", folded))
        if not (whole and affine.zero.any()):
            continue
        given = g.constant(node.inputs[2]) if len(node.inputs) > 2 else None
        bias = np.zeros(len(weight)) if given is None else given.astype(np.float64)
        bias = bias - (exact * affine.zero[:, None, None]).sum(axis=(1, 2, 3))
        node.resize_inputs(3)
        bias_value = g.add_constant(graph, f"{name}_bias_of_pixels", bias.astype(np.float32))
        node.replace_input_with(2, bias_value)


def _is_plain_layer(node: ir.Node, value: ir.Value) -> bool:
    return (
        g.is_op(node, "Conv")
        and node.inputs[0] is value
        and node.attributes.get_int("group", 1) == 1
        and g.constant(node.inputs[1]) is not None
        and (len(node.inputs) < 3 or node.inputs[2] is None or _is_constant(node.inputs[2]))
    )


def _is_constant(value: ir.Value | None) -> bool:
    return g.constant(value) is not None


def _pads_nothing(node: ir.Node) -> bool:
    is_explicit = node.attributes.get_string("auto_pad", "NOTSET") in ("NOTSET", "VALID")
    return is_explicit and not any(node.attributes.get_ints("pads", ()))


def _after(
    graph: ir.Graph,
    value: ir.Value,
    op_type: str,
    constant: ir.Value,
    attributes: dict[str, g.AttributeValue] | None = None,
) -> ir.Value:
    """Insert a node with a constant behind a value and return its result."""
    node = ir.node(op_type, [value, constant], attributes=attributes or {})
    made = node.outputs[0]
    node.name = made.name = f"{value.name}_{op_type.lower()}"
    made.shape, made.type = value.shape, value.type
    producer = value.producer()
    if producer is None:
        raise ValueError("pixels come out of a Cast")
    graph.insert_after(producer, node)
    return made


def _per_channel(graph: ir.Graph, name: str, values: np.ndarray) -> ir.Value:
    return g.add_constant(graph, f"pixels_{name}", values.reshape(1, 3, 1, 1).astype(np.float32))
