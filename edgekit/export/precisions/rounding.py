"""A network with its weights rounded, and what its files must then answer.

The answers are the simulation's, float32 arithmetic on the rounded numbers, so that parity finds
a writer's faults however much the precision itself costs.
"""

from __future__ import annotations

from dataclasses import replace

import onnx_ir as ir
from onnx_ir.passes.common import RemoveUnusedNodesPass

from edgekit.export import parity
from edgekit.export.onnx_writer import plain
from edgekit.export.parity import Arrays
from edgekit.export.precisions.base import Precision
from edgekit.export.sources.source import Source
from edgekit.processes import child

_MOST = 0.9  # of the output's range: beyond it nothing would be wrong any more


def apply(source: Source, precision: Precision, *, verify: bool = True) -> tuple[Source, float]:
    """Return the source in a precision, and the tolerance for its files.

    Args:
        source: the network; it is left as it is, and returned where nothing is rounded.
        precision: from the table.
        verify: whether the answers and the tolerance will be needed.

    Raises:
        WorkerError: ONNX Runtime crashed on the simulation.
    """
    if precision.round_weights is None:
        return source, precision.tolerance
    graph = source.graph.clone()
    precision.round_weights(graph)
    RemoveUnusedNodesPass()(graph)
    if not verify:
        return replace(source, graph=graph), precision.tolerance
    runtime, answers = _run(graph, source)
    tolerance = precision.tolerance
    if precision.simulate is not None:
        simulation = graph.clone()
        precision.simulate(simulation)
        unrounded = answers
        runtime, answers = _run(simulation, source)
        change = parity.compare(runtime, answers, unrounded).max_rel_error
        tolerance = min(tolerance + precision.leeway * change, _MOST)
    reference = f"simulation of {precision.name} on {runtime}"
    return replace(source, graph=graph, reference=reference, answers=answers), tolerance


def _run(graph: ir.Model, source: Source) -> tuple[str, tuple[Arrays, ...]]:
    """Run a graph of standard operators in a child; return the runtime and the answers."""
    with child.scratch_folder() as folder:
        path = folder / "simulation.onnx"
        path.write_bytes(plain.to_bytes(graph, "simulation"))
        info, answers = child.run(path, source.stored(source.feeds))
    return info.runtime_version, tuple(answers)
