"""Run a graph of ours in this process, on ONNX Runtime, and look at any of its values."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

import numpy as np
import onnx
import onnx_ir as ir

from edgekit import runtimes
from edgekit.files import scratch
from edgekit.runtimes import Session


class GraphSession:
    """A graph, loaded; its own outputs are replaced by the values asked for.

    Args:
        model: standard ONNX with static shapes; it is left as it is.
        outputs: names of the values to return; None keeps the graph's outputs.
        threads: threads to compute with; None takes all cores.
    """

    def __init__(
        self, model: ir.Model, outputs: Sequence[str] | None = None, threads: int | None = None
    ) -> None:
        graph = model.clone()
        self._names = {} if outputs is None else _show(graph, outputs)
        self._session = load_graph(ir.to_proto(graph), threads)

    def run(self, feeds: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Return the outputs by name for one set of inputs, float32 NCHW with the graph's batch."""
        answers = self._session.run(feeds)
        return {self._names.get(name, name): values for name, values in answers.items()}


def load_graph(proto: onnx.ModelProto, threads: int | None = None) -> Session:
    """Load a model of ours in this process; everything but rounding is float32.

    Args:
        proto: the model.
        threads: threads to compute with; None takes all cores.
    """
    with scratch.folder() as folder:
        path = folder / "graph.onnx"
        path.write_bytes(proto.SerializeToString())
        session: Session = runtimes.import_runtime("onnxruntime").load(
            path, threads or os.cpu_count() or 1, integer_kernels=False
        )
    return session


def _show(model: ir.Model, names: Sequence[str]) -> dict[str, str]:
    """Make the named values the outputs; return the name of each output that has another."""
    values = {v.name: v for v in model.graph.inputs}
    values |= {v.name: v for node in model.graph for v in node.outputs}
    renamed = {}
    model.graph.outputs.clear()
    for name in names:
        value = values[name]
        if value.is_graph_input():  # an output cannot be an input
            node = ir.node("Identity", [value], name=f"{name}_shown")
            model.graph.append(node)
            (shown,) = node.outputs
            shown.name, shown.shape, shown.type = f"{name}_shown", value.shape, value.type
            renamed[f"{name}_shown"] = name
            value = shown
        model.graph.outputs.append(value)
    return renamed
