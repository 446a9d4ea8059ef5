"""Encodings as a file, ``<model>_<precision>.encodings.json``, to be read, compared and kept.

JSON, schema ``edgekit.encodings``. Numbers are decimal and come back to the last bit. The weights
of a layer are rounded anew from the network's own when the file is read, and stand in it only
where some method rounded them otherwise than to nearest: as ``base64(zlib(int8))``, in the order
of the node's weights.
"""

from __future__ import annotations

import base64
import dataclasses
import math
import zlib
from collections.abc import Iterable, Mapping

import numpy as np
import onnx_ir as ir

from edgekit.errors import RefusedError
from edgekit.export.graph import nodes as g
from edgekit.export.graph import operators, weight_layers
from edgekit.export.graph.affine import Affine
from edgekit.export.integer import quantizable, rescale
from edgekit.export.integer.encodings import Encodings, Layer
from edgekit.export.integer.rescale import Rescaling
from edgekit.quantize.encoding import affine_choice
from edgekit.quantize.encodings_file import document as encodings_document
from edgekit.quantize.encodings_file.document import (
    NEAREST,
    Activation,
    Document,
    Rescaled,
    StoredLayer,
)

_MOST_BYTES = 2**24  # of a file, and 4 more for each weight: several times what is ever written
_FLOAT32 = np.finfo(np.float32)
_LONGEST_REASON = 300  # characters of a message that quotes the file


def file_name(model: str, precision: str) -> str:
    """Return what the file of a network's encodings is called."""
    return f"{model}_{precision}.encodings.json"


def dumps(encodings: Encodings, model: ir.Model) -> bytes:
    """Return the content of a file; equal encodings give equal bytes.

    Args:
        encodings: those of ``model``.
        model: the quantizable graph, not rescaled.

    Raises:
        ValueError: the encodings name a layer that the graph does not have, or one of its codes
            is -128, which weights do not use.
    """
    nodes = _layers_of(rescale.apply(model, encodings.rescalings))
    document = Document(
        graph_sha256=encodings.graph_sha256,
        activations={
            name: Activation(float(a.scale), int(a.zero_point), a.bits, a.low, a.high)
            for name, a in encodings.activations.items()
        },
        layers={name: _described(nodes, name, layer) for name, layer in encodings.layers.items()},
        float_nodes=tuple(sorted(encodings.float_nodes)),
        rescaled={
            name: Rescaled(tuple(factors.outputs.tolist()), tuple(factors.inputs.tolist()))
            for name, factors in encodings.rescalings.items()
        },
    )
    return encodings_document.to_text(document).encode()


def loads(data: bytes, model: ir.Model, name: str) -> Encodings:
    """Read the content of a file back.

    Args:
        data: the content.
        model: the quantizable graph, not rescaled.
        name: what to call the file in a message.

    Raises:
        RefusedError: the encodings are of another network or of other weights (reason
            "encodings-mismatch"), or the file is damaged, is something else or does not fit the
            network (reason "bad-encodings").
    """
    try:
        _expect_size(data, model)
        document = encodings_document.from_bytes(data)
        if document.graph_sha256 != quantizable.digest(model):
            raise RefusedError(
                f"{name} belongs to another network, to other weights or to another --lowering: "
                "make encodings for this one with `edgekit quantize`",
                reason_code="encodings-mismatch",
            )
        with np.errstate(all="ignore"):  # absurd numbers overflow, and are refused for it
            return _encodings(document, model)
    except (ValueError, OverflowError, RecursionError) as error:
        raise RefusedError(
            f"{name} is no readable file of encodings ({_reason(error)}): make it anew with "
            "`edgekit quantize`",
            reason_code="bad-encodings",
        ) from error


def _reason(error: Exception) -> str:
    """Return what an error says, fit for a terminal although it quotes the file."""
    reason = " ".join(str(error).split()) or type(error).__name__
    if len(reason) > _LONGEST_REASON:
        reason = f"{reason[:_LONGEST_REASON]}..."
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in reason)


def _described(nodes: Mapping[str, ir.Node], name: str, layer: Layer) -> StoredLayer:
    if name not in nodes:
        raise ValueError(f"there is no layer {name!r}")
    weight, _ = affine_choice.parameters(nodes[name])
    reach = int(np.abs(layer.weight.astype(np.int16)).max(initial=0))
    if reach > 127:
        raise ValueError(f"layer {name!r} has the code -128")
    bits = 8 if reach > 63 else 7  # 7 suffice: where nothing is clipped, both round alike
    nearest = affine_choice.rounded(weight, layer.scales, layer.axis, bits)
    rounded = NEAREST
    if not np.array_equal(nearest, layer.weight):
        rounded = base64.b64encode(zlib.compress(layer.weight.tobytes(), 9)).decode()
    scales = tuple(_shortest(scale) for scale in layer.scales)
    return StoredLayer(bits, layer.axis, scales, tuple(layer.bias.tolist()), rounded)


def _shortest(scale: np.float32) -> float:
    """Return the number with the fewest digits that float32 rounds to ``scale``."""
    short = float(str(scale))
    return short if np.float32(short) == scale else float(scale)


def _encodings(document: Document, model: ir.Model) -> Encodings:
    values = (*model.graph.inputs, *(v for node in model.graph for v in node.outputs))
    _expect_known(document.activations, {str(value.name) for value in values}, "value")
    _expect_known(document.float_nodes, {str(node.name) for node in model.graph}, "node")
    activations = {name: _affine(name, a) for name, a in document.activations.items()}
    floats = frozenset(document.float_nodes)
    _expect_ties(model, activations, floats)
    rescalings = {
        name: Rescaling(np.array(factors.outputs, float), np.array(factors.inputs, float))
        for name, factors in document.rescaled.items()
    }
    nodes = _layers_of(rescale.apply(model, rescalings))
    _expect_known(document.layers, nodes, "layer")
    layers = {
        name: _layer(name, kept, nodes[name], activations) for name, kept in document.layers.items()
    }
    return Encodings(document.graph_sha256, activations, layers, floats, rescalings)


def _affine(name: str, kept: Activation) -> Affine:
    if not _FLOAT32.tiny <= kept.scale <= _FLOAT32.max:
        raise ValueError(f"the scale {kept.scale} of {name!r} is out of bounds")
    affine = Affine(kept.scale, kept.zero_point, kept.bits)
    slack = kept.scale / 1024  # the range is there for people; it may be printed with less digits
    if not (abs(kept.low - affine.low) <= slack and abs(kept.high - affine.high) <= slack):
        raise ValueError(
            f"{name!r} reaches from {affine.low:g} to {affine.high:g} by its scale and zero "
            f"point, but from {kept.low:g} to {kept.high:g} by low and high"
        )
    return affine


def _layer(name: str, kept: StoredLayer, node: ir.Node, activations: Mapping[str, Affine]) -> Layer:
    weight, _ = affine_choice.parameters(node)
    if kept.axis != weight_layers.output_axis(node) or kept.bits not in (7, 8):
        raise ValueError(f"layer {name!r} has axis {kept.axis} and {kept.bits} bits")
    if not np.isfinite(weight).all():
        raise ValueError(f"the factors of layer {name!r} are out of bounds")
    scales = np.array(kept.scales, np.float32)
    codes = np.zeros(weight.shape, np.int8)  # so that the scales are checked before they are used
    layer = Layer(codes, scales, kept.axis, np.array(kept.bias, np.float64))
    source = activations.get(str(g.operand(node, 0).name))
    if source is not None:
        steps = layer.bias_scales(source.scale)
        if not (np.isfinite(steps) & (steps >= _FLOAT32.tiny)).all():
            raise ValueError(f"the scales of layer {name!r} and its input are out of bounds")
    if kept.rounded == NEAREST:
        codes = affine_choice.rounded(weight, scales, kept.axis, kept.bits)
    else:
        codes = _codes(name, kept, weight.shape)
    return dataclasses.replace(layer, weight=codes)


def _codes(name: str, kept: StoredLayer, shape: tuple[int, ...]) -> np.ndarray:
    size = math.prod(shape)
    unpacking = zlib.decompressobj()
    try:
        packed = base64.b64decode(kept.rounded, validate=True)
        raw = unpacking.decompress(packed, size + 1)  # never more, whatever is packed
    except (ValueError, zlib.error) as error:
        raise ValueError(f"the codes of layer {name!r} are no zlib in base64") from error
    if len(raw) != size or not unpacking.eof or unpacking.unused_data:
        raise ValueError(f"the codes of layer {name!r} are not {size} bytes")
    codes = np.frombuffer(raw, np.int8).reshape(shape).copy()
    highest = 2 ** (kept.bits - 1) - 1
    if codes.size and not -highest <= int(codes.min()) <= int(codes.max()) <= highest:
        raise ValueError(f"layer {name!r} has codes of more than {kept.bits} bits")
    return codes


def _expect_size(data: bytes, model: ir.Model) -> None:
    weights = (g.operand(node, 1) for node in _layers_of(model).values())
    if len(data) > _MOST_BYTES + 4 * sum(math.prod(g.shape_of(weight)) for weight in weights):
        raise ValueError(f"{len(data)} bytes are too many for this network")


def _expect_known(names: Iterable[str], known: Iterable[str], kind: str) -> None:
    strange = sorted(set(names) - set(known))
    if strange:
        raise ValueError(f"the network has no {kind} {strange[0]!r}")


def _expect_ties(
    model: ir.Model, activations: Mapping[str, Affine], floats: frozenset[str]
) -> None:
    """Refuse different encodings around a node that only moves stored integers."""
    for node in model.graph:
        if node.name in floats or not operators.of(node).shares_scale:
            continue
        if not quantizable.is_capable(node):
            continue
        tied = [str(v.name) for v in (*weight_layers.dynamic_inputs(node), *node.outputs)]
        found = {activations.get(name) for name in tied}
        if None not in found and len(found) > 1:
            raise ValueError(f"{' and '.join(map(repr, tied))} need the same encoding")


def _layers_of(model: ir.Model) -> dict[str, ir.Node]:
    return {str(node.name): node for node in model.graph if weight_layers.is_layer(node)}
