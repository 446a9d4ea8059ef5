"""Cross-layer equalization: factors for the channels between layers that even out their ranges.

After Nagel et al., Data-Free Quantization (2019, arXiv 1906.04721), with two differences. The
factors balance what is stored with one scale: with per-channel weights a layer's outputs scale
freely, so the activations are evened out against the columns of the weights that read them (as
SmoothQuant does, 2022, arXiv 2211.10438). And channels are classes over the whole graph, so
residual sums and concatenations take part.

ReLU6: a clip stays where it is, so a channel that reaches the bound on the calibration samples
keeps its factor of 1, and no other channel is scaled up so far that it would reach it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np
import onnx_ir as ir

from edgekit.errors import RefusedError
from edgekit.export.graph import nodes as g
from edgekit.export.graph import weight_layers
from edgekit.export.integer import quantizable, rescale
from edgekit.export.integer.rescale import Rescaling
from edgekit.quantize.rungs.equalize.channels import Channels, classes
from edgekit.quantize.running import infinities
from edgekit.quantize.running.session import GraphSession

_MOST = 2.0**10  # of a factor: beyond it lies a dead channel
_MOST_GAIN = 64.0  # of stored output over accumulator; XNNPACK's integer kernels stop at 256
_REACHED = 0.999  # of a clip's bound
_ROUNDS = 8  # two pairs that share a layer disturb each other, half as much each time


def factors(
    model: ir.Model,
    samples: Iterable[Mapping[str, np.ndarray]],
    *,
    per_channel: bool,
) -> dict[str, Rescaling]:
    """Return a rescaling for every layer of a quantizable graph that gains by one.

    Args:
        model: the graph, not rescaled yet.
        samples: inputs by name, from which the ranges of the channels are taken.
        per_channel: whether weights have one scale for each output channel.

    Raises:
        RefusedError: a value is NaN or infinite (reason "not-finite").
    """
    found = classes(model)
    reach = _reach(model, samples, found)
    found = replace(found, free=found.free & np.isfinite(reach))
    reach = np.where(np.isfinite(reach), reach, 0.0)
    chosen = np.ones(found.free.size)
    for _ in range(1 if per_channel else _ROUNDS):
        scaled = rescale.apply(model, _rescalings(model, found, chosen))
        chosen = chosen * _more(scaled, found, reach * chosen, per_channel=per_channel)
    return _rescalings(model, found, chosen)


def _more(model: ir.Model, found: Channels, reach: np.ndarray, *, per_channel: bool) -> np.ndarray:
    """Return a factor for every class by the ranges that it has now."""
    size = found.free.size
    produced, consumed, dense = np.zeros(size), np.zeros(size), np.zeros(size, bool)
    made, read = np.zeros(size, bool), np.zeros(size, bool)
    most = np.full(size, _MOST)
    for node in model.graph:
        if not weight_layers.is_layer(node):
            continue
        rows, columns = _ranges(node)
        outputs, inputs = found.of[_name(node.outputs[0])], found.of[_name(node.inputs[0])]
        np.maximum.at(produced, outputs, rows)
        np.minimum.at(most, outputs, _most_factors(rows, reach[inputs], reach[outputs]))
        np.maximum.at(consumed, inputs, columns / (columns.max() or 1.0))
        made[outputs], read[inputs] = True, True
        dense[inputs] |= not per_channel or not _is_depthwise(node)
    usable = found.free & made & read & (reach > 0)
    usable &= ~(reach >= _REACHED * found.ceilings)
    with np.errstate(divide="ignore", invalid="ignore"):
        if per_channel:
            ideal = np.where(dense, np.sqrt(consumed / reach), 1 / reach)
        else:
            ideal = np.sqrt(consumed / produced)
    usable &= np.isfinite(ideal) & (ideal > 0)
    chosen = np.where(usable, ideal, 1.0)
    return _settled(model, found, reach, chosen, usable, most)


def _settled(
    model: ir.Model,
    found: Channels,
    reach: np.ndarray,
    chosen: np.ndarray,
    usable: np.ndarray,
    most: np.ndarray,
) -> np.ndarray:
    """Bring the factors of each connected tensor to a common level, below every clip's bound."""
    result = chosen.copy()
    groups = _components(model, found)
    for group in groups:
        mine = group[usable[group]]
        if not mine.size:
            continue
        fixed = group[~usable[group] & (reach[group] > 0)]
        level = np.max(reach[group])  # what the tensor's range is now
        scaled = reach[mine] * chosen[mine]
        result[mine] = chosen[mine] * level / scaled.max()
        if fixed.size:
            result[mine] = np.maximum(result[mine], 1.0)
        limits = np.minimum(level / reach[mine], most[mine])
        ceiling = found.ceilings[mine]
        bound = np.where(np.isfinite(ceiling), ceiling * _REACHED / reach[mine], np.inf)
        result[mine] = np.clip(result[mine], 1 / _MOST, np.minimum(limits, bound))
    return result


def _most_factors(rows: np.ndarray, inputs: np.ndarray, outputs: np.ndarray) -> np.ndarray:
    """Return the factors at which a layer's steps become too coarse for what it writes."""
    steps = rows * inputs.max(initial=0.0) / 127
    most: np.ndarray = np.full(rows.size, _MOST)
    np.divide(_MOST_GAIN * outputs.max(initial=0.0), steps, out=most, where=steps > 0)
    return np.where(most > 0, most, _MOST)  # outputs of nothing but zeros set no limit


def _components(model: ir.Model, found: Channels) -> list[np.ndarray]:
    """Group the classes that share a stored tensor."""
    parent = list(range(found.free.size))

    def root(number: int) -> int:
        while parent[number] != number:
            number = parent[number]
        return number

    for value in (v for node in model.graph for v in node.outputs):
        members = found.of[_name(value)]
        for other in members[1:].tolist():
            parent[root(other)] = root(int(members[0]))
    roots = np.array([root(number) for number in range(len(parent))])
    order = np.argsort(roots, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(roots[order])) + 1)


def _reach(
    model: ir.Model, samples: Iterable[Mapping[str, np.ndarray]], found: Channels
) -> np.ndarray:
    """Return the largest magnitude of each class in any value that is stored.

    Of channels that pass a mask, it is infinite.
    """
    names = [_name(v) for n in model.graph for v in n.outputs if not quantizable.is_fused(v)]
    reach, masks = np.zeros(found.free.size), infinities.allowed(model)
    for seen in GraphSession(model, names).seen(samples, _largest):
        for name, largest in seen.items():
            members = found.of[name]
            if largest.size != members.size:
                continue
            if not np.isfinite(largest).all() and name not in masks:
                raise RefusedError(
                    f"{name} cannot be calibrated: a sample gives NaN or infinity; look for an "
                    "overflow or a division by zero before it",
                    reason_code="not-finite",
                )
            np.maximum.at(reach, members, largest)
    return reach


def _largest(values: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the largest magnitude of each channel, by name; of floating-point maps and rows."""
    found = {}
    for name, array in values.items():
        if array.ndim > 1 and array.dtype.kind == "f":
            axes = tuple(axis for axis in range(array.ndim) if axis != 1)
            found[name] = np.maximum(array.max(axis=axes), -array.min(axis=axes))
    return found


def _ranges(node: ir.Node) -> tuple[np.ndarray, np.ndarray]:
    """Return the largest weight of each output channel and of each input channel."""
    weight = g.constant(node.inputs[1])
    if weight is None:
        raise ValueError(f"{g.label(node)!r} is no layer")
    axis = weight_layers.output_axis(node)
    magnitude = np.abs(weight).astype(np.float64)
    rows = magnitude.max(axis=tuple(a for a in range(weight.ndim) if a != axis))
    inputs = rescale.input_channels(node)
    places = np.broadcast_to(rescale.per_weight(node, np.arange(inputs)), weight.shape)
    columns = np.zeros(inputs)
    np.maximum.at(columns, places.astype(np.intp).ravel(), magnitude.ravel())
    return rows, columns


def _is_depthwise(node: ir.Node) -> bool:
    return node.op_type == "Conv" and g.shape_of(g.operand(node, 1))[1] == 1


def _rescalings(model: ir.Model, found: Channels, chosen: np.ndarray) -> dict[str, Rescaling]:
    result = {}
    for node in model.graph:
        if weight_layers.is_layer(node):
            outputs = chosen[found.of[_name(node.outputs[0])]]
            inputs = chosen[found.of[_name(node.inputs[0])]]
            if (outputs != 1).any() or (inputs != 1).any():
                result[str(node.name)] = Rescaling(outputs, inputs)
    return result


def _name(value: ir.Value | None) -> str:
    return str(None if value is None else value.name)
