"""Commands that a signal ends at some moment: what remains, and what the next run takes away."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.reliability.commands import environment, leftovers, partial
from tests.specimens import files

SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
_SECS_TO_TIDY = 30.0
_LATEST_CPU_S = 3.5  # after the start, which takes about 1

COMMANDS = {
    "export": ["export", "{onnx}", "-o", "{out}", "--force"],
    "quantize": ["quantize", "{onnx}", "-o", "{out}", "--force"],
    "latency": ["latency", "{onnx}", "--max-secs", "1"],
    "info": ["info", "{onnx}"],
    "verify": ["verify", "{onnx}", "{onnx}"],
    "predict": ["predict", "{tflite}", "--device", "pi4"],
}


@dataclass
class Tally:
    """What came of the trials with one signal."""

    trials: int = 0
    ended_before: int = 0
    partial_files: int = 0
    orphans: int = 0
    left_by_polite_signals: int = 0
    left_after_next_run: int = 0
    tracebacks: int = 0
    statuses: Counter[int] = field(default_factory=Counter)


def trial(number: signal.Signals, name: str, rng: random.Random, place: Path, tally: Tally) -> None:
    """Start a command in a folder, end it, look at what remains, and run another one there."""
    out, temporary = place / "out", place / "tmp"
    temporary.mkdir(parents=True)
    names = {
        "onnx": files.tiny_onnx(place / "net.onnx"),
        "tflite": files.tiny_tflite(place / "net.tflite", [files.OPS.ABS]),
        "out": out,
    }
    words = [each.format(**names) for each in COMMANDS[name]]
    process = subprocess.Popen(
        [sys.executable, "-m", "edgekit", *words],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL,
        env=environment(temporary),
    )  # fmt: skip
    _wait_for_cpu(process, rng.uniform(0.0, _LATEST_CPU_S))
    tally.trials += 1
    tally.ended_before += process.poll() is not None
    process.send_signal(number)
    _, log = process.communicate()
    tally.statuses[process.returncode] += 1
    tally.tracebacks += b"Traceback" in log
    tally.orphans += _orphans(temporary)
    tally.partial_files += len(partial(out))
    if number != signal.SIGKILL:
        tally.left_by_polite_signals += len(leftovers(temporary, out))
    subprocess.run(
        [sys.executable, "-c", _NEXT_RUN, str(out)], env=environment(temporary), check=True
    )
    tally.left_after_next_run += len(leftovers(temporary, out))


# What every run does first in its temporary and its output folder, without the seconds after it.
_NEXT_RUN = """
import sys
from pathlib import Path
from edgekit.files import scratch
from edgekit.files.staging import staging
with scratch.folder(), staging(Path(sys.argv[1])):
    pass
"""


def _wait_for_cpu(process: subprocess.Popen[bytes], cpu_s: float) -> None:
    """Wait until a process and its children have computed so long; the time of day says little."""
    ticks = os.sysconf("SC_CLK_TCK")
    while process.poll() is None:
        try:
            fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return
        if sum(map(int, fields[11:15])) / ticks >= cpu_s:
            return
        time.sleep(0.01)


def _orphans(temporary: Path) -> int:
    """Return how many processes of this trial still run, after time to notice that it is over."""
    end = time.monotonic() + _SECS_TO_TIDY
    while (count := _with_environment(temporary)) and time.monotonic() < end:
        time.sleep(0.1)
    return count


def _with_environment(temporary: Path) -> int:
    """Count processes whose temporary folder is the trial's, or lies in it."""
    wanted, count = f"TMPDIR={temporary}".encode(), 0
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            count += any(each.startswith(wanted) for each in path.read_bytes().split(b"\0"))
        except OSError:
            continue
    return count


def run(secs: float, seed: int, place: Path) -> dict[str, Tally]:
    """Kill commands until the time is up; return what came of it by signal."""
    tallies = {each.name: Tally() for each in SIGNALS}
    rng, end, number = random.Random(seed), time.monotonic() + secs, 0
    while time.monotonic() < end:
        chosen = SIGNALS[number % len(SIGNALS)]
        name = list(COMMANDS)[(number // len(SIGNALS)) % len(COMMANDS)]
        folder = place / f"k{number}"
        trial(chosen, name, rng, folder, tallies[chosen.name])
        shutil.rmtree(folder, ignore_errors=True)
        number += 1
    return tallies
