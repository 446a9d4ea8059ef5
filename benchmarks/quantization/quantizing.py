"""One contender at work on one network, measured from outside."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from benchmarks import processes
from benchmarks.environments import EDGEKIT
from benchmarks.processes import Limits
from benchmarks.quantization.contenders import PEERS, Contender
from benchmarks.quantization.networks import Prepared


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
    took = processes.run(_command(contender, python, prepared, out), out, limits)
    files = tuple(sorted(path for kind in ("onnx", "tflite") for path in out.glob(f"*.{kind}")))
    failure = took.failure or (None if files else "it wrote no file")
    return Outcome(took.seconds, took.peak_rss_bytes, () if failure else files, failure)


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
