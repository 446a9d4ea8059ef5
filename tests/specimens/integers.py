"""From a small graph to a draft, its files of both formats, and what each of them answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import onnx_ir as ir

from edgekit import runtimes
from edgekit.export import lowering
from edgekit.export.integer import encoded, quantizable
from edgekit.export.onnx_writer import qdq
from edgekit.export.rewriting import rules
from edgekit.export.sources import canonical
from edgekit.quantize import Context, Draft, GraphSession, Recipe, build, recipe
from edgekit.runtimes import ModelInfo
from tests.specimens import graphs

Feed = dict[str, np.ndarray]


def network(text: str, **constants: np.ndarray) -> ir.Model:
    """The quantizable graph of a graph in ONNX's notation."""
    return quantizable.from_canonical(canonical.from_proto(graphs.proto(text, **constants)))


def of_proto(model: onnx.ModelProto) -> ir.Model:
    return quantizable.from_canonical(canonical.from_proto(model))


def noise(graph: ir.Model, count: int = 4, seed: int = 1) -> list[Feed]:
    """Normal noise for the inputs of a graph, a set of inputs each."""
    shapes = {str(v.name): tuple(map(int, v.shape or ())) for v in graph.graph.inputs}
    return [
        {
            name: graphs.weights(*shape, seed=1000 * seed + 10 * i + place)
            for place, (name, shape) in enumerate(shapes.items())
        }
        for i in range(count)
    ]


def context(samples: Sequence[Mapping[str, np.ndarray]], *, per_channel: bool = True) -> Context:
    return Context(lambda: samples, len(samples), per_channel, lambda _: None)


def drafted(
    graph: ir.Model, samples: Sequence[Mapping[str, np.ndarray]], what: str | Recipe = "minmax"
) -> Draft:
    wanted = recipe.parse(what) if isinstance(what, str) else what
    return build(graph, wanted, context(samples, per_channel=wanted.per_channel))


def onnx_bytes(draft: Draft, *, unsigned: bool = False) -> bytes:
    graph = encoded.apply(draft.graph, draft.encodings)
    return qdq.to_bytes(graph, "test", unsigned=unsigned)


def tflite_bytes(draft: Draft, *, integer_io: bool = False) -> graphs.TfliteFile:
    graph = encoded.apply(draft.graph, draft.encodings)
    rules.apply(graph, lowering.TFLITE_INTEGER.rules)
    return graphs.tflite_file(graph, integer_io=integer_io)


def simulated(draft: Draft, feed: Feed) -> list[np.ndarray]:
    """The outputs of the simulation, in the network's order."""
    return list(GraphSession(draft.simulation()).run(feed).values())


def floating(graph: ir.Model, feed: Feed) -> list[np.ndarray]:
    return list(GraphSession(graph).run(feed).values())


def sqnr_db(truth: Sequence[np.ndarray], given: Sequence[np.ndarray]) -> float:
    signal = sum(float((t.astype(np.float64) ** 2).sum()) for t in truth)
    noise = sum(float(((t.astype(np.float64) - a) ** 2).sum()) for t, a in zip(truth, given))  # noqa: B905
    return float(10 * np.log10(signal / max(noise, 1e-30)))


def quality_db(draft: Draft, feeds: Sequence[Feed]) -> float:
    """SQNR of the simulation's outputs to those of the float network."""
    session, rounded = GraphSession(draft.graph), GraphSession(draft.simulation())
    truth = [value for feed in feeds for value in session.run(feed).values()]
    return sqnr_db(truth, [value for feed in feeds for value in rounded.run(feed).values()])


@dataclass(frozen=True, eq=False)
class Answers:
    """What a draft's simulation and files answer to one set of inputs, by output name."""

    wanted: Feed
    onnx: Feed
    tflite: Feed
    steps: dict[str, float]
    info: ModelInfo

    def worst_steps(self) -> float:
        """The largest difference of either file from the simulation, in steps of the output."""
        return max(
            float(np.abs(file[name] - truth).max()) / self.steps[name]
            for file in (self.onnx, self.tflite)
            for name, truth in self.wanted.items()
        )


def answers(draft: Draft, feed: Feed, folder: Path) -> Answers:
    names = [str(value.name) for value in draft.graph.graph.outputs]
    wanted = dict(zip(names, simulated(draft, feed), strict=True))
    affines = draft.encodings.activations
    steps = {
        # An output that stays float32 is compared as a part of its range.
        name: affines[name].scale if name in affines else float(np.ptp(wanted[name])) / 255
        for name in names
    }
    in_tflite = graphs.run_tflite(tflite_bytes(draft), feed, folder)
    info = runtimes.load("tflite", folder / "model.tflite").info()
    return Answers(wanted, graphs.run_onnx(onnx_bytes(draft), feed, folder), in_tflite, steps, info)


def assert_same_function(graph: ir.Model, other: ir.Model, feeds: list[Feed]) -> None:
    for feed in feeds:
        for wanted, given_ in zip(floating(graph, feed), floating(other, feed), strict=True):
            span = float(np.abs(wanted).max())
            np.testing.assert_allclose(given_, wanted, rtol=2e-4, atol=2e-4 * span)


def originals(
    text: str, constants: Mapping[str, np.ndarray], fed: Sequence[Feed], folder: Path
) -> list[Feed]:
    """What ONNX Runtime makes of a graph in ONNX's notation."""
    data = graphs.proto(text, **constants).SerializeToString()
    return [graphs.run_onnx(data, feed, folder) for feed in fed]
