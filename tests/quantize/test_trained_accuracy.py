"""Trained networks on real images: what int8 leaves of their accuracy on both runtimes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgekit import models, quantize, runtimes
from edgekit.data import folder
from edgekit.export import QuantizationRecord, parity
from edgekit.quantize import Context, build, recipe
from edgekit.quantize.samples import reading
from tests.specimens import integers

SHIPPED = [name for name in models.names() if models.get(name).trained]


CALIBRATED, EVALUATED = 100, 1000


@pytest.fixture(scope="module")
def test_set(cifar10: Path) -> tuple[np.ndarray, np.ndarray]:
    """Images, uint8 (N, 32, 32, 3), and their labels."""
    listed = folder.read(cifar10 / "test")
    pixels = np.stack([listed.pixels(number) for number in range(len(listed.files))])
    return pixels, np.array(listed.labels)


@pytest.mark.parametrize("name", SHIPPED)
def test_trained_networks_keep_their_accuracy_on_both_runtimes(
    name: str, cifar10: Path, test_set: tuple[np.ndarray, np.ndarray], tmp_path: Path
) -> None:
    subject = quantize.prepare(name)
    preprocessing = subject.source.preprocessing
    assert preprocessing is not None
    shown = reading.read(cifar10 / "train", subject.inputs, preprocessing, CALIBRATED)
    assert shown.count == CALIBRATED
    context = Context(shown, shown.sets, True, lambda _: None)
    draft = build(subject.graph, recipe.get("default"), context)
    origin = QuantizationRecord("default", shown.description)
    entries = quantize.to_files(subject.source, draft, origin, quantize.FileSettings(tmp_path))
    pixels, labels = test_set
    assert len(labels) == EVALUATED
    (source,) = subject.inputs
    sessions = [
        quantize.GraphSession(subject.graph),
        *(runtimes.load(entry.format, entry.path, exact_sums=True) for entry in entries),
    ]
    scores: list[list[np.ndarray]] = [[] for _ in sessions]
    for image in preprocessing.apply(pixels):
        feed = {source: image[None]}
        for kept, session, like in zip(scores, sessions, ("", "", "nhwc"), strict=True):
            answer = session.run(parity.to_nhwc(feed, feed) if like else feed)
            kept.append(next(iter(answer.values()))[0])
    in_float, in_onnx, in_tflite = map(np.array, scores)
    before, *after = (100 * (each.argmax(1) == labels).mean() for each in map(np.array, scores))
    card = models.get(name).trained
    assert card is not None
    assert before == pytest.approx(card.top1_percent, abs=6)
    assert min(after) >= before - 1.5
    assert (in_onnx.argmax(1) == in_tflite.argmax(1)).mean() >= 0.99
    assert integers.sqnr_db([in_onnx], [in_tflite]) >= 30
    assert integers.sqnr_db([in_float], [in_onnx]) >= 15
