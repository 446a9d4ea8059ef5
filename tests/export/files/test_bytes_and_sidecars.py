"""The same input gives the same bytes, and sidecars say which."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from edgekit import export
from edgekit.errors import (
    UnreadableModelError,
)
from edgekit.export import artifact
from edgekit.export.sources import source
from tests.export.files.made import BOTH, SMALL


def test_equal_input_gives_equal_bytes_in_another_process(
    small: export.Source, tmp_path: Path
) -> None:
    here = export.to_files(small, BOTH, tmp_path / "here")
    script = (
        "import sys; from pathlib import Path; from edgekit import export\n"
        "from edgekit.export.sources import source\n"
        f"export.to_files(source.resolve({SMALL!r}), {BOTH!r}, Path(sys.argv[1]))"
    )
    other = tmp_path / "other"
    environment = {**os.environ, "PYTHONHASHSEED": "7", "OMP_NUM_THREADS": "2"}
    subprocess.run([sys.executable, "-c", script, str(other)], check=True, env=environment)
    for entry in here:
        for path in (entry.path, artifact.sidecar_path(entry.path)):
            assert path.read_bytes() == (other / path.name).read_bytes(), path.name


def test_seed_changes_the_weights(small: export.Source, tmp_path: Path) -> None:
    (first,) = export.to_files(small, ["onnx"], tmp_path / "0")
    (second,) = export.to_files(source.resolve(SMALL, seed=1), ["onnx"], tmp_path / "1")
    assert first.sha256 != second.sha256
    assert (first.weights, second.weights) == ("untrained (seed 0)", "untrained (seed 1)")


def test_sidecar_round_trip(small: export.Source, tmp_path: Path) -> None:
    for entry in export.to_files(small, BOTH, tmp_path):
        assert artifact.load(entry.path) == entry
        document = json.loads(artifact.sidecar_path(entry.path).read_text())
        assert (document["schema"], document["verified"]) == ("edgekit.artifact", "passed")
        assert document["inputs"][0]["layout"] == ("NCHW" if entry.format == "onnx" else "NHWC")
        assert set(document["tools"]) >= {"torch", "onnx", "onnxruntime", "ai-edge-litert"}


def test_sidecar_of_other_content_is_not_believed(small: export.Source, tmp_path: Path) -> None:
    (entry,) = export.to_files(small, ["onnx"], tmp_path)
    entry.path.write_bytes(entry.path.read_bytes() + b"\0")
    assert artifact.load(entry.path) is None


@pytest.mark.parametrize("damage", ["{", '{"schema": "other", "schema_version": 1}', "[]"])
def test_damaged_sidecar_is_an_error(damage: str, small: export.Source, tmp_path: Path) -> None:
    (entry,) = export.to_files(small, ["onnx"], tmp_path)
    artifact.sidecar_path(entry.path).write_text(damage)
    with pytest.raises(UnreadableModelError, match="export the model again"):
        artifact.load(entry.path)


def test_no_verify_is_marked(small: export.Source, tmp_path: Path) -> None:
    (entry,) = export.to_files(small, ["tflite"], tmp_path, verify=False)
    assert (entry.parity, entry.verified) == (None, "skipped")
    assert entry.partitions == 1
