"""What is known of an Android phone, and of the program that measures on it.

What a phone denies or does not have is None.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Cluster:
    """Processors that are alike.

    Attributes:
        cpus: their numbers.
        max_frequency_khz: their highest clock.
        capacity: what the kernel holds them capable of, 1024 for the fastest.
    """

    cpus: tuple[int, ...]
    max_frequency_khz: int | None
    capacity: int | None


@dataclass(frozen=True)
class Phone:
    """What stays the same while measuring.

    Attributes:
        model: maker and model.
        android: release, such as ``14``.
        sdk: API level.
        soc: the system on chip, or its platform.
        abi: such as ``arm64-v8a``.
        kernel: name and release.
        clusters: of its processors, the fastest first.
    """

    model: str | None
    android: str | None
    sdk: int | None
    soc: str | None
    abi: str | None
    kernel: str | None
    clusters: tuple[Cluster, ...]


@dataclass(frozen=True)
class PhoneState:
    """What changes while measuring, read at one moment.

    Attributes:
        battery_percent: charge of the battery.
        battery_c: its temperature.
        battery_status: ``charging``, ``discharging``, ``not charging`` or ``full``.
        thermal_status: Android's, 0 (none) to 6 (shutdown); from 2 it slows down what runs.
        temperatures_c: sensor to degrees Celsius, as the thermal service has them now.
        governors: frequency governors in use, sorted, each once.
        frequency_khz: highest present clock over the cores.
        load_average: runnable processes, mean of the last minute.
    """

    battery_percent: int | None
    battery_c: float | None
    battery_status: str | None
    thermal_status: int | None
    temperatures_c: dict[str, float] | None
    governors: tuple[str, ...] | None
    frequency_khz: int | None
    load_average: float | None


@dataclass(frozen=True)
class BenchmarkProgram:
    """The ``benchmark_model`` that measured.

    Attributes:
        path: as it was named: of the machine that asked, or else of the device.
        sha256: hash of its content; None if the device cannot tell.
    """

    path: str
    sha256: str | None
