"""What `edgekit quantize` itself makes of a network whose integers came out wrong in a trial.

The trial judges encodings as they are built; the command also judges its files, and what it does
not let pass is not wrong. What it does write is judged on the runtimes once more.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx

from tests.specimens import judged
from tests.specimens.judged import Verdict

_LONGEST_S = 300
_REFUSED = 1


def settled(model: onnx.ModelProto, found: Verdict) -> Verdict:
    """Return the verdict on a form once the command had its say.

    Args:
        model: the original.
        found: of an integer form, such as ``int8 tflite``; others are returned as they are.
    """
    precision, _, name = found.form.partition(" ")
    if found.outcome != "wrong" or precision not in ("int8", "int16x8"):
        return found
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        code, said = _quantized(model, precision, name, folder)
        if code == _REFUSED:
            return Verdict(found.form, "refused", "own check: exit code 1")
        if code:
            return Verdict(found.form, "crashed", said[-160:])
        path = next(folder.glob(f"out/*.{name}"))
        trouble = judged.trouble_of_file(model, path, 16 if precision == "int16x8" else 8)
        return Verdict(found.form, "wrong" if trouble else "right", trouble)


def _quantized(model: onnx.ModelProto, precision: str, name: str, folder: Path) -> tuple[int, str]:
    onnx.save(model, folder / "net.onnx")
    feeds = judged.drawn_inputs(model)
    batches = {values.shape[:1] for values in feeds[0].values()}
    joined = np.concatenate if len(batches) == 1 else np.stack
    np.savez(folder / "inputs.npz", **{n: joined([f[n] for f in feeds]) for n in feeds[0]})
    words = ["quantize", "net.onnx", "--recipe", "minmax", "--precision", precision]
    words += ["--format", name, "--calibration-data", "inputs.npz", "-o", "out"]
    ended = subprocess.run(
        [sys.executable, "-m", "edgekit", *words],
        cwd=folder, capture_output=True, text=True, timeout=_LONGEST_S, check=False,
    )  # fmt: skip
    return ended.returncode, ended.stderr
