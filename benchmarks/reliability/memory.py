"""Peak memory of an export, all its processes together, beside the size of the file."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx

from benchmarks.reliability.commands import environment
from benchmarks.reliability.kills import tree

_SECS_BETWEEN_LOOKS = 0.05
_LAYERS = 8
FORMATS = ("onnx", "tflite")


def network(path: Path, size_mb: int, *, is_outside: bool = False) -> Path:
    """Write a chain of matrix products whose weights take so many megabytes, in a file or two."""
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
    model = onnx.helper.make_model(graph, opset_imports=[opset], ir_version=9)
    onnx.save(model, path, save_as_external_data=is_outside, location=f"{path.name}.data")
    return path


@dataclass(frozen=True)
class Peak:
    """The memory of a command.

    Attributes:
        status: its exit status.
        together_bytes: the most that its processes held at once; what several of them share counts
            once (proportional set size).
        largest_bytes: the most that any one of them ever held (VmHWM).
    """

    status: int
    together_bytes: int
    largest_bytes: int


def peak(arguments: list[str], place: Path) -> Peak:
    """Run a command and watch the memory of all its processes."""
    temporary = place / "tmp"
    temporary.mkdir(parents=True, exist_ok=True)
    process = subprocess.Popen(
        [sys.executable, "-m", "edgekit", *arguments],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment(temporary),
    )  # fmt: skip
    together, largest, done = [0], [0], threading.Event()

    def watch() -> None:
        while not done.wait(_SECS_BETWEEN_LOOKS):
            processes = tree(process.pid)
            held = (_bytes(each, "smaps_rollup", "Pss:") for each in processes)
            together[0] = max(together[0], sum(held))
            largest[0] = max(largest[0], *(_bytes(each, "status", "VmHWM:") for each in processes))

    watcher = threading.Thread(target=watch)
    watcher.start()
    status = process.wait()
    done.set()
    watcher.join()
    return Peak(status, together[0], largest[0])


def section(size_mb: int, place: Path) -> tuple[list[str], int]:
    """Return the page's lines, and how many exports failed."""
    place.mkdir(parents=True)
    lines = [
        f"`edgekit export` of a made-up network whose weights take {size_mb} MB: the most that its "
        "processes held at once (proportional set size, looked at 20 times a second), and the most "
        "that any one of them ever held (VmHWM).",
        "",
        "| weights | to | all processes | of the weights | largest process | of the weights |",
        "|---|---|--:|--:|--:|--:|",
    ]
    failed = 0
    for where, is_outside in (("in the file", False), ("beside it", True)):
        folder = place / where.replace(" ", "-")
        folder.mkdir()
        path = network(folder / "large.onnx", size_mb, is_outside=is_outside)
        for form in FORMATS:
            found = peak(["export", str(path), "-o", str(folder / form), "--format", form], folder)
            shutil.rmtree(folder / form, ignore_errors=True)
            failed += found.status != 0
            cells = [where, form if found.status == 0 else f"{form} (exit status {found.status})"]
            for size in (found.together_bytes, found.largest_bytes):
                cells += [f"{size / 1e6:.0f} MB", f"{size / (size_mb * 1e6):.1f}"]
            lines.append(f"| {' | '.join(cells)} |")
        shutil.rmtree(folder)
    return lines, failed


def _bytes(process: int, file: str, key: str) -> int:
    """Return a number that the kernel keeps about a process; 0 if that is gone."""
    try:
        lines = Path(f"/proc/{process}/{file}").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(key)), 0)
