"""Run a graph of ours in this process, on ONNX Runtime, and look at any of its values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

import numpy as np
import onnx_ir as ir

from edgekit import runtimes
from edgekit.export.stored_weights import tensor as stored
from edgekit.export.stored_weights import writing
from edgekit.quantize.running import parallel

Arrays = dict[str, np.ndarray]
T = TypeVar("T")

_MOST_BYTES = 1 << 28  # of the values asked for, of all samples that are computed at a time


class Graph:
    """A loaded model of ours; several threads may run it at a time.

    Args:
        content: the model, serialized; everything but rounding is float32.
    """

    def __init__(self, content: bytes) -> None:
        runtime = runtimes.import_runtime("onnxruntime")
        self._model = runtime.load_graph(content, parallel.threads_of_each())

    @property
    def output_bytes(self) -> int:
        """What the outputs of one run take."""
        return int(self._model.output_bytes)

    def run(self, feeds: Mapping[str, np.ndarray]) -> Arrays:
        """Return the outputs by name for one set of inputs."""
        found: Arrays = self._model.run(feeds)
        return found


class GraphSession:
    """A graph, loaded; its own outputs are replaced by the values asked for.

    Args:
        model: standard ONNX with static shapes; it is left as it is.
        outputs: names of the values to return; None keeps the graph's outputs.
    """

    def __init__(self, model: ir.Model, outputs: Sequence[str] | None = None) -> None:
        graph = model.clone()
        stored.hold(graph)
        self._names = {} if outputs is None else _show(graph, outputs)
        self._graph = Graph(writing.content(*writing.without_weights(graph)))
        fit = _MOST_BYTES // max(self._graph.output_bytes, 1)
        self._at_once = max(1, min(parallel.workers(), fit))

    def run(self, feeds: Mapping[str, np.ndarray]) -> Arrays:
        """Return the outputs by name for one set of inputs, float32 NCHW with the graph's batch."""
        answers = self._graph.run(feeds)
        return {self._names.get(name, name): values for name, values in answers.items()}

    def run_each(self, samples: Iterable[Mapping[str, np.ndarray]]) -> Iterator[Arrays]:
        """Yield what `run` returns for each of the samples, in their order."""
        return self.seen(samples, lambda values: values)

    def seen(
        self, samples: Iterable[Mapping[str, np.ndarray]], look: Callable[[Arrays], T]
    ) -> Iterator[T]:
        """Yield what ``look`` makes of the outputs of each sample, in the samples' order.

        Args:
            samples: sets of inputs, taken as they are needed.
            look: takes what `run` returns; it is called by several threads at a time.
        """
        return parallel.in_order(lambda feeds: look(self.run(feeds)), samples, self._at_once)


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
