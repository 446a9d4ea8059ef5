"""Made-up reports: each starts from the quiet one, which gives no cause for doubt."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st

from edgekit.devices import LatencyReport, MeasureSettings, Run
from edgekit.devices.reports.comparison import Turns
from edgekit.runtimes import ModelInfo, TensorInfo
from edgekit.runtimes.machine import Conditions, Machine
from edgekit.runtimes.timing import Block, TimeSamples, WarmUp

MACHINE = Machine("Cortex-A76", "aarch64", 4, 2_400_000, 8 << 30, "Linux 6.1", "3.11.2", None)
CALM = Conditions(1.0, (0, 1, 2, 3), ("performance",), 2_400_000, 0.2, 0.0, 6 << 30, None)
TENSOR = TensorInfo("x", (1, 8), "float32")
INFO = ModelInfo("tflite", "ai-edge-litert 2.3.0", (TENSOR,), (TENSOR,), {"ABS": 2}, 1, "XNNPACK")
SAMPLES = st.lists(st.floats(0.001, 1000), min_size=1, max_size=30)


def run(wall_ms: Sequence[float], switches: Sequence[int] | None = None) -> Run:
    wall_ns = tuple(round(1e6 * ms) for ms in wall_ms)
    return Run(
        samples=TimeSamples(wall_ns, wall_ns, tuple(switches or [0] * len(wall_ns))),
        warm_up=WarmUp(100, 1.0, stationary=True),
        load_ms=3.0,
        first_run_ms=2.0,
        memory_before_load_bytes=40 << 20,
        peak_memory_bytes=50 << 20,
        outputs_sha256="00",
        cooled_secs=0.0,
        connections_lost=0,
        before=CALM,
        after=CALM,
        load_cpu_ms=2.5,
        first_run_cpu_ms=1.5,
        private_memory_before_load_bytes=30 << 20,
        private_memory_bytes=40 << 20,
    )


def steady(level_ms: float = 1.0, count: int = 300, noise: float = 0.01) -> list[float]:
    """Samples that scatter without drifting; the same every time."""
    return list(level_ms * (1 + noise * np.sin(2.5 * np.arange(count))))


def report(runs: Sequence[Run], **changes: Any) -> LatencyReport:
    made = LatencyReport(
        file="net.tflite",
        sha256="ab",
        size_bytes=1000,
        model="net",
        precision="float32",
        macs=1_000_000,
        target="local",
        edgekit_version="0.1.0",
        settings=MeasureSettings(children=len(runs)),
        info=INFO,
        machine=MACHINE,
        runs=tuple(runs),
    )
    return dataclasses.replace(made, **changes)


def quiet() -> list[Run]:
    return [run(steady(level)) for level in (1.0, 1.005, 0.995)]


def codes(found: LatencyReport) -> set[str]:
    return {issue.code for issue in found.issues}


def block(file: int, level_ms: float, switched: int = 0) -> Block:
    wall_ns = tuple(round(1e6 * ms) for ms in steady(level_ms, 40))
    return Block(file, TimeSamples(wall_ns, wall_ns, (switched,) * len(wall_ns)))


def turns(*levels_ms: float, rounds: int = 3, **changes: Any) -> Turns:
    """Rounds of blocks of files at these levels."""
    there = [block(number, level) for number, level in enumerate(levels_ms)]
    count = len(levels_ms)
    made = Turns(
        blocks=tuple([*there, *reversed(there)] * rounds),
        warm_ups=(WarmUp(10, 0.3, stationary=True),) * count,
        outputs_sha256=tuple(map(str, range(count))),
        cooled_secs=0.0,
        connections_lost=0,
        before=CALM,
        after=CALM,
    )
    return dataclasses.replace(made, **changes)
