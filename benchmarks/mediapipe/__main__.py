"""Do all registered classifiers open in MediaPipe, and answer there as in edgekit's bundle?

    python -m benchmarks.mediapipe --images DIR [--calibration DIR] ['micronet*' ...]

Each network is exported in float32 and float16, quantized on the images of --calibration (those
of --images without it: give 8 or more), bundled with those of --images as golden images, and opened
by MediaPipe's ImageClassifier in an environment of its own. A line for each network says how many
answers have the same five classes in the same order (but for equal scores). Lines are kept in
--work: a run that is ended goes on where it was. The exit status is 1 if a file does not open or
answers otherwise.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.environments import DEFAULT_FOLDER, last_line, python_of
from edgekit import models

_LIMIT_S = 900.0


class _FailedError(Exception):
    """A step before the last failed; the message is its last line."""


def _edgekit(*words: object) -> None:
    done = _run(sys.executable, "-m", "edgekit", *words)
    if done.returncode:
        raise _FailedError(f"{words[0]}: {last_line(done.stderr)}")


def _run(*words: object) -> subprocess.CompletedProcess[str]:
    command = [str(word) for word in words]
    return subprocess.run(command, capture_output=True, text=True, timeout=_LIMIT_S)


def opened(name: str, images: Path, calibration: Path, python: Path) -> str:
    """Make a network's files and bundle, open them, and say what came of it."""
    with TemporaryDirectory() as made:
        files, place = Path(made, "files"), ("--format", "tflite", "-o", Path(made, "files"))
        try:
            _edgekit("export", name, "--precision", "float32,float16", *place)
            _edgekit(
                "quantize", name, "--recipe", "minmax", "--calibration-data", calibration, *place
            )  # fmt: skip
            _edgekit(
                "bundle", *sorted(files.glob("*.tflite")), "--fold-preprocessing",
                "--name", name, "--golden", images, "-o", made,
            )  # fmt: skip
        except _FailedError as error:
            return str(error)
        opening = Path(__file__).parent / "opening.py"
        done = _run(python, opening, Path(made, f"{name}.edgekit"))
    lines = done.stdout.splitlines()
    if not lines:
        return f"not opened: {last_line(done.stderr)}"
    same = sum(": same" in line for line in lines)
    others = "".join(f"\n    {line}" for line in lines if ": same" not in line)
    return f"{same} of {len(lines)} answers are the same{others}"


def main() -> int:
    """Try all that match, print a line for each, and the sum."""
    parser = argparse.ArgumentParser(description="Open registered classifiers in MediaPipe.")
    parser.add_argument("patterns", nargs="*", default=["*"])
    parser.add_argument("--images", type=Path, required=True)
    parser.add_argument("--calibration", type=Path)
    parser.add_argument("--work", type=Path, default=DEFAULT_FOLDER / "mediapipe.json")
    asked = parser.parse_args()
    python = python_of("mediapipe", DEFAULT_FOLDER)
    kept: dict[str, str] = json.loads(asked.work.read_text()) if asked.work.is_file() else {}
    names = [
        name
        for name in models.names(baselines=False)
        if any(Path(name).match(pattern) for pattern in asked.patterns)
    ]
    for name in sorted(names, key=lambda each: models.get(each).macs):
        if name not in kept:
            kept[name] = opened(name, asked.images, asked.calibration or asked.images, python)
            asked.work.write_text(json.dumps(kept, indent=1))
        print(f"{name}: {kept[name]}", flush=True)
    whole = [name for name in names if "\n" not in kept[name] and " are the same" in kept[name]]
    print(f"{len(whole)} of {len(names)} networks answer the same in MediaPipe")
    return 0 if len(whole) == len(names) else 1


if __name__ == "__main__":
    sys.exit(main())
