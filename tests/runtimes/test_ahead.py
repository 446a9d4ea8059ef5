"""Processes that are started before their job is known, and what they spare."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from edgekit.export.sources.onnx_file import READER, isolated
from edgekit.export.sources.shapes import USUAL
from edgekit.processes import child, limited, spawning
from edgekit.runtimes.base import ModelInfo
from tests.specimens import graphs

Processes = list[subprocess.Popen[bytes]]


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Processes:
    """Every process that was started, in order."""
    found: Processes = []

    class Noted(subprocess.Popen[bytes]):
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options)
            found.append(self)

    monkeypatch.setattr(spawning.subprocess, "Popen", Noted)
    return found


@pytest.fixture
def network(tmp_path: Path) -> Path:
    path = tmp_path / "net.onnx"
    text = "g (float[1,4] x) => (float[1,4] y) { y = Relu(x) }"
    onnx.save(graphs.proto(text), path)
    return path


def run(path: Path) -> tuple[ModelInfo, list[dict[str, np.ndarray]]]:
    return child.run(path, [{"x": np.array([[-1, 2, -3, 4]], np.float32)}])


def test_a_reader_that_was_started_ahead_is_the_one_that_reads(
    network: Path, started: Processes
) -> None:
    with limited.ahead(READER):
        (ahead,) = started
        simplified, _ = isolated.read(network, USUAL)
        assert [node.op_type for node in simplified.graph] == ["Relu"]
        assert started == [ahead]
        isolated.read(network, USUAL)  # it reads one file
    assert len(started) == 2


def test_a_worker_that_was_started_ahead_is_the_one_that_runs(
    network: Path, started: Processes
) -> None:
    with child.ahead("onnxruntime"):
        (ahead,) = started
        info, (answer,) = run(network)
        assert info.runtime == "onnxruntime"
        assert answer["y"].tolist() == [[0, 2, 0, 4]]
        assert started == [ahead]


def test_a_worker_waits_for_the_runtime_that_it_knows(network: Path, started: Processes) -> None:
    with child.ahead("tflite"):
        run(network)
        assert len(started) == 2


def test_what_nobody_has_taken_is_ended(started: Processes) -> None:
    with limited.ahead(READER), child.ahead("onnxruntime", "tflite"):
        assert [each.poll() for each in started] == [None] * 3
    assert all(each.poll() is not None for each in started)


def test_a_job_that_fails_ends_the_worker_that_took_it(tmp_path: Path, started: Processes) -> None:
    (tmp_path / "bad.onnx").write_bytes(b"nothing")
    with pytest.raises(Exception, match="cannot load"), child.ahead("onnxruntime"):
        run(tmp_path / "bad.onnx")
    assert [each.poll() is not None for each in started] == [True]


def test_the_reader_imports_the_simplifier_alone() -> None:
    assert _python(
        "deferred_imports.take_alone('onnxsim', 'onnx_simplifier', 'simplify', without='rich')",
        "import onnxsim",
        "print(callable(onnxsim.simplify), 'onnxsim.accuracy' in sys.modules)",
    ) == ["True", "False"]


@pytest.mark.parametrize("part", ["", "other = 1"], ids=["no such module", "no such name"])
def test_a_package_that_is_laid_out_otherwise_is_found_whole(tmp_path: Path, part: str) -> None:
    package = tmp_path / "package"
    package.mkdir()
    (package / "__init__.py").write_text("def work():\n    return 'whole'\n")
    if part:
        (package / "part.py").write_text(part)
    assert _python(
        f"sys.path.insert(0, {str(tmp_path)!r})",
        "deferred_imports.take_alone('package', 'part', 'work', without='json')",
        "import package, json",
        "print(package.work(), json.loads('1'))",
    ) == ["whole", "1"]


def _python(*lines: str) -> list[str]:
    """Return the words that a fresh interpreter prints."""
    code = "\n".join(("import sys", "from edgekit.processes import deferred_imports", *lines))
    return subprocess.check_output([sys.executable, "-c", code], text=True).split()
