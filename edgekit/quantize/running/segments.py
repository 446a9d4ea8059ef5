"""Compute parts of a graph on a handful of samples: from node to node, or on from known values.

A `Walk` keeps only the values that later nodes read, so memory is that of one cut through the
network times the number of samples.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import onnx
import onnx_ir as ir

from edgekit.export.stored_weights import writing
from edgekit.quantize.running import parallel
from edgekit.quantize.running.gathering import Values, gathered
from edgekit.quantize.running.session import Graph

_SPENT = np.empty(0, np.float32)


class Walk:
    """A graph on its way, over a fixed set of samples.

    Args:
        model: standard ONNX with static shapes, every node named; it is left as it is.
        samples: inputs by name, one set a sample.
    """

    def __init__(self, model: ir.Model, samples: Sequence[Mapping[str, np.ndarray]]) -> None:
        self._segments = _Segments(model)
        graph = self._segments.graph
        self._nodes = list(graph.node)
        self._places = {node.name: place for place, node in enumerate(self._nodes)}
        self._last_use = {
            name: place for place, node in enumerate(self._nodes) for name in node.input
        }
        self._last_use |= {value.name: len(self._nodes) for value in graph.output}
        self._done = 0
        self._count = len(samples)
        self._live: dict[str, Values] = {
            name: [sample[name] for sample in samples] for name in samples[0]
        }

    def before(self, name: str) -> None:
        """Compute everything that stands before the node called ``name``."""
        self._run(self._places[name])

    def through(self, name: str) -> None:
        """Compute everything up to and including the node called ``name``."""
        self._run(self._places[name] + 1)

    def value(self, name: str) -> Values:
        """Return a value that has been computed and is still to be read, one array a sample.

        The walk takes the arrays out of this list when it has gone past their last reader.
        """
        return self._live[name]

    @property
    def live(self) -> dict[str, Values]:
        """All values that have been computed and are still to be read, by name."""
        return {name: list(values) for name, values in self._live.items()}

    def take(self, name: str, values: Values) -> None:
        """Take these values for what the node called ``name`` makes, which is then not computed.

        Everything before it has been: see `before`.
        """
        place = self._places[name]
        self._done = place + 1
        self._live[self._nodes[place].output[0]] = values
        self._live = {k: v for k, v in self._live.items() if self._last_use.get(k, -1) > place}

    def replace(self, name: str, values: Values) -> None:
        """Let the nodes to come read other values under this name."""
        self._live[name] = values

    def _run(self, stop: int) -> None:
        nodes = self._nodes[self._done : stop]
        if not nodes:
            return
        self._done = stop
        made = [name for node in nodes for name in node.output if name]
        wanted = [name for name in made if self._last_use.get(name, -1) >= stop]
        read = {name for node in nodes for name in node.input}
        inputs = [name for name in self._live if name in read]
        if wanted:
            spent = [name for name in inputs if self._last_use.get(name, -1) < stop]
            self._live |= self._segments.run(nodes, inputs, wanted, self._live, self._count, spent)
        self._live = {k: v for k, v in self._live.items() if self._last_use.get(k, -1) >= stop}


def continued(
    graph: ir.Model, names: Sequence[str], known: Mapping[str, Values]
) -> dict[str, Values]:
    """Return values of a graph, computing only what the known ones do not spare.

    Args:
        graph: standard ONNX with static shapes; it is left as it is.
        names: of the values wanted.
        known: values by name, one array a sample; the graph's inputs among them.
    """
    found = {name: list(known[name]) for name in names if name in known}
    missing = [name for name in dict.fromkeys(names) if name not in known]
    if not missing:
        return found
    segments = _Segments(graph)
    nodes = _leading_to(missing, segments.graph, known)
    read = {name for node in nodes for name in node.input}
    inputs = [name for name in known if name in read]
    count = len(known[inputs[0]]) if inputs else 0
    return found | segments.run(nodes, inputs, missing, known, count)


def _leading_to(
    names: Sequence[str], graph: onnx.GraphProto, known: Mapping[str, Values]
) -> list[onnx.NodeProto]:
    """Return the nodes between the known values and the named ones, in order."""
    wanted = set(names)
    nodes = []
    for node in reversed(graph.node):
        if not wanted.isdisjoint(node.output):
            nodes.append(node)
            wanted.update(name for name in node.input if name not in known)
    return nodes[::-1]


class _Segments:
    """A graph whose parts are run one by one."""

    def __init__(self, model: ir.Model) -> None:
        proto, self._weights = writing.without_weights(model)
        self._proto, self.graph = proto, proto.graph
        values = (*proto.graph.input, *proto.graph.value_info, *proto.graph.output)
        self._types = {value.name: value for value in values}

    def run(
        self,
        nodes: Sequence[onnx.NodeProto],
        inputs: Sequence[str],
        outputs: Sequence[str],
        known: Mapping[str, Values],
        count: int,
        spent: Sequence[str] = (),
    ) -> dict[str, Values]:
        """Return what some nodes make of known values, one array a sample, by name.

        Each sample of the ``spent`` inputs is taken out of ``known`` once it has been read.
        """
        read = {name for node in nodes for name in node.input}
        graph = onnx.helper.make_graph(
            nodes,
            "segment",
            [self._types[name] for name in inputs],
            [self._types[name] for name in outputs],
            [tensor for tensor in self.graph.initializer if tensor.name in read],
        )
        made = onnx.helper.make_model(
            graph, opset_imports=self._proto.opset_import, ir_version=self._proto.ir_version
        )
        loaded = Graph(writing.content(made, self._weights))

        def answers(number: int) -> dict[str, np.ndarray]:
            found = loaded.run({name: known[name][number] for name in inputs})
            for name in spent:
                known[name][number] = _SPENT
            return found

        return gathered(parallel.in_order(answers, range(count)), outputs, count)
