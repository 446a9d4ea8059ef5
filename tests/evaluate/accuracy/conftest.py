"""Images and a model that is right about them, for all tests of what evaluation counts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edgekit.data import SyntheticImages
from tests.evaluate.accuracy.colours import classifier, drawn


@pytest.fixture
def brightest(tmp_path: Path) -> Path:
    """A model that is right about every image of one colour."""
    return classifier(tmp_path / "brightest.onnx", np.eye(3))


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Four images of one colour each, the last of them with a wrong label."""
    return drawn(tmp_path / "pictures", (0, 1, 2, 0), (0, 1, 2, 1))


@pytest.fixture
def photographs(tmp_path: Path) -> Path:
    """A few synthetic images as files, larger than the input and not square."""
    root = tmp_path / "photographs"
    root.mkdir()
    images = SyntheticImages(12, 48)
    lines = ["file,label"]
    for index, name in enumerate(images.files):
        Image.fromarray(images.pixels(index)[:40]).save(root / f"{name}.png")
        lines.append(f"{name}.png,{index % 10}")
    (root / "labels.csv").write_text("\n".join(lines))
    return root
