"""How near to the limit: what a large 1x1 convolution reaches through the same runtime.

The limit is a chain of 1x1 convolutions, each with a ReLU: long, so that what happens once, at
the input and the output, weighs little.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from benchmarks.environments import last_line
from benchmarks.peers.contenders import FLOAT32, SUFFIXES

CHANNELS, SIDE, LAYERS = 256, 28, 12
MACS = LAYERS * SIDE * SIDE * CHANNELS * CHANNELS
_CALIBRATION = 4


_PROFILER = Path(__file__).parent / "scripts" / "onnxruntime_layers.py"


class LimitUnavailableError(Exception):
    """The limit or the layers cannot be measured; the message is one line."""


@dataclass(frozen=True)
class LayerClass:
    """All layers of one kind in a file.

    Attributes:
        name: "1x1", "1x1 grouped", "depthwise", "spatial", "fully connected", or "other" for
            all that has no multiply-accumulates.
        macs: multiply-accumulates of one run.
        time_share: part of the time of a run.
        limit_share: multiply-accumulates per second, as a share of those of the limit's
            convolutions.
    """

    name: str
    macs: int
    time_share: float
    limit_share: float


def peak_file(work: Path, runtime: str, precision: str) -> Path:
    """Return the file of the limit for a runtime and a precision, made by edgekit.

    Raises:
        LimitUnavailableError: see there.
    """
    folder = work / "limit"
    folder.mkdir(parents=True, exist_ok=True)
    source, calibration = folder / "limit.onnx", folder / "calibration.npy"
    suffix = SUFFIXES[runtime]
    command = [sys.executable, "-m", "edgekit"]
    if precision == FLOAT32:
        command += ["export", str(source)]
    else:
        command += ["quantize", str(source), "--calibration-data", str(calibration)]
        command += ["--recipe", "fast"] + (["--io", "int8"] if suffix == "tflite" else [])
    command += ["--format", suffix, "--force", "-o", str(folder)]
    if not source.is_file():
        onnx.save(_chain(), source)
        shape = (_CALIBRATION, CHANNELS, SIDE, SIDE)
        np.save(calibration, np.random.default_rng(0).standard_normal(shape, np.float32))
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise LimitUnavailableError(last_line(done.stderr))
    return folder / f"limit_{precision}.{suffix}"


def layer_classes(path: Path, peak: Path) -> tuple[LayerClass, ...]:
    """Profile an .onnx file and that of the limit, and return what takes most time first.

    Raises:
        LimitUnavailableError: see there.
    """
    ours, limits = _profile(path), _profile(peak)
    rate = limits["1x1"]["macs"] / limits["1x1"]["time_us"]
    whole = sum(entry["time_us"] for entry in ours.values())
    found = [
        LayerClass(
            name,
            int(entry["macs"]),
            entry["time_us"] / whole,
            entry["macs"] / max(entry["time_us"], 1e-9) / rate,
        )
        for name, entry in ours.items()
    ]
    return tuple(sorted(found, key=lambda each: -each.time_share))


def _profile(path: Path) -> dict[str, dict[str, float]]:
    command = [sys.executable, str(_PROFILER), str(path)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise LimitUnavailableError(last_line(done.stderr))
    found: dict[str, dict[str, float]] = json.loads(done.stdout)
    return found


def _chain() -> onnx.ModelProto:
    generator = np.random.default_rng(0)
    scale = np.sqrt(2 / CHANNELS)  # keeps the values' size from layer to layer (He et al., 2015)
    shape = [1, CHANNELS, SIDE, SIDE]
    nodes, constants, name = [], [], "input"
    for layer in range(LAYERS):
        weight = generator.normal(0, scale, (CHANNELS, CHANNELS, 1, 1)).astype(np.float32)
        constants += [
            numpy_helper.from_array(weight, f"weight_{layer}"),
            numpy_helper.from_array(np.full(CHANNELS, 0.01, np.float32), f"bias_{layer}"),
        ]
        output = "output" if layer == LAYERS - 1 else f"relu_{layer}"
        operands = [name, f"weight_{layer}", f"bias_{layer}"]
        nodes += [
            helper.make_node("Conv", operands, [f"conv_{layer}"], kernel_shape=[1, 1]),
            helper.make_node("Relu", [f"conv_{layer}"], [output]),
        ]
        name = output
    graph = helper.make_graph(
        nodes, "limit",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, shape)],
        constants,
    )  # fmt: skip
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
