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

from edgekit.errors import EnvironmentMissingError, UsageError

_PROC = Path("/proc")
_CPUS = Path("/sys/devices/system/cpu")
_THERMAL = Path("/sys/class/thermal")
_POLL_SECS = 0.5


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

    @property
    def hottest_c(self) -> float | None:
        """Of the thermal zones, in degrees Celsius."""
        return max(self.temperatures_c.values(), default=None) if self.temperatures_c else None


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


def pin(wanted: str) -> None:
    """Let this process and what it starts run on some of the processors only.

    Args:
        wanted: ``big`` or ``little``, for the fastest or the slowest of unlike ones, or numbers
            and ranges such as ``0,1`` or ``4-7``.

    Raises:
        UsageError: there are no such processors here, or all are alike.
        EnvironmentMissingError: this system does not let a process choose.
    """
    if not hasattr(os, "sched_setaffinity"):  # macOS
        raise EnvironmentMissingError("this system does not let a process choose its processors")
    chosen = _unlike(wanted) if wanted in ("big", "little") else processors(wanted)
    try:
        os.sched_setaffinity(0, chosen)
    except OSError as error:
        raise UsageError(
            f"processors {wanted} cannot be had: this process may use "
            f"{', '.join(map(str, sorted(os.sched_getaffinity(0))))}"
        ) from error
    if os.sched_getaffinity(0) != chosen:  # the kernel silently leaves out those it has not
        raise UsageError(f"not all of the processors {wanted} are there: {os.cpu_count()} are")


def _unlike(wanted: str) -> set[int]:
    speeds: dict[tuple[int, int], set[int]] = {}
    for path in _CPUS.glob("cpu[0-9]*"):
        capacity = _highest([path / "cpu_capacity"]) or 0
        clock = _highest([path / "cpufreq" / "cpuinfo_max_freq"]) or 0
        speeds.setdefault((capacity, clock), set()).add(int(path.name[len("cpu") :]))
    if len(speeds) < 2:
        raise UsageError(
            f"processors {wanted} are asked for, but all here are alike: give their numbers"
        )
    return speeds[max(speeds) if wanted == "big" else min(speeds)]


def cool_down(to_c: float, most_secs: float) -> float:
    """Wait until the hottest thermal zone is no hotter than ``to_c``; return the seconds waited.

    Args:
        to_c: degrees Celsius.
        most_secs: the longest wait; without thermal zones it is waited whole.
    """
    start = time.monotonic()
    while (waited := time.monotonic() - start) < most_secs:
        zones = _temperatures()
        if zones and max(zones.values()) <= to_c:
            break
        time.sleep(min(_POLL_SECS, most_secs - waited))
    return waited


def processors(wanted: str) -> set[int]:
    """Return the numbers in a list of numbers and ranges such as ``0,1`` or ``4-7``.

    Raises:
        UsageError: that is no such list, or it is empty.
    """
    found: set[int] = set()
    for part in wanted.split(","):
        first, _, last = part.partition("-")
        if not (first.isdigit() and (last or first).isdigit()):
            raise UsageError(
                f"processors are big, little or numbers such as 0,1 or 4-7, not {wanted!r}"
            )
        found.update(range(int(first), int(last or first) + 1))
    if not found:
        raise UsageError(f"the range of processors {wanted} is empty")
    return found


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


def private_memory_bytes() -> int | None:
    """Return the memory that this process has for itself and that no file holds a copy of.

    Pages of files that are mapped are not in it: the system drops them when it needs room, and
    reads them again. None where the system does not say.
    """
    rollup = _table(_PROC / "self" / "smaps_rollup")
    resident = _kib(rollup.get("Anonymous"))
    if resident is None:
        return _kib(_table(_PROC / "self" / "status").get("RssAnon"))
    return resident + (_kib(rollup.get("Swap")) or 0)


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
