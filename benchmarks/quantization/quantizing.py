"""One contender at work on one network, measured from outside."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from benchmarks.quantization.contenders import EDGEKIT, Contender
from benchmarks.quantization.environments import PEERS, last_line
from benchmarks.quantization.networks import Prepared

MEASURED = Path(__file__).with_name("measured.py")
MIB = 2**20


@dataclass(frozen=True)
class Limits:
    """When a contender is stopped.

    Attributes:
        seconds: wall time.
        memory_bytes: resident memory of all its processes.
    """

    seconds: float
    memory_bytes: float


@dataclass(frozen=True)
class Outcome:
    """What one run took, and what it left.

    Attributes:
        seconds: wall time of the whole process.
        peak_rss_bytes: most memory it held; see ``measured.py``.
        files: the int8 files, sorted by suffix.
        failure: why there are none, in one line; None if there are.
    """

    seconds: float
    peak_rss_bytes: int
    files: tuple[Path, ...]
    failure: str | None = None


def run(
    contender: Contender, python: Path, prepared: Prepared, out: Path, limits: Limits
) -> Outcome:
    """Quantize a network once.

    Args:
        contender: who does it.
        python: interpreter of its environment.
        prepared: the network.
        out: a new folder for the files.
        limits: when to stop it.
    """
    out.mkdir(parents=True)
    result, log = out / "measured.json", out / "log.txt"
    command = [
        *(sys.executable, "-I", "-S", MEASURED, result, log, limits.seconds, limits.memory_bytes),
        *_command(contender, python, prepared, out),
    ]
    done = subprocess.run([str(word) for word in command], env=_environment())
    if done.returncode:
        return Outcome(0.0, 0, (), f"measured.py ended with status {done.returncode}")
    took = json.loads(result.read_text())
    files = tuple(sorted(path for kind in ("onnx", "tflite") for path in out.glob(f"*.{kind}")))
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
    elif not files:
        failure = "it wrote no file"
    return Outcome(took["seconds"], took["peak_rss_bytes"], () if failure else files, failure)


def _command(contender: Contender, python: Path, prepared: Prepared, out: Path) -> list[object]:
    tool = contender.tool
    options = [option.format(labels=prepared.labels) for option in contender.options.split()]
    model, images = prepared.floats[tool.takes], prepared.calibration
    if tool.environment == EDGEKIT:
        command = [python, "-m", "edgekit", tool.script, model, "--calibration-data", images]
        return [*command, "--format", ",".join(tool.gives), "-o", out, *options]
    (suffix,) = tool.gives
    output = out / f"{prepared.name}_int8.{suffix}"
    return [python, PEERS / tool.script, model, images, output, *options]


def _environment() -> dict[str, str]:
    """Return this process's variables, with which no peer reports to its makers or chats."""
    kept = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    return {**kept, "NNCF_CI": "1", "TF_CPP_MIN_LOG_LEVEL": "2"}
