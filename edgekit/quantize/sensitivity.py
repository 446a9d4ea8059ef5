"""How much each layer, alone as an integer, disturbs the network's outputs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import onnx_ir as ir

from edgekit.export import encoded, onnx_integer, quantizable
from edgekit.export import graph as g
from edgekit.quantize.draft import Draft, Say, integer_layers
from edgekit.quantize.session import GraphSession

_EXACT_DB = 200.0  # stands for outputs that are equal to the last bit


@dataclass(frozen=True)
class Sensitivity:
    """What one layer costs.

    Attributes:
        layer: name of the node.
        operator: its ONNX operator type.
        alone_db: SQNR of the network's outputs with this layer alone on integers: its weights
            and what it writes.
        without_db: the same with all layers but this one on integers.
        output_db: SQNR of what the layer writes, where it alone is on integers.
        agreement: share of the samples with the same top-1 as in float32, this layer alone on
            integers; None where no output is a vector of classes.
    """

    layer: str
    operator: str
    alone_db: float
    without_db: float
    output_db: float
    agreement: float | None


def by_layer(
    draft: Draft, samples: Sequence[Mapping[str, np.ndarray]], say: Say
) -> list[Sensitivity]:
    """Return the sensitivity of every integer layer, the most sensitive first.

    Args:
        draft: the encodings to judge.
        samples: sets of inputs.
        say: takes a short line now and then.
    """
    graph = draft.floating()
    layers = list(integer_layers(graph, draft.encodings))
    outputs = [str(value.name) for value in graph.graph.outputs]
    stored = {str(node.name): stored_output(node) for node in layers}
    truth = _run(graph, [*outputs, *dict.fromkeys(stored.values())], samples)
    rows = []
    for number, node in enumerate(layers):
        name = str(node.name)
        say(f"layer {number + 1} of {len(layers)}")
        alone = _run(_alone(draft, node), [*outputs, stored[name]], samples, rounded=True)
        without = _run(draft.with_float([name]).simulation(), outputs, samples, rounded=True)
        rows.append(
            Sensitivity(
                layer=name,
                operator=node.op_type,
                alone_db=sqnr_db(truth, alone, outputs),
                without_db=sqnr_db(truth, without, outputs),
                output_db=sqnr_db(truth, alone, [stored[name]]),
                agreement=_agreement(truth, alone, outputs),
            )
        )
    return sorted(rows, key=lambda row: row.alone_db)


def stored_output(node: ir.Node) -> str:
    """Return the name of the value in which a layer's result is stored, its activation fused."""
    value = node.outputs[0]
    reader = g.sole_consumer(value)
    if quantizable.is_fused(value) and reader is not None:
        value = reader.outputs[0]
    return str(value.name)


def sqnr_db(
    truth: Mapping[str, Sequence[np.ndarray]],
    answers: Mapping[str, Sequence[np.ndarray]],
    names: Sequence[str],
) -> float:
    """Return the signal to noise ratio over some values, in decibels."""
    signal = noise = 0.0
    for name in names:
        for wanted, given in zip(truth[name], answers[name], strict=True):
            exact = wanted.astype(np.float64)
            signal += float((exact**2).sum())
            noise += float(((given - exact) ** 2).sum())
    if noise == 0 or signal == 0:
        return _EXACT_DB if noise == 0 else -_EXACT_DB
    return min(10 * math.log10(signal / noise), _EXACT_DB)


def _alone(draft: Draft, node: ir.Node) -> ir.Model:
    """Return the simulation in which one layer and what it writes are rounded, nothing else."""
    kept = {str(node.inputs[0].name) if node.inputs[0] else "", stored_output(node)}
    others = set(draft.encodings.layers) - {str(node.name)}
    encodings = replace(
        draft.encodings,
        activations={k: v for k, v in draft.encodings.activations.items() if k in kept},
        float_nodes=draft.encodings.float_nodes | others,
    )
    graph = encoded.simulated(draft.graph, encodings)
    source = node.inputs[0]
    for value in (*graph.graph.inputs, *(v for n in graph.graph for v in n.outputs)):
        if source is not None and value.name == source.name:
            value.meta.pop("affine", None)  # its rounding is another layer's doing
    onnx_integer.add_pairs(graph)
    return graph


def _run(
    graph: ir.Model,
    names: Sequence[str],
    samples: Sequence[Mapping[str, np.ndarray]],
    *,
    rounded: bool = False,
) -> dict[str, list[np.ndarray]]:
    """Return values by name; those that are stored as integers in their rounded form."""
    made = {str(v.name) for node in graph.graph for v in node.outputs}
    shown = {n: f"{n}_dequantized" if rounded and f"{n}_dequantized" in made else n for n in names}
    session = GraphSession(graph, list(shown.values()))
    found: dict[str, list[np.ndarray]] = {name: [] for name in names}
    for sample in samples:
        answers = session.run(sample)
        for name in names:
            found[name].append(answers[shown[name]])
    return found


def _agreement(
    truth: Mapping[str, Sequence[np.ndarray]],
    answers: Mapping[str, Sequence[np.ndarray]],
    names: Sequence[str],
) -> float | None:
    same = [
        bool((wanted.argmax(axis=1) == given.argmax(axis=1)).all())
        for name in names
        for wanted, given in zip(truth[name], answers[name], strict=True)
        if wanted.ndim == 2 and wanted.shape[1] > 1
    ]
    return sum(same) / len(same) if same else None
