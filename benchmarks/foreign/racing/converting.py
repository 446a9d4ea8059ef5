"""The contenders' files of one network, each made by a process of its own."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import processes
from benchmarks.environments import EDGEKIT
from benchmarks.processes import Limits

LITERT_TORCH, ONNX2TF = "litert-torch", "onnx2tf"

NO_MODULE = "there is no torch module"
"""Why a contender was not tried on a file."""

_ROOT = Path(__file__).resolve().parents[3]
IN_ROOT = ("env", f"PYTHONPATH={_ROOT}")
"""What a command starts with that is to find this edgekit, and this program."""

LIMITS = Limits(seconds=900.0, memory_bytes=8 << 30)
"""When a conversion is stopped."""


@dataclass(frozen=True)
class Source:
    """What is converted.

    Attributes:
        name: as printed; a key of `benchmarks.foreign.networks.NETWORKS` where ``is_file`` is not.
        onnx: its .onnx file, which is not touched.
        is_file: there is no torch module, only this file.
    """

    name: str
    onnx: Path
    is_file: bool


class NoFileError(Exception):
    """A contender gave no file; the message is one line that says why."""


def _edgekit(source: Source, python: Path, output: Path) -> list[Sequence[object]]:
    command = [*IN_ROOT, python, "-m", "edgekit", "export", source.onnx]
    return [[*command, "--format", "tflite", "-o", output.parent]]


def _onnx2tf(source: Source, python: Path, output: Path) -> list[Sequence[object]]:
    copied = output.with_name("copy.onnx")  # it overwrites what it reads
    shutil.copyfile(source.onnx, copied)
    script = _ROOT / "benchmarks" / "peers" / "scripts" / "onnx2tf_float.py"
    return [[python, script, copied, output]]


def _litert_torch(source: Source, python: Path, output: Path) -> list[Sequence[object]]:
    if source.is_file:
        raise NoFileError(NO_MODULE)
    script = "benchmarks.foreign.racing.litert_torch_file"
    return [[*IN_ROOT, python, "-m", script, source.name, output]]


CONTENDERS: dict[str, Callable[[Source, Path, Path], list[Sequence[object]]]] = {
    EDGEKIT: _edgekit,
    ONNX2TF: _onnx2tf,
    LITERT_TORCH: _litert_torch,
}
"""What each one's commands are: of the source, its interpreter and the file to write."""


def make(contender: str, source: Source, python: Path, folder: Path) -> Path:
    """Return a contender's .tflite; a peer's of an earlier run is taken as it is.

    Raises:
        NoFileError: it gives none.
    """
    kept = folder / contender / f"{source.name.replace('/', '_')}.tflite"
    said = kept.with_suffix(".txt")
    if contender != EDGEKIT and kept.is_file():
        return kept
    if contender != EDGEKIT and said.is_file():
        raise NoFileError(said.read_text())
    kept.parent.mkdir(parents=True, exist_ok=True)
    try:
        _made(contender, source, python, kept)
    except NoFileError as error:
        said.write_text(str(error))
        raise
    return kept


def _made(contender: str, source: Source, python: Path, kept: Path) -> None:
    print(f"{source.name}: {contender}", file=sys.stderr, flush=True)
    with TemporaryDirectory() as name:
        place = Path(name)
        output = place / "output.tflite"
        for command in CONTENDERS[contender](source, python, output):
            took = processes.run(command, place, LIMITS)
            if took.failure:
                raise NoFileError(took.failure)
        found = sorted(place.glob("*.tflite"))
        if len(found) != 1:
            raise NoFileError(f"it wrote {len(found)} .tflite files")
        shutil.move(found[0], kept)
