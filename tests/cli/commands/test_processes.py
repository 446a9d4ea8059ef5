"""Whole processes: interrupted, killed, without a disk or a reader."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.commands.made import SMALL, one_error_line


def _start(*arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "edgekit", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize(
    "moment",
    [
        *(pytest.param(each, marks=pytest.mark.slow) for each in ("making the weights", "tracing")),
        *("writing onnx", "writing tflite"),
    ],
)
def test_ctrl_c_in_the_middle(moment: str, tmp_path: Path) -> None:
    process = _start("export", SMALL, "-o", tmp_path / "out")
    assert process.stderr is not None
    for line in process.stderr:
        if moment in line:
            break
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "")
    assert err.splitlines()[-1] == "interrupted"
    assert "Traceback" not in err
    assert list(tmp_path.iterdir()) == []


def _worker_of(parent: int) -> int | None:
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rsplit(")", 1)[1].split()
            command = path.with_name("cmdline").read_text()
        except OSError:
            continue  # it ended meanwhile
        if int(fields[1]) == parent and "worker.pyz" in command:
            return int(path.parent.name)
    return None


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="finds the child in /proc")
def test_worker_that_is_killed(tiny: Path) -> None:
    process = _start("latency", tiny, "--min-secs", "20")
    deadline = time.monotonic() + 60
    worker = None
    while worker is None and time.monotonic() < deadline:
        worker = _worker_of(process.pid)
        time.sleep(0.02)
    assert worker is not None
    os.kill(worker, signal.SIGKILL)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (3, "")
    line = one_error_line(err)
    assert "SIGKILL" in line
    assert "tiny.onnx" in line


def test_disk_full(tmp_path: Path) -> None:
    folder = tmp_path / "small"
    folder.mkdir()
    script = (
        f"mount -t tmpfs -o size=200k tmpfs {folder} || exit 77\n"
        f"{sys.executable} -m edgekit export {SMALL} -o {folder}/out\n"
        f"code=$?; ls -A {folder}; exit $code"
    )
    done = subprocess.run(
        ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script],
        capture_output=True,
        text=True,
    )
    if done.returncode == 77 or "unshare" in done.stderr:
        pytest.skip(f"no private mount here: {done.stderr.strip()}")
    assert (done.returncode, done.stdout) == (3, "")
    assert "No space left on device" in one_error_line(done.stderr)


def test_reader_that_stops_early() -> None:
    script = f"{sys.executable} -m edgekit list | head -1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True)
    assert done.stdout.startswith("model")
    assert "Traceback" not in done.stderr
    assert "BrokenPipe" not in done.stderr
