"""What can be read, without rights or packages, about the machine and its present state.

Linux keeps these facts in /proc and /sys; what is absent or denied there is None.
"""

from __future__ import annotations

import os
import platform
import resource
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_CPUS = Path("/sys/devices/system/cpu")
_THERMAL = Path("/sys/class/thermal")


@dataclass(frozen=True)
class Machine:
    """What stays the same while measuring.

    Attributes:
        cpu: the processor's model name.
        architecture: such as ``x86_64`` or ``aarch64``.
        cores: number of logical processors.
        max_frequency_khz: highest clock of the fastest core.
        memory_bytes: installed memory.
        kernel: name and release of the operating system's kernel.
        python: version of Python.
        virtual: whether this is a virtual machine; None where that cannot be told.
    """

    cpu: str | None
    architecture: str
    cores: int | None
    max_frequency_khz: int | None
    memory_bytes: int | None
    kernel: str
    python: str
    virtual: bool | None


@dataclass(frozen=True)
class Conditions:
    """What changes while measuring, read at one moment.

    Attributes:
        unix_time_s: the machine's clock, seconds since 1970.
        affinity: numbers of the processors that the process may use.
        governors: frequency governors in use, sorted, each once.
        frequency_khz: highest present clock over the cores.
        load_average: runnable processes, mean of the last minute.
        cpu_pressure_percent: share of the last 10 s in which some process waited for a core.
        memory_available_bytes: memory that could be had without swapping.
        temperatures_c: thermal zone to degrees Celsius.
    """

    unix_time_s: float
    affinity: tuple[int, ...] | None
    governors: tuple[str, ...] | None
    frequency_khz: int | None
    load_average: float | None
    cpu_pressure_percent: float | None
    memory_available_bytes: int | None
    temperatures_c: dict[str, float] | None


def facts() -> Machine:
    """Read the machine's fixed facts."""
    info = _table(_PROC / "cpuinfo")
    return Machine(
        cpu=info.get("model name") or info.get("Model") or platform.processor() or None,
        architecture=platform.machine(),
        cores=os.cpu_count(),
        max_frequency_khz=_highest(_CPUS.glob("cpu[0-9]*/cpufreq/cpuinfo_max_freq")),
        memory_bytes=_kib(_table(_PROC / "meminfo").get("MemTotal")),
        kernel=f"{platform.system()} {platform.release()}",
        python=platform.python_version(),
        # Only x86 has a flag for it.
        virtual="hypervisor" in info["flags"].split() if "flags" in info else None,
    )


def conditions() -> Conditions:
    """Read the machine's present state."""
    governors = {_read(path) for path in _CPUS.glob("cpu[0-9]*/cpufreq/scaling_governor")}
    return Conditions(
        unix_time_s=time.time(),
        affinity=_affinity(),
        governors=tuple(sorted(filter(None, governors))) or None,
        frequency_khz=_highest(_CPUS.glob("cpu[0-9]*/cpufreq/scaling_cur_freq")),
        load_average=_load_average(),
        cpu_pressure_percent=_pressure(),
        memory_available_bytes=_kib(_table(_PROC / "meminfo").get("MemAvailable")),
        temperatures_c=_temperatures(),
    )


def peak_memory_bytes() -> int:
    """Return the most memory this process has held resident so far.

    Linux's own high-water mark comes first: ``ru_maxrss`` is carried over from the process that
    started this one.
    """
    peak = _kib(_table(_PROC / "self" / "status").get("VmHWM"))
    if peak is not None:
        return peak
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def _read(path: Path) -> str | None:
    try:
        return path.read_text(errors="replace").strip()
    except OSError:
        return None


def _table(path: Path) -> dict[str, str]:
    """Read ``key : value`` lines; of a repeated key (one block a core) the first wins."""
    pairs: dict[str, str] = {}
    for line in (_read(path) or "").splitlines():
        key, separator, value = line.partition(":")
        if separator:
            pairs.setdefault(key.strip(), value.strip())
    return pairs


def _kib(text: str | None) -> int | None:
    """Convert ``1234 kB`` to bytes."""
    return int(text.split()[0]) * 1024 if text else None


def _highest(paths: Iterable[Path]) -> int | None:
    texts = [_read(path) for path in paths]
    return max((int(text) for text in texts if text and text.isdigit()), default=None)


def _affinity() -> tuple[int, ...] | None:
    if not hasattr(os, "sched_getaffinity"):  # macOS
        return None
    return tuple(sorted(os.sched_getaffinity(0)))


def _load_average() -> float | None:
    try:
        return os.getloadavg()[0]
    except OSError:
        return None


def _pressure() -> float | None:
    first_line = (_read(_PROC / "pressure" / "cpu") or "").partition("\n")[0]
    fields = dict(field.split("=", 1) for field in first_line.split() if "=" in field)
    return float(fields["avg10"]) if "avg10" in fields else None


def _temperatures() -> dict[str, float] | None:
    found = {}
    for zone in sorted(_THERMAL.glob("thermal_zone*")):
        millidegrees = _read(zone / "temp")
        if millidegrees and millidegrees.lstrip("-").isdigit():
            found[f"{zone.name} {_read(zone / 'type') or ''}".strip()] = int(millidegrees) / 1000
    return found or None
