"""A roofline with overhead: what a network's operators take on a device that nobody measured.

An operator takes the longer of two times, that of its arithmetic and that of its memory traffic,
and some cycles beside. Arithmetic runs at a share of the cores' peak that belongs to its class of
layer; memory traffic at a share of the bus. `calibration.json` holds these constants and how far
off they are on devices that they were not fitted to; `benchmarks/calibrate.py` makes it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from edgekit.devices.prediction.device_profile import DeviceProfile
from edgekit.files import documents

_CALIBRATION = Path(__file__).parent / "profiles" / "calibration.json"


@dataclass(frozen=True)
class Work:
    """What one operator does.

    Attributes:
        layer_class: one of `edgekit.modelfile.layer_class.CLASSES`.
        precision: of its arithmetic: one of `edgekit.devices.prediction.device_profile.PRECISIONS`.
        macs: multiply-accumulates.
        size_bytes: bytes it reads and writes, each once.
    """

    layer_class: str
    precision: str
    macs: int
    size_bytes: int


@dataclass(frozen=True)
class Outline:
    """What tells one network from another, as far as the time of its operators goes.

    Attributes:
        macs: multiply-accumulates.
        operators: how many.
        size_bytes: bytes that they read and write, all numbers taken as float32.
        shares: of the multiply-accumulates, by class of layer; those of 0.05 % and more.
    """

    macs: int
    operators: int
    size_bytes: int
    shares: Mapping[str, float]


@dataclass(frozen=True)
class Constants:
    """What was fitted; see the module.

    Attributes:
        efficiency: share of the peak that layers with multiply-accumulates reach, by class.
        in_order: factor on these where cores execute in order.
        wide: exponent to which a core's peak counts, relative to 4 multiply-accumulates a cycle:
            below 1 as wider cores reach a smaller share.
        int8: factor on the peak of int8.
        memory: share of the bus that one core gets.
        more_memory: what each further core adds to that, as a part of it.
        more_cores: what each further core adds to the arithmetic, as a part of the first.
        overhead_cycles: of an operator, in cycles of the core.
        runtimes: factor on the arithmetic, by runtime.
    """

    efficiency: Mapping[str, float]
    in_order: float
    wide: float
    int8: float
    memory: float
    more_memory: float
    more_cores: float
    overhead_cycles: float
    runtimes: Mapping[str, float]


@dataclass(frozen=True)
class Accuracy:
    """How far estimates were off, on devices or networks that were left out of the fit.

    Attributes:
        median_error: median of the relative errors, without sign.
        within_10: share of the published times that the estimate was within 10 % of.
        within_20: the same within 20 %.
        low: of ten published times, one was below the estimate times this.
        high: one was above the estimate times this.
        figures: number of published times.
        devices: number of devices.
    """

    median_error: float
    within_10: float
    within_20: float
    low: float
    high: float
    figures: int
    devices: int


@dataclass(frozen=True)
class Calibration:
    """What edgekit ships.

    Attributes:
        constants: see there.
        accuracy: on devices left out of the fit, by precision.
        unseen: on networks left out of the fit that would have got an estimate, by precision.
        networks: what the constants were fitted to, by name.
    """

    constants: Constants
    accuracy: Mapping[str, Accuracy]
    unseen: Mapping[str, Accuracy]
    networks: Mapping[str, Outline]


@cache
def calibration() -> Calibration:
    """Return what edgekit ships."""
    return documents.decode(Calibration, json.loads(_CALIBRATION.read_text(encoding="utf-8")))


class Workload:
    """What several operators do, as arrays of one element each."""

    def __init__(self, work: Sequence[Work]) -> None:
        self.classes = [each.layer_class for each in work]
        self.precisions = [each.precision for each in work]
        self.macs = np.array([each.macs for each in work], np.float64)
        self.size_bytes = np.array([each.size_bytes for each in work], np.float64)


def costs(
    work: Workload, device: DeviceProfile, threads: int, constants: Constants, runtime: str
) -> tuple[np.ndarray, np.ndarray]:
    """Estimate every operator.

    Args:
        work: the operators.
        device: where they run.
        threads: on so many cores; at most those of the device count.
        constants: see there.
        runtime: key of ``constants.runtimes``.

    Returns:
        Of each operator the time in ms, and whether its memory traffic takes longer than its
        arithmetic.
    """
    more = min(threads, device.cores) - 1
    hertz = device.clock_ghz * 1e9
    least = min(constants.efficiency.values())
    peaks = {name: _peak(device, name, constants) for name in set(work.precisions)}
    rates = np.array([
        constants.efficiency.get(name, least) * peaks[precision]
        for name, precision in zip(work.classes, work.precisions, strict=True)
    ])  # fmt: skip
    rates *= hertz * (1 + more * constants.more_cores) * constants.runtimes[runtime]
    bandwidth = device.memory_gb_per_s * 1e9 * constants.memory * (1 + more * constants.more_memory)
    arithmetic_s, memory_s = work.macs / rates, work.size_bytes / bandwidth
    overhead_s = constants.overhead_cycles / hertz
    return 1e3 * (np.maximum(arithmetic_s, memory_s) + overhead_s), memory_s > arithmetic_s


def _peak(device: DeviceProfile, precision: str, constants: Constants) -> float:
    """Return the multiply-accumulates of a core in a cycle that efficiencies are shares of."""
    peaks = device.macs_per_cycle
    peak: float = 4 * (peaks.get(precision, peaks["float32"]) / 4) ** constants.wide
    if precision == "int8":
        peak *= constants.int8
    return peak * (constants.in_order if device.in_order else 1.0)
