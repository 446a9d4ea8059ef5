"""How near to the limit: what a large 1x1 convolution reaches through the same runtime.

The limit is a chain of 1x1 convolutions, each with a ReLU: long, so that what happens once, at
the input and the output, weighs little.
"""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from benchmarks.environments import last_line
from benchmarks.peers.contenders import FLOAT32, SUFFIXES
from edgekit import devices
from edgekit.errors import EdgekitError

CHANNELS, SIDE, LAYERS = 256, 28, 12
MACS = LAYERS * SIDE * SIDE * CHANNELS * CHANNELS
_CALIBRATION = 4
_PROFILE = devices.ProfileSettings(children=1)
_LIMITING = "1x1 convolution"


class LimitUnavailableError(Exception):
    """The limit or the layers cannot be measured; the message is one line."""


@dataclass(frozen=True)
class LayerClass:
    """All layers of one kind in a file.

    Attributes:
        name: as `edgekit latency --profile` calls it.
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
    """Profile a file and that of the limit, and return what takes most time first.

    Raises:
        LimitUnavailableError: see there.
    """
    files = tuple(devices.ModelFile(each.absolute()) for each in (path, peak))
    try:
        ours, limits = devices.profile(devices.ProfileRequest(files, (_PROFILE,)))
    except EdgekitError as error:
        raise LimitUnavailableError(str(error)) from error
    rate = limits.classes[_LIMITING].gmacs_per_s
    if rate is None:
        raise LimitUnavailableError(f"{peak} took no time")
    found = [
        LayerClass(
            name,
            cost.macs,
            cost.time_ms / ours.whole.time_ms,
            (cost.gmacs_per_s or 0.0) / rate,
        )
        for name, cost in ours.classes.items()
    ]
    return tuple(sorted(found, key=lambda each: -each.time_share))


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
