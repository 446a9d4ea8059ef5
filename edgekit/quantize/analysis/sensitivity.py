"""How much each layer, alone as an integer, disturbs the network's outputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import onnx_ir as ir

from edgekit.export.graph import nodes as g
from edgekit.export.integer import encoded, quantizable
from edgekit.export.judging.sqnr import Noise
from edgekit.export.onnx_writer import qdq
from edgekit.progress import Step
from edgekit.quantize.candidate import Draft, Say, integer_layers
from edgekit.quantize.running.gathering import Values
from edgekit.quantize.running.segments import Walk, continued


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

    What stands before a layer is computed once for all of them, so each costs no more than the
    rest of the network. Memory is that of one cut through the network times the samples.

    Args:
        draft: the encodings to judge.
        samples: sets of inputs.
        say: takes a short line now and then.
    """
    graph, simulation = draft.floating(), draft.simulation()
    layers = list(integer_layers(graph, draft.encodings))
    given = {name: [sample[name] for sample in samples] for name in samples[0]}
    outputs = _output_names(graph)
    wanted = continued(graph, outputs, given)
    truth = [wanted[name] for name in outputs]
    floats, integers = Walk(graph, samples), Walk(simulation, samples)
    rows = []
    for number, node in enumerate(layers):
        name = str(node.name)
        say(Step("disturbing layers", number, len(layers)))
        floats.before(name)
        known = given | floats.live
        written = stored_output(node)
        exact = continued(graph, [written], known)[written]
        model = alone(draft, node)
        found = continued(model, [*_output_names(model), _rounded(model, written)], known)
        integers.before(name)
        others = _answers(draft.with_float([name]).simulation(), given | integers.live)
        answers = [found[each] for each in _output_names(model)]
        rows.append(
            Sensitivity(
                layer=name,
                operator=node.op_type,
                alone_db=_sqnr_db(truth, answers),
                without_db=_sqnr_db(truth, others),
                output_db=_sqnr_db([exact], [found[_rounded(model, written)]]),
                agreement=_agreement(truth, answers),
            )
        )
    return sorted(rows, key=lambda row: row.alone_db)


def of_outputs(draft: Draft, samples: Sequence[Mapping[str, np.ndarray]]) -> float:
    """Return the SQNR of a draft's outputs, in decibels, over sets of inputs."""
    given = {name: [sample[name] for sample in samples] for name in samples[0]}
    graph = draft.floating()
    outputs = _output_names(graph)
    wanted = continued(graph, outputs, given)
    return _sqnr_db([wanted[name] for name in outputs], _answers(draft.simulation(), given))


def alone(draft: Draft, node: ir.Node) -> ir.Model:
    """Return the simulation in which one layer and what it writes are rounded, nothing else.

    Args:
        draft: the encodings.
        node: a layer of the draft's floating graph.
    """
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
    qdq.add_pairs(graph)
    return graph


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
    return _sqnr_db([truth[name] for name in names], [answers[name] for name in names])


def _sqnr_db(
    truth: Sequence[Sequence[np.ndarray]], answers: Sequence[Sequence[np.ndarray]]
) -> float:
    noise = Noise()
    for wanted, given in zip(truth, answers, strict=True):
        for exact, answer in zip(wanted, given, strict=True):
            noise.add(exact, answer)
    return noise.sqnr_db


def _answers(graph: ir.Model, known: Mapping[str, Values]) -> list[Values]:
    names = _output_names(graph)
    found = continued(graph, names, known)
    return [found[name] for name in names]


def _output_names(graph: ir.Model) -> list[str]:
    return [str(value.name) for value in graph.graph.outputs]


def _rounded(graph: ir.Model, name: str) -> str:
    """Return the name of the rounded form of a value, which is its own where it stays float32."""
    shown = f"{name}_dequantized"
    return shown if any(v.name == shown for node in graph.graph for v in node.outputs) else name


def _agreement(
    truth: Sequence[Sequence[np.ndarray]], answers: Sequence[Sequence[np.ndarray]]
) -> float | None:
    """Return the share of equal top-1 answers over all outputs that are vectors of classes."""
    same: list[bool] = []
    for wanted, given in zip(truth, answers, strict=True):
        for exact, answer in zip(wanted, given, strict=True):
            if exact.ndim == 2 and exact.shape[1] > 1:
                same += (exact.argmax(axis=1) == answer.argmax(axis=1)).tolist()
    return sum(same) / len(same) if same else None
