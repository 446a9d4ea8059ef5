"""For each command that prints a table, something that it prints: a run of it, or a made-up result.

Names are long on purpose: they are what a narrow terminal has no room for.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
from PIL import Image

from edgekit.cli import run
from edgekit.cli.latency import instruction_counts, phone_benchmark, sustained
from edgekit.devices import BenchmarkReport, CountReport, CountSettings, MeasureSettings
from edgekit.devices.reports.instruction_counts import CountedRuns
from edgekit.devices.reports.phone_benchmark import BenchmarkRun
from edgekit.devices.targets import benchmark_output
from edgekit.devices.targets.phone_facts import BenchmarkProgram, Cluster, Phone, PhoneState
from edgekit.emulation.instruction_counts import Counts
from tests.devices.test_sustained import series
from tests.specimens import classifiers, graphs
from tests.specimens.printed.reports import INFO

GOLDEN = Path(__file__).parents[2] / "golden"
NAME = "brightest-of-the-primary-colours-by-global-average"
SOURCE = f"{NAME}.source.onnx"
ONNX, TFLITE = f"{NAME}.source_float32.onnx", f"{NAME}.source_float32.tflite"
LAYER = "/backbone/features/denseblock3/denselayer12/bottleneck/" * 2
QUICK = ["--min-secs", "0", "--num-runs", "30"]


def prepare(folder: Path) -> None:
    """Write the files that the runs take into a folder."""
    classifiers.brightest(folder, classifiers.PLAIN, NAME)
    for number, colour in enumerate(classifiers.COLOURS * 2):
        label = folder / "images" / classifiers.LABELS[number % 3]
        label.mkdir(parents=True, exist_ok=True)
        side = 2 * classifiers.SIDE
        Image.new("RGB", (side, side), colour).save(label / f"{number}.png")
    model = graphs.proto(
        "g (float[1,3,8,8] x) => (float[1,4,8,8] y) { a = Conv(x, w)\n b = Relu(a)\n"
        " y = Conv(b, v) }",
        w=graphs.weights(4, 3, 1, 1),
        v=graphs.weights(4, 4, 1, 1, seed=1),
    )
    for node in model.graph.node:
        node.name = f"{LAYER}{node.op_type}_{node.output[0]}"
    onnx.save(model, folder / "deep.onnx")
    (folder / "plan.toml").write_text('models = ["micronet-m0", "shiftnet-b"]\nthreads = [1, 2]\n')
    np.save(folder / "samples.npy", graphs.weights(20, 3, 8, 8, seed=2))


RUNS: dict[str, tuple[str, ...]] = {
    "list": ("list",),
    "info of a network": ("info", "micronet-m0"),
    "info of a file": ("info", TFLITE),
    "operators": ("operators",),
    "export": ("export", "deep.onnx", "--report", "-o", "out", "--precision", "float32,float16"),
    "quantize": ("quantize", "deep.onnx", "--calibration-data", "samples.npy", "-o", "out"),
    "quantize to a budget": (
        "quantize", SOURCE, "--calibration-data", "images", "--data", "images",
        "--preprocessing", "raw", "--max-drop", "5", "-o", "search", "--no-verify",
    ),
    "sensitivity": ("sensitivity", "deep.onnx", "--calibration-data", "samples.npy"),
    "run": ("run", ONNX, "images/red/0.png", "images/green/1.png"),
    "evaluate": ("evaluate", ONNX, "--against", TFLITE, "--data", "images"),
    "verify": ("verify", TFLITE, ONNX, "--data", "images"),
    "lint": ("lint", "deep.onnx"),
    "bundle": ("bundle", ONNX, TFLITE, "--name", "colours", "-o", "."),
    "check": ("check", "colours.edgekit"),
    "latency": ("latency", ONNX, TFLITE, "deep.onnx", *QUICK),
    "latency of operators": ("latency", "deep.onnx", "--profile", "--children", "1"),
    "latency without a pause": ("latency", TFLITE, "--sustained", "2s"),
    "compare": ("compare", ONNX, TFLITE, *QUICK, "--children", "3"),
    "predict": ("predict", TFLITE, "shiftresnet20-e1", "--device", "pi4", "--device", "pixel-4"),
    "bench": ("bench", ONNX, TFLITE, "--min-secs", "0", "--store", "bench.sqlite"),
    "claims": ("claims", "--list"),
    "sweep": ("sweep", "plan.toml", "--dry-run"),
    "doctor": ("doctor",),
    "cache": ("cache",),
}  # fmt: skip


def counts() -> CountReport:
    rest = {f.name: 12_345_678 for f in dataclasses.fields(Counts) if f.name != "other"}
    runs = CountedRuns((Counts(other=123_456_789, **rest),), "00")
    return CountReport(
        file=TFLITE,
        sha256="ab",
        size_bytes=10,
        model=NAME,
        precision="weight-int8",
        macs=568_740_000,
        target="qemu:cortex-a76",
        edgekit_version="0.1.0",
        processor="Cortex-A76",
        settings=CountSettings(children=3),
        info=INFO,
        children=(runs,) * 3,
    )


PHONE = Phone(
    model="Google Pixel 7",
    android="14",
    sdk=34,
    soc="GS201",
    abi="arm64-v8a",
    kernel=None,
    clusters=(Cluster((6, 7), 2_850_000, 1024), Cluster((0, 1, 2, 3), 1_803_000, 160)),
)


def phone() -> BenchmarkReport:
    said = (GOLDEN / "benchmark_model" / "tensorflow_2_15.txt").read_text()
    state = PhoneState(84, 31.2, "charging", 0, None, ("schedutil",), 2_850_000, None)
    run_ = BenchmarkRun(benchmark_output.parse(said), state, state)
    return BenchmarkReport(
        file=TFLITE,
        sha256="ab",
        size_bytes=10,
        model=NAME,
        precision="float32",
        macs=568_740_000,
        target="adb:1A2B3C4D",
        edgekit_version="0.1.0",
        settings=MeasureSettings(),
        tool=BenchmarkProgram("/data/local/tmp/benchmark_model", "ab" * 32),
        phone=PHONE,
        runs=(run_,) * 3,
    )


SHOWN: dict[str, Callable[[], None]] = {
    "latency of instructions": lambda: instruction_counts.show([counts()] * 2, as_json=False),
    "latency of a phone": lambda: phone_benchmark.show([phone()] * 2, as_json=False),
    "latency for long": lambda: sustained.show([series([1.0] * 60 + [1.1] * 60)], as_json=False),
}

SPECIMENS = (*RUNS, *SHOWN)
NEEDS = {"check": "bundle", "cache": "predict"}
"""What another specimen's run has to have written before."""


def show(name: str) -> None:
    """Have a command print what its specimen is, in the folder that `prepare` has filled."""
    if name in SHOWN:
        SHOWN[name]()
    elif (code := run(RUNS[name])) > 1:  # a check may say no: that is printed too
        raise AssertionError(f"{name} ends with {code}")
