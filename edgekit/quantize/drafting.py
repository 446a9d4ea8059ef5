"""From a network, a recipe and samples to a draft, perhaps by a search; or from a file to one."""

from __future__ import annotations

from pathlib import Path

from edgekit.data import ImageFolder
from edgekit.errors import InvalidPathError, UnknownNameError, UsageError
from edgekit.export.graph import nodes as g
from edgekit.export.graph import weight_layers
from edgekit.export.integer import quantizable
from edgekit.files import reading
from edgekit.quantize.budget import climb, score
from edgekit.quantize.budget.climb import Outcome
from edgekit.quantize.budget.score import Latency
from edgekit.quantize.build import build
from edgekit.quantize.candidate import Context, Draft, Say
from edgekit.quantize.encodings_file import files
from edgekit.quantize.network import Network
from edgekit.quantize.recipe import Recipe
from edgekit.quantize.samples.reading import CalibrationSamples


def draft_of(
    network: Network,
    asked: Recipe,
    samples: CalibrationSamples,
    images: ImageFolder | None,
    max_drop: float | None,
    say: Say,
    latency: Latency | None = None,
) -> tuple[Draft, Outcome | None]:
    """Carry out a recipe, or search for one that loses no more than ``max_drop`` points.

    Args:
        network: to quantize.
        asked: the recipe, or where the search starts.
        samples: to calibrate with.
        images: to judge by; None takes synthetic ones. Only a search looks at them.
        max_drop: see `edgekit.quantize.budget.climb.climb`; None searches for nothing.
        say: takes a short line before each step.
        latency: what the search measures beside the loss; None measures nothing.

    Raises:
        UsageError: a seven-bit layer does not exist, or a search cannot evaluate the network.
        UnknownNameError: the network has no operator of a type that shall be quantized.
        RefusedError: weights or values are NaN or infinite (reason "not-finite").
    """
    _check_layers(network, asked)

    def built(what: Recipe) -> Draft:
        context = Context(samples, samples.sets, what.per_channel, say)
        return build(network.graph, what, context)

    if max_drop is None:
        return built(asked), None
    if network.source.preprocessing is None:
        raise UsageError(
            "--max-drop evaluates the network on images: say with --preprocessing how they "
            "become its input"
        )
    with score.opened(network.source, images, latency) as bench:
        outcome = climb.climb(asked, max_drop, built, bench.score)
    return outcome.chosen.draft, outcome


def read_encodings(path: Path, network: Network) -> Draft:
    """Return the draft that an encodings file describes.

    Raises:
        InvalidPathError: there is no such file.
        RefusedError: see `edgekit.quantize.encodings_file.files.loads`.
    """
    try:
        data = reading.content(path, reading.MOST_TEXT_BYTES)
    except OSError as error:
        raise InvalidPathError(f"cannot read the encodings {path}: {error.strerror}") from error
    return Draft(network.graph, files.loads(data, network.graph, str(path)))


def _check_layers(network: Network, asked: Recipe) -> None:
    layers = [g.label(node) for node in network.graph.graph if weight_layers.is_layer(node)]
    for name in sorted(asked.seven_bit):
        if name not in layers:
            raise UsageError(
                f"{network.source.name} has no layer {name!r} to give 7 bits; it has, for "
                f"example, {', '.join(layers[:3])}"
            )
    types = {node.op_type for node in network.graph.graph if quantizable.is_capable(node)}
    for name in sorted(asked.operators or ()):
        if name not in types:
            raise UnknownNameError(f"operator of {network.source.name}", name, sorted(types))
