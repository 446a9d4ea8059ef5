"""Where in a network the values of its integer form go wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import onnx_ir as ir

from edgekit.export.judging.sqnr import Noise
from edgekit.quantize.candidate import Draft
from edgekit.quantize.running.session import GraphSession

_REWRITTEN_DB = 60.0  # what rules change leaves: float32's own rounding is far smaller


def found(
    graph: ir.Model, draft: Draft, samples: Sequence[Mapping[str, np.ndarray]], least_db: float
) -> str:
    """Say which value, in graph order, is the first that is not what it was in float32.

    Args:
        graph: the canonical graph.
        draft: the encodings, and the quantizable graph made of it.
        samples: sets of inputs.
        least_db: signal to noise ratio of a value that is still right.
    """
    names = {v.name for node in graph.graph for v in node.outputs}
    same = [name for name in _float_values(draft.graph) if name in names]
    rewritten = _first(graph, draft.graph, {name: name for name in same}, samples, _REWRITTEN_DB)
    if rewritten is not None:
        return f"the rules that prepare the graph change the value {rewritten}"
    floating, simulation = draft.floating(), draft.simulation()
    made = {str(v.name) for node in simulation.graph for v in node.outputs}
    stored = {n: f"{n}_dequantized" for n in _float_values(floating) if f"{n}_dequantized" in made}
    rounded = _first(floating, simulation, stored, samples, least_db)
    if rounded is None:
        return "every value of the simulation is as it should be, so the file is not"
    return f"the first value to go wrong is {rounded}"


def _float_values(graph: ir.Model) -> list[str]:
    values = (*graph.graph.inputs, *(v for node in graph.graph for v in node.outputs))
    return [str(v.name) for v in values if v.dtype in (None, ir.DataType.FLOAT)]


def _first(
    wanted: ir.Model,
    given: ir.Model,
    pairs: Mapping[str, str],
    samples: Sequence[Mapping[str, np.ndarray]],
    least_db: float,
) -> str | None:
    """Return the first name, and its ratio, of which the second graph's value is not the first's.

    Args:
        wanted: a graph.
        given: another.
        pairs: name in the one to name in the other, in order.
        samples: sets of inputs.
        least_db: signal to noise ratio of a value that is still right.
    """
    if not pairs:
        return None
    noises = {name: Noise() for name in pairs}
    truth, other = GraphSession(wanted, list(pairs)), GraphSession(given, list(pairs.values()))
    for exact, answer in zip(truth.run_each(samples), other.run_each(samples), strict=True):
        for name, noise in noises.items():
            noise.add(exact[name], answer[pairs[name]])
    for name, noise in noises.items():
        if noise.sqnr_db < least_db:
            return f"{name!r} ({noise.sqnr_db:.1f} dB)"
    return None
