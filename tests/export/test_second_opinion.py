"""Do other kernels read our .tflite files the same way?

The files are made for the XNNPACK delegate. Runtimes without it, and older ones, must get the same
answers from the same file: LiteRT's reference kernels stand for them here, TensorFlow's where it is
installed, and tflite-runtime's where ``EDGEKIT_TFLITE_RUNTIME`` names a Python that has it (it
wants a numpy of its own). `make oracles` sees to both.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from edgekit import export, models
from edgekit.export import parity
from edgekit.export.sources import source

MODULES = {
    "ai_edge_litert": "ai_edge_litert.interpreter",
    "tensorflow": "tensorflow.lite.python.interpreter",
    "tflite_runtime": "tflite_runtime.interpreter",
}
_SCRIPT = Path(__file__).parents[1] / "specimens" / "reference_kernels.py"
FAMILIES = sorted({models.get(name).family for name in models.names(baselines=False)})


def _cheapest(family: str) -> str:
    members = [
        models.get(name)
        for name in models.names(baselines=False)
        if models.get(name).family == family
    ]
    return min(members, key=lambda spec: spec.macs).name


def _python_with(package: str) -> str:
    elsewhere = os.environ.get("EDGEKIT_TFLITE_RUNTIME")
    if package == "tflite_runtime" and elsewhere:
        return elsewhere
    if importlib.util.find_spec(package) is None:
        pytest.skip(f"{package} is not installed here")
    return sys.executable


@pytest.mark.parametrize("package", MODULES)
@pytest.mark.parametrize("family", FAMILIES)
def test_reference_kernels_agree(package: str, family: str, tmp_path: Path) -> None:
    python = _python_with(package)
    prepared = source.resolve(_cheapest(family))
    (entry,) = export.to_files(prepared, ["tflite"], tmp_path)
    feeds, answers = tmp_path / "feeds.npy", tmp_path / "answers.npy"
    np.save(feeds, [parity.to_nhwc(feed, {"input"})["input"] for feed in prepared.feeds])
    done = subprocess.run(
        [python, str(_SCRIPT), MODULES[package], str(entry.path), str(feeds), str(answers)],
        capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    for found, answer in zip(np.load(answers), prepared.answers, strict=True):
        ((name, truth),) = answer.items()
        assert parity.compare("reference kernels", [{name: truth}], [{name: found}]).passed
        assert np.isfinite(found).all()
