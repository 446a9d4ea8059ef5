"""One bundle of a tiny classifier in every kind of file, for all tests that only read it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from edgekit import bundle
from edgekit.bundle import Built, BundleRequest
from edgekit.quantize import QuantizeRequest
from edgekit.quantize import run as quantize
from tests.bundle.test_metadata import LABELS
from tests.specimens import classifiers


@pytest.fixture(scope="session")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Float files of both formats, and a .tflite of integers from input to output."""
    folder = tmp_path_factory.mktemp("exported")
    files = classifiers.brightest(folder, classifiers.BGR)
    source = folder / "brightest.source.onnx"
    made = quantize(
        QuantizeRequest(
            str(source),
            recipe="minmax",
            preprocessing="raw",
            folder=folder,
            formats=("tflite",),
            integer_io=True,
        )
    ).artifacts
    classifiers.with_record(made[0], classifiers.BGR)
    (folder / "labels.txt").write_text("".join(f"{label}\n" for label in LABELS))
    assert set(files) == {"onnx", "tflite"}
    return folder


def request_of(exported: Path, folder: Path, *patterns: str, **more: object) -> BundleRequest:
    chosen = patterns or ("*float32.onnx", "*float32.tflite", "*int8.tflite")
    files = tuple(str(next(exported.glob(pattern))) for pattern in chosen)
    return BundleRequest(files, folder, labels=exported / "labels.txt", **more)  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def built(exported: Path, tmp_path_factory: pytest.TempPathFactory) -> Built:
    return bundle.build(request_of(exported, tmp_path_factory.mktemp("built"), as_zip=True))


@pytest.fixture
def copied(built: Built, tmp_path: Path) -> Path:
    """A bundle to damage."""
    return Path(shutil.copytree(built.path, tmp_path / built.path.name))
