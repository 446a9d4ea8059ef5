"""A folder of tiny files that every command has work on, and the shortest run of each command."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from edgekit import bundle
from tests.specimens import classifiers, files, graphs
from tests.specimens.printed import made_up_stores

OUT = "out"
_NAME = "net"
_ONNX, _TFLITE = f"{_NAME}.source_float32.onnx", f"{_NAME}.source_float32.tflite"
_SHORT = ["--min-secs", "0", "--num-runs", "5"]
_PLAN = """
models = ["float.onnx"]
precisions = ["float32"]
runtimes = ["onnxruntime"]
threads = [1]
[measure]
min_secs = 0.0
num_runs = 5
"""

COMMANDS = {
    "export": ["export", "float.onnx", "-o", OUT, "--format", "onnx,tflite"],
    "quantize": ["quantize", "float.onnx", "-o", OUT, "--calibration-data", "samples.npy"],
    "sensitivity": ["sensitivity", "float.onnx", "--calibration-data", "samples.npy"],
    "info": ["info", "float.onnx"],
    "run": ["run", _ONNX, "images/red/0.png"],
    "evaluate": ["evaluate", _ONNX, "--data", "images"],
    "verify": ["verify", _ONNX, _TFLITE],
    "lint": ["lint", "float.onnx"],
    "bundle": ["bundle", _ONNX, _TFLITE, "--name", "net", "-o", OUT, "--zip"],
    "check": ["check", "made.edgekit", "--junit", f"{OUT}/junit.xml"],
    "latency": ["latency", _TFLITE, *_SHORT],
    "compare": ["compare", _ONNX, _TFLITE, *_SHORT],
    "predict": ["predict", _TFLITE, "--device", "pi4"],
    "bench": ["bench", _TFLITE, "--min-secs", "0", "--store", f"{OUT}/bench.sqlite"],
    "sweep": ["sweep", "plan.toml", "-o", f"{OUT}/sweep.sqlite"],
    "claims": ["claims", "shift-has-no-macs", "--keep", f"{OUT}/claims.json"],
    "report": ["report", "store.sqlite", "-o", f"{OUT}/report.md"],
}
"""A command line of each command that takes long enough to be interrupted, in the kit's folder."""


def make(folder: Path) -> None:
    """Write the files into a folder, which is made."""
    classifiers.brightest(folder, classifiers.PLAIN, _NAME)
    files.tiny_onnx(folder / "float.onnx")
    np.save(folder / "samples.npy", graphs.weights(8, 3, 8, 8))
    for number, colour in enumerate(classifiers.COLOURS):
        label = folder / "images" / classifiers.LABELS[number]
        label.mkdir(parents=True)
        side = classifiers.SIDE
        Image.new("RGB", (side, side), colour).save(label / "0.png")
    (folder / "plan.toml").write_text(_PLAN)
    made_up_stores.fill(folder / "store.sqlite", 20)
    subjects = (str(folder / _ONNX), str(folder / _TFLITE))
    bundle.build(bundle.BundleRequest(subjects, folder, name="made"))
    (folder / OUT).mkdir()
