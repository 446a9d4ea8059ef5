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
from edgekit.quantize.running import memory, simulation
from edgekit.quantize.running.gathering import Values
from edgekit.quantize.running.observe import Feeds
from edgekit.quantize.running.segments import Walk

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
        layer = self.layer
        return simulation.single(self.node, layer.real_weight, self._bias(layer), self.inputs)

    def revised(self, layer: Layer) -> Stop:
        """Return the stop with another encoding.

        Where the bias alone is another, the arrays of `given`, if there are any, become its own.
        """
        result = replace(self, layer=layer)
        same = layer.weight is self.layer.weight and layer.scales is self.layer.scales
        if same and "given" in vars(self):
            shift = self._bias(layer) - self._bias(self.layer)
            for values in self.given:
                values += shift.reshape(-1, *[1] * (values.ndim - 2))
            vars(result)["given"] = self.given
        return result

    def _bias(self, layer: Layer) -> np.ndarray:
        scales = layer.bias_scales(self.input_scale).astype(np.float64)
        return np.asarray(layer.stored_bias(self.input_scale) * scales, np.float32)


def layer_by_layer(
    draft: Draft,
    samples: Sequence[Mapping[str, np.ndarray]],
    *revisions: Callable[[Stop], Layer],
    say: Callable[[int, int], None] = lambda _done, _total: None,
    reads_inputs: bool = True,
) -> Draft:
    """Revise every integer layer in turn, each seeing what the revised ones before it make.

    Args:
        draft: where to start.
        samples: sets of inputs; all are held in memory.
        revisions: each takes a stop and returns the layer to go on with, one after the other.
        say: takes the number of layers that are revised, and of all, before each.
        reads_inputs: the revisions look at what a layer is given; else there is one revision, of
            the bias, and the stops have no inputs.
    """
    memory.let_go()
    graph = draft.floating()
    wanted, given = Walk(graph, samples), Walk(draft.simulation(), samples)
    layers: dict[str, Layer] = {}
    nodes = list(integer_layers(graph, draft.encodings))
    for node in nodes:
        say(len(layers), len(nodes))
        name, source = str(node.name), str(g.operand(node, 0).name)
        wanted.through(name)
        if reads_inputs:
            given.before(name)
        else:
            given.through(name)
        stop = Stop(
            node,
            draft.encodings.layers[name],
            given.value(f"{source}_dequantized") if reads_inputs else [],
            wanted.value(str(node.outputs[0].name)),
            draft.encodings.activations[source].scale,
        )
        if not reads_inputs:  # the walk has just computed it, in the same session
            vars(stop)["given"] = given.value(str(node.outputs[0].name))
        for revise in revisions:
            stop = stop.revised(revise(stop))
        layers[name] = stop.layer
        given.take(name, stop.given)
        del stop  # what it holds is not to be in memory beside what comes next
    return draft.with_layers(layers)


def integer_layers(graph: ir.Model, encodings: Encodings) -> Iterator[ir.Node]:
    """Yield the layers of a quantizable graph that compute on integers, in graph order."""
    for node in graph.graph:
        if node.name in encodings.layers and node.name not in encodings.float_nodes:
            yield node
