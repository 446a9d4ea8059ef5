"""What one request comes to: its recipe, its images, its draft."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from edgekit.data import ImageFolder, folder
from edgekit.errors import InvalidPathError, UnknownNameError, UsageError
from edgekit.export.graph import nodes as g
from edgekit.export.graph import weight_layers
from edgekit.export.integer import quantizable
from edgekit.quantize import recipe
from edgekit.quantize.budget import climb, score
from edgekit.quantize.budget.climb import Outcome
from edgekit.quantize.budget.score import Latency
from edgekit.quantize.build import build
from edgekit.quantize.candidate import Context, Draft, Say
from edgekit.quantize.encodings_file import files
from edgekit.quantize.network import Subject
from edgekit.quantize.recipe import Recipe
from edgekit.quantize.samples.reading import SYNTHETIC_COUNT, Samples

CALIBRATION_IMAGES = 200
"""Taken of a folder when nobody says how many; the rest remains for evaluation."""

_SIXTEEN = ("int16x8", "w8a16")


def recipe_of(
    text: str,
    *,
    per_channel: bool | None,
    precision: str,
    seven_bit: frozenset[str],
    operators: frozenset[str] = frozenset(),
    samples: int | None = None,
) -> Recipe:
    """Return the recipe asked for; what is given beside its text overrides it.

    A number of samples then stands in the description of the samples, not in the recipe.

    Raises:
        UnknownNameError, InvalidPathError, RefusedError: see `edgekit.quantize.recipe.get`.
    """
    found = recipe.get(text)
    if per_channel is not None:
        found = replace(found, per_channel=per_channel)
    if precision in _SIXTEEN:
        found = replace(found, activation_bits=16)
    if operators:
        found = replace(found, operators=operators)
    if samples is not None:
        found = replace(found, samples=None)
    return replace(found, seven_bit=found.seven_bit | seven_bit)


def limit(asked: Recipe, calibration_data: Path | None, count: int | None) -> int | None:
    """Return how many samples to calibrate with at most; None takes all there are.

    Args:
        asked: the recipe; what it says counts where the user says nothing.
        calibration_data: where the samples come from; of a folder of images 200 are enough.
        count: what the user says.
    """
    if count is not None:
        return count
    if calibration_data is None:
        is_fewer = asked.samples is not None and asked.samples < SYNTHETIC_COUNT
        return asked.samples if is_fewer else None
    usual = CALIBRATION_IMAGES if calibration_data.is_dir() else asked.samples
    return usual if asked.samples is None or usual is None else min(usual, asked.samples)


def evaluation_images(
    data: Path | None, calibration_data: Path | None, used: Samples
) -> ImageFolder | None:
    """Return the images to judge by: never one that was calibrated with.

    Args:
        data: folder of them; None takes what ``calibration_data`` has left, if it is a folder.
        calibration_data: where the calibration samples came from.
        used: those samples.

    Returns:
        None where there are no images: synthetic ones then serve.
    """
    where = data if data is not None else calibration_data
    if where is None or not where.is_dir():
        if data is not None:
            raise InvalidPathError(f"{data}: no such folder; --data takes a folder of images")
        return None
    found = folder.read(where)
    same = calibration_data is not None and where.resolve() == calibration_data.resolve()
    if not same:
        return found
    calibrated = frozenset(used.files)
    return None if calibrated.issuperset(found.files) else found.without(calibrated)


def draft_of(
    subject: Subject,
    asked: Recipe,
    samples: Samples,
    images: ImageFolder | None,
    max_drop: float | None,
    say: Say,
    latency: Latency | None = None,
) -> tuple[Draft, Outcome | None]:
    """Carry out a recipe, or search for one that loses no more than ``max_drop`` points.

    Args:
        subject: the network.
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
    _check_layers(subject, asked)

    def built(what: Recipe) -> Draft:
        context = Context(samples, samples.sets, what.per_channel, say)
        return build(subject.graph, what, context)

    if max_drop is None:
        return built(asked), None
    if subject.source.preprocessing is None:
        raise UsageError(
            "--max-drop evaluates the network on images: say with --preprocessing how they "
            "become its input"
        )
    with score.opened(subject.source, images, latency) as bench:
        outcome = climb.climb(asked, max_drop, built, bench.score)
    return outcome.chosen.draft, outcome


def read(path: Path, subject: Subject) -> Draft:
    """Return the draft that an encodings file describes.

    Raises:
        InvalidPathError: there is no such file.
        RefusedError: see `edgekit.quantize.encodings_file.files.loads`.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InvalidPathError(f"cannot read the encodings {path}: {error.strerror}") from error
    return Draft(subject.graph, files.loads(data, subject.graph, str(path)))


def _check_layers(subject: Subject, asked: Recipe) -> None:
    layers = [g.label(node) for node in subject.graph.graph if weight_layers.is_layer(node)]
    for name in sorted(asked.seven_bit):
        if name not in layers:
            raise UsageError(
                f"{subject.source.name} has no layer {name!r} to give 7 bits; it has, for "
                f"example, {', '.join(layers[:3])}"
            )
    types = {node.op_type for node in subject.graph.graph if quantizable.is_capable(node)}
    for name in sorted(asked.operators or ()):
        if name not in types:
            raise UnknownNameError(f"operator of {subject.source.name}", name, sorted(types))
