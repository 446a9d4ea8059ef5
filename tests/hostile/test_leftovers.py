"""What a killed run leaves goes with the next; what a living one has, stays."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from edgekit.errors import StorageError
from edgekit.export import cache
from edgekit.files import cache_folder, scratch
from edgekit.files.staging import staging

HOLDER = """
import sys, time
from pathlib import Path
from edgekit.files import scratch
with scratch.folder(Path(sys.argv[1])) as made:
    (made / "file").write_text("x")
    print(made, flush=True)
    time.sleep(60)
"""


def _holder(parent: Path) -> tuple[subprocess.Popen[str], Path]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(parent)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    return process, Path(process.stdout.readline().strip())


def test_of_the_dead_and_of_the_living(tmp_path: Path) -> None:
    process, folder = _holder(tmp_path)
    try:
        assert scratch.sweep(tmp_path, "edgekit-") == 0
        assert (folder / "file").exists()
    finally:
        process.kill()
        with process:
            pass
    assert folder.exists()
    with scratch.folder(tmp_path) as own:
        assert not folder.exists()
        assert own.exists()
    assert list(tmp_path.iterdir()) == []


def test_what_is_not_ours_stays(tmp_path: Path) -> None:
    (tmp_path / "edgekit-notes").mkdir()
    (tmp_path / "edgekit-notes" / "mine").write_text("x")
    (tmp_path / "edgekit-file").write_text("x")
    (tmp_path / "edgekit-link").symlink_to(tmp_path / "edgekit-notes")
    old = time.time() - 7200
    os.utime(tmp_path / "edgekit-notes", (old, old))
    assert scratch.sweep(tmp_path, "edgekit-") == 0
    assert (tmp_path / "edgekit-notes" / "mine").exists()


def test_a_folder_whose_owner_died_at_once_goes_when_it_is_old(tmp_path: Path) -> None:
    made = tmp_path / "edgekit-x"
    made.mkdir()
    assert scratch.sweep(tmp_path, "edgekit-") == 0
    old = time.time() - 7200
    os.utime(made, (old, old))
    assert scratch.sweep(tmp_path, "edgekit-") == 1


def test_staging_sweeps_the_output_folder(tmp_path: Path) -> None:
    made = tmp_path / ".edgekit-dead"
    made.mkdir()
    (made / ".owner").write_text("process 1")
    (made / "net.onnx").write_text("half")
    with staging(tmp_path) as stage:
        stage.write("a.txt", b"x")
        stage.commit(force=False)
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_a_cache_that_cannot_be_written_is_refused_before_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("x")
    monkeypatch.setenv("EDGEKIT_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(StorageError, match="EDGEKIT_CACHE"):
        cache.exported("micronet-m0", ["onnx"])
    with pytest.raises(StorageError):
        cache_folder.check_writable(tmp_path / "file")
