"""What each of a few layers, alone as an integer, costs on images: top-1 points or agreement."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edgekit.data import ImageFolder
from edgekit.errors import RefusedError
from edgekit.evaluate import PairedDifference
from edgekit.export.graph import nodes as g
from edgekit.export.sources import input_bounds
from edgekit.models import Preprocessing
from edgekit.progress import Step
from edgekit.quantize.analysis import sensitivity
from edgekit.quantize.candidate import Draft, Say, integer_layers
from edgekit.quantize.running.session import GraphSession
from edgekit.quantize.samples import filling
from edgekit.quantize.samples.input_form import InputForm

MOST_IMAGES = 300
"""Images shown at most; layers are compared with each other on the same ones."""


@dataclass(frozen=True)
class LayerAccuracy:
    """What one layer costs on images.

    Attributes:
        layer: name of the node.
        images: how many were shown.
        agreement: share of them with the same top-1 as in float32, this layer alone on integers.
        top1_difference: top-1 with this layer on integers less that of float32; None without
            labels.
    """

    layer: str
    images: int
    agreement: float
    top1_difference: PairedDifference | None


def of_layers(
    draft: Draft,
    names: Sequence[str],
    images: ImageFolder,
    preprocessing: Preprocessing | None,
    say: Say,
) -> list[LayerAccuracy]:
    """Return what each named layer costs, in one pass over at most `MOST_IMAGES` images.

    Args:
        draft: the encodings.
        names: of integer layers; all their networks are held in memory.
        images: to show, evenly spaced ones if there are more.
        preprocessing: how pixels become the input; None if unknown.
        say: takes a short line now and then.

    Raises:
        UsageError: nobody knows the preprocessing.
        RefusedError: the network takes no image (reason "not-an-image-model") or does not
            classify (reason "not-a-classifier"), or an image is damaged.
    """
    inputs = list(draft.graph.graph.inputs)
    form = InputForm.of(
        {str(v.name): g.shape_of(v) for v in inputs},
        {str(v.name): input_bounds.kind_of(v) for v in inputs},
    )
    wanted = form.image_preprocessing(preprocessing, images.description)
    shape = g.shape_of(draft.graph.graph.outputs[0])
    if len(shape) != 2 or shape[1] < 2:
        raise RefusedError(
            f"the accuracy of layers is that of a classifier, but the network answers {shape}: "
            "leave out --data",
            reason_code="not-a-classifier",
        )
    shown = images.limited(MOST_IMAGES)
    shown = shown.limited(form.usable(len(shown.files), None, shown.description))
    graph = draft.floating()
    nodes = {str(node.name): node for node in integer_layers(graph, draft.encodings)}
    sessions = [GraphSession(graph)]
    sessions += [GraphSession(sensitivity.alone(draft, nodes[name])) for name in names]
    answers: list[list[int]] = [[] for _ in sessions]
    for number, feed in enumerate(filling.with_images(shown, form, wanted, shown.description)()):
        say(Step("showing images", number * form.batch, len(shown.files)))
        for session, found in zip(sessions, answers, strict=True):
            scores = next(iter(session.run(feed).values()))
            found += scores.argmax(axis=1).tolist()
    return [
        _cost(name, answers[0], found, shown.labels)
        for name, found in zip(names, answers[1:], strict=True)
    ]


def _cost(
    name: str, truth: Sequence[int], found: Sequence[int], labels: Sequence[int] | None
) -> LayerAccuracy:
    same = float(np.mean(np.equal(truth, found)))
    if labels is None:
        return LayerAccuracy(name, len(truth), same, None)
    pairs = Counter(
        (answer == label, exact == label)
        for answer, exact, label in zip(found, truth, labels, strict=True)
    )
    difference = PairedDifference(pairs[True, False], pairs[False, True], len(truth))
    return LayerAccuracy(name, len(truth), same, difference)
