"""One program at work, measured from outside."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.environments import last_line

MEASURED = Path(__file__).with_name("measured.py")
MIB = 2**20


@dataclass(frozen=True)
class Limits:
    """When a program is stopped.

    Attributes:
        seconds: wall time.
        memory_bytes: resident memory of all its processes.
    """

    seconds: float
    memory_bytes: float


@dataclass(frozen=True)
class Took:
    """What one run took.

    Attributes:
        seconds: wall time of the whole process.
        peak_rss_bytes: most memory it held; see ``measured.py``.
        failure: why it failed, in one line; None if it did not.
    """

    seconds: float
    peak_rss_bytes: int
    failure: str | None = None


def run(command: Sequence[object], folder: Path, limits: Limits) -> Took:
    """Run a command in its folder, which also gets ``measured.json`` and ``log.txt``."""
    result, log = (folder / name for name in ("measured.json", "log.txt"))
    head = (sys.executable, "-I", "-S", MEASURED, result.absolute(), log.absolute())
    words = [*head, limits.seconds, limits.memory_bytes, *command]
    done = subprocess.run([str(word) for word in words], env=_environment(), cwd=folder)
    if done.returncode:
        return Took(0.0, 0, f"measured.py ended with status {done.returncode}")
    took = json.loads(result.read_text())
    failure = None
    if took["stopped"]:
        failure = {
            "memory": f"stopped at the limit of {limits.memory_bytes / MIB:.0f} MiB",
            "time": f"stopped at the limit of {limits.seconds:.0f} s",
        }[took["stopped"]]
    elif took["returncode"] < 0:
        failure = f"killed by {signal.Signals(-took['returncode']).name}"
    elif took["returncode"]:
        failure = last_line(log.read_text(errors="replace"))
    return Took(took["seconds"], took["peak_rss_bytes"], failure)


def _environment() -> dict[str, str]:
    """Return this process's variables, with which no peer reports to its makers or chats."""
    kept = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    return {**kept, "NNCF_CI": "1", "TF_CPP_MIN_LOG_LEVEL": "2"}
