"""A network on its way to integers, and what a rung of the ladder may look at."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import onnx_ir as ir

from edgekit.export.graph import nodes as g
from edgekit.export.integer import rescale
from edgekit.export.integer.encodings import Encodings, Layer
from edgekit.progress import Tell
from edgekit.quantize.running import simulation
from edgekit.quantize.running.observe import Feeds
from edgekit.quantize.running.segments import Values, Walk

Say = Tell


@dataclass(frozen=True, eq=False)
class Draft:
    """Encodings, complete at any time, and the graph that they are of.

    Attributes:
        graph: the quantizable graph as it was made; rungs never change it.
        encodings: so far.
    """

    graph: ir.Model
    encodings: Encodings

    def floating(self) -> ir.Model:
        """Return the float graph with the channels rescaled as in the encodings."""
        return rescale.apply(self.graph, self.encodings.rescalings)

    def simulation(self) -> ir.Model:
        """Return what the integer files compute; see `edgekit.quantize.running.simulation`."""
        return simulation.of(self.graph, self.encodings)

    def with_layers(self, layers: Mapping[str, Layer]) -> Draft:
        """Return a draft in which some layers are others."""
        changed = {**self.encodings.layers, **layers}
        return replace(self, encodings=replace(self.encodings, layers=changed))

    def with_float(self, names: Sequence[str]) -> Draft:
        """Return a draft in which some more nodes stay float32."""
        names_of_all = self.encodings.float_nodes | set(names)
        return replace(self, encodings=replace(self.encodings, float_nodes=names_of_all))


@dataclass(frozen=True, eq=False)
class Context:
    """What a rung has to work with.

    Attributes:
        samples: starts a pass over the calibration samples.
        count: how many there are.
        per_channel: whether weights have one scale for each output channel.
        say: takes a short line before each step.
    """

    samples: Feeds
    count: int
    per_channel: bool
    say: Say

    def few(self, most: int) -> list[Mapping[str, np.ndarray]]:
        """Return at most ``most`` sample sets, evenly spaced, to be held in memory."""
        kept = {number * self.count // most for number in range(most)}
        if most >= self.count:
            kept = set(range(self.count))
        return [sample for number, sample in enumerate(self.samples()) if number in kept]


@dataclass(frozen=True, eq=False)
class Stop:
    """One layer on the way through the network, the float and the integer form side by side.

    Attributes:
        node: the layer, of the rescaled float graph.
        layer: its encoding so far.
        inputs: what the integer network gives it, one float32 array a sample.
        wanted: what it gives in the float network, before any activation.
        input_scale: of the integers that it is given.
    """

    node: ir.Node
    layer: Layer
    inputs: Values
    wanted: Values
    input_scale: float

    @cached_property
    def given(self) -> Values:
        """What the layer gives in the integer network as it is, before any activation."""
        return self._applied(self.layer)

    def outputs(self, revised: Layer) -> Values:
        """Return what the layer gives with another encoding, before any activation.

        Where the bias alone is another, the arrays of `given` are used for it.
        """
        if revised.weight is not self.layer.weight or revised.scales is not self.layer.scales:
            return self._applied(revised)
        shift = self._bias(revised) - self._bias(self.layer)
        for values in self.given:
            values += shift.reshape(-1, *[1] * (values.ndim - 2))
        return self.given

    def _applied(self, layer: Layer) -> Values:
        return simulation.single(self.node, layer.real_weight, self._bias(layer), self.inputs)

    def _bias(self, layer: Layer) -> np.ndarray:
        scales = layer.bias_scales(self.input_scale).astype(np.float64)
        return np.asarray(layer.stored_bias(self.input_scale) * scales, np.float32)


def layer_by_layer(
    draft: Draft,
    samples: Sequence[Mapping[str, np.ndarray]],
    revise: Callable[[Stop], Layer],
) -> Draft:
    """Revise every integer layer in turn, each seeing what the revised ones before it make.

    Args:
        draft: where to start.
        samples: sets of inputs; all are held in memory.
        revise: takes a stop and returns the layer to go on with.
    """
    graph = draft.floating()
    wanted, given = Walk(graph, samples), Walk(draft.simulation(), samples)
    layers = {}
    for node in integer_layers(graph, draft.encodings):
        name, source = str(node.name), str(g.operand(node, 0).name)
        wanted.through(name)
        given.before(name)
        stop = Stop(
            node,
            draft.encodings.layers[name],
            given.value(f"{source}_dequantized"),
            wanted.value(str(node.outputs[0].name)),
            draft.encodings.activations[source].scale,
        )
        layers[name] = revise(stop)
        given.take(name, stop.outputs(layers[name]))
        del stop  # what it holds is not to be in memory beside what comes next
    return draft.with_layers(layers)


def integer_layers(graph: ir.Model, encodings: Encodings) -> Iterator[ir.Node]:
    """Yield the layers of a quantizable graph that compute on integers, in graph order."""
    for node in graph.graph:
        if node.name in encodings.layers and node.name not in encodings.float_nodes:
            yield node
