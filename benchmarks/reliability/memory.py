"""Peak memory of an export, all its processes together, beside the size of the file."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import onnx

from benchmarks.reliability.commands import environment

_SECS_BETWEEN_LOOKS = 0.05
_LAYERS = 8
FORMATS = ("onnx", "tflite")


def network(path: Path, size_mb: int) -> Path:
    """Write a chain of matrix products whose weights take so many megabytes."""
    side = int((size_mb * 1e6 / 4 / _LAYERS) ** 0.5)
    rng = np.random.default_rng(0)
    nodes, weights = [], []
    for number in range(_LAYERS):
        values = rng.standard_normal((side, side), np.float32) / np.float32(side) ** 0.5
        weights.append(onnx.numpy_helper.from_array(values, f"w{number}"))
        nodes.append(onnx.helper.make_node("MatMul", [f"x{number}", f"w{number}"], [f"m{number}"]))
        nodes.append(onnx.helper.make_node("Relu", [f"m{number}"], [f"x{number + 1}"]))
    ends = [
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, (1, side))
        for name in ("x0", f"x{_LAYERS}")
    ]
    graph = onnx.helper.make_graph(nodes, "large", ends[:1], ends[1:], weights)
    opset = onnx.helper.make_opsetid("", 18)
    onnx.save(onnx.helper.make_model(graph, opset_imports=[opset], ir_version=9), path)
    return path


def peak_bytes(arguments: list[str], place: Path) -> tuple[int, int]:
    """Run a command; return its exit status and the most memory that its processes held at once.

    Memory that several of them share counts once (proportional set size).
    """
    temporary = place / "tmp"
    temporary.mkdir(parents=True, exist_ok=True)
    process = subprocess.Popen(
        [sys.executable, "-m", "edgekit", *arguments],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment(temporary),
    )  # fmt: skip
    most, done = [0], threading.Event()

    def watch() -> None:
        while not done.wait(_SECS_BETWEEN_LOOKS):
            most[0] = max(most[0], sum(map(_held_bytes, _tree(process.pid))))

    watcher = threading.Thread(target=watch)
    watcher.start()
    status = process.wait()
    done.set()
    watcher.join()
    return status, most[0]


def section(size_mb: int, place: Path) -> tuple[list[str], int]:
    """Return the page's lines, and how many exports failed."""
    place.mkdir(parents=True)
    path = network(place / "large.onnx", size_mb)
    size = path.stat().st_size
    lines = [
        f"`edgekit export` of a made-up network of {size / 1e6:.0f} MB, all processes together "
        "(proportional set size, looked at 20 times a second).",
        "",
        "| to | most memory | times the file |",
        "|---|--:|--:|",
    ]
    failed = 0
    for form in FORMATS:
        out = str(place / form)
        start = time.monotonic()
        status, most = peak_bytes(["export", str(path), "-o", out, "--format", form], place)
        failed += status != 0
        note = (
            "" if status == 0 else f" (exit status {status} after {time.monotonic() - start:.0f} s)"
        )
        lines.append(f"| {form}{note} | {most / 1e6:.0f} MB | {most / size:.1f} |")
    return lines, failed


def _tree(root: int) -> list[int]:
    found, waiting = [], [root]
    while waiting:
        process = waiting.pop()
        found.append(process)
        for path in Path(f"/proc/{process}/task").glob("*/children"):
            try:
                waiting += map(int, path.read_text().split())
            except OSError:
                continue
    return found


def _held_bytes(process: int) -> int:
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)
