"""A signal in the middle of a command: it tidies up, says so in one line, and leaves no half file.

`python -m benchmarks.reliability.kills` does hundreds of these.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.specimens import files

SIGNALS = {signal.SIGTERM: 143, signal.SIGHUP: 129, signal.SIGINT: 130}


@pytest.mark.parametrize("number", SIGNALS)
def test_signals(number: signal.Signals, tmp_path: Path) -> None:
    out, temporary = tmp_path / "out", tmp_path / "tmp"
    temporary.mkdir()
    source = files.tiny_onnx(tmp_path / "net.onnx")
    argv = [sys.executable, "-m", "edgekit", "export", str(source), "-o", str(out)]
    root = str(Path(__file__).parents[2])
    given = {**os.environ, "PYTHONPATH": root, "TMPDIR": str(temporary)}
    given.pop("EDGEKIT_TRACEBACK", None)
    with subprocess.Popen(argv, stderr=subprocess.PIPE, text=True, env=given) as process:
        while process.poll() is None and not list(temporary.glob("edgekit-*")):
            time.sleep(0.02)
        process.send_signal(number)
        _, said = process.communicate(timeout=120)
    assert process.returncode == SIGNALS[number]
    assert "Traceback" not in said
    assert said.splitlines()[-1] == "interrupted"
    assert list(temporary.iterdir()) == []
    assert not out.exists() or list(out.iterdir()) == []
