"""Names, folders, disks and the cache: all files or none."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from edgekit import export, runtimes
from edgekit.errors import (
    InvalidPathError,
    StorageError,
    UnknownNameError,
    WouldOverwriteError,
)
from edgekit.export import artifact
from edgekit.export import cache as export_cache
from edgekit.export.sources import source
from edgekit.files.staging import staging
from tests.export.files.made import BOTH, SMALL, listing


def test_unknown_names_are_found_before_the_work(small: export.Source, tmp_path: Path) -> None:
    for formats, precision in ((["tflight"], "float32"), (["onnx"], "int4")):
        with pytest.raises(UnknownNameError):
            export.check_request(formats, precision)
    with pytest.raises(UnknownNameError, match="did you mean tflite"):
        export.to_files(small, ["tflight"], tmp_path)
    assert listing(tmp_path) == set()


def test_overwriting_needs_force(small: export.Source, tmp_path: Path) -> None:
    (entry,) = export.to_files(small, ["onnx"], tmp_path)
    assert export.to_files(small, ["onnx"], tmp_path) == [entry], "equal content may stay"
    other = source.resolve(SMALL, seed=1)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(WouldOverwriteError, match="--force"):
        export.to_files(other, BOTH, tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    (forced,) = export.to_files(other, ["onnx"], tmp_path, force=True)
    assert forced.sha256 != entry.sha256
    assert artifact.load(forced.path) == forced


def test_folder_that_cannot_be_used(small: export.Source, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(InvalidPathError, match="choose another"):
        export.to_files(small, ["onnx"], tmp_path / "file" / "out")
    with pytest.raises(InvalidPathError):
        export.to_files(small, ["onnx"], Path("/proc/edgekit"))


def test_full_disk_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with (
        pytest.raises(StorageError, match="No space left"),
        staging(tmp_path / "deep" / "out") as stage,
    ):
        stage.write("model.onnx", b"data")
    assert listing(tmp_path) == set()


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_interruption_leaves_nothing(error: type[BaseException], tmp_path: Path) -> None:
    (tmp_path / "kept.txt").write_text("kept")

    def interrupted() -> None:
        with staging(tmp_path / "out") as stage:
            stage.write("model.onnx", b"data")
            raise error

    with pytest.raises(error):
        interrupted()
    assert listing(tmp_path) == {"kept.txt"}


def test_cache_is_filled_once_and_repaired(cache: Path) -> None:
    said: list[str] = []
    first = export_cache.exported(SMALL, BOTH, said.append)
    assert said
    said.clear()
    assert export_cache.exported(SMALL, BOTH, said.append) == first
    assert not said
    assert all(cache in entry.path.parents for entry in first)
    first[0].path.write_bytes(b"damaged")
    artifact.sidecar_path(first[1].path).write_text("{")
    assert export_cache.exported(SMALL, BOTH, said.append) == first
    assert runtimes.load("tflite", first[1].path).info().partitions == 1
