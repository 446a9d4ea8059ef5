"""Walk through a graph node by node with a handful of samples, stopping wherever one likes.

Only the values that later nodes read are kept, so memory is that of one cut through the network
times the number of samples.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import onnx
import onnx_ir as ir

from edgekit.quantize.running.session import load_graph
from edgekit.runtimes import Session

Values = list[np.ndarray]  # one array a sample


class Walk:
    """A graph on its way, over a fixed set of samples.

    Args:
        model: standard ONNX with static shapes, every node named; it is left as it is.
        samples: inputs by name, one set a sample.
    """

    def __init__(self, model: ir.Model, samples: Sequence[Mapping[str, np.ndarray]]) -> None:
        self._proto = ir.to_proto(model)
        graph = self._proto.graph
        self._nodes = list(graph.node)
        self._places = {node.name: place for place, node in enumerate(self._nodes)}
        self._constants = {tensor.name: tensor for tensor in graph.initializer}
        self._types = {v.name: v for v in (*graph.input, *graph.value_info, *graph.output)}
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
        """Return a value that has been computed and is still to be read, one array a sample."""
        return self._live[name]

    @property
    def live(self) -> dict[str, Values]:
        """All values that have been computed and are still to be read, by name."""
        return dict(self._live)

    def replace(self, name: str, values: Values) -> None:
        """Let the nodes to come read other values under this name."""
        self._live[name] = values

    def set_constant(self, name: str, array: np.ndarray) -> None:
        """Let the nodes to come read another constant under this name."""
        self._constants[name] = onnx.numpy_helper.from_array(array, name)

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
            session = self._session(nodes, inputs, wanted)
            results: dict[str, Values] = {name: [] for name in wanted}
            for number in range(self._count):
                answers = session.run({name: self._live[name][number] for name in inputs})
                for name in wanted:
                    results[name].append(answers[name])
            self._live |= results
        self._live = {k: v for k, v in self._live.items() if self._last_use.get(k, -1) >= stop}

    def _session(
        self, nodes: list[onnx.NodeProto], inputs: list[str], outputs: list[str]
    ) -> Session:
        read = {name for node in nodes for name in node.input}
        graph = onnx.helper.make_graph(
            nodes,
            "segment",
            [self._types[name] for name in inputs],
            [self._types[name] for name in outputs],
            [tensor for name, tensor in self._constants.items() if name in read],
        )
        model = onnx.helper.make_model(
            graph, opset_imports=self._proto.opset_import, ir_version=self._proto.ir_version
        )
        return load_graph(model)
