"""An Android phone's facts and present state, read through its shell without rights.

What a phone denies or does not have is None. Nothing is kept running there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from edgekit.devices.targets.phone_facts import Cluster, Phone, PhoneState
from edgekit.errors import UsageError
from edgekit.runtimes.machine import processors

_CPUS = "/sys/devices/system/cpu"

# Files come as `path:content`, each kind with one program started, then what others print. Nothing
# but what is read below leaves the phone.
FACTS_SCRIPT = f"""\
grep -H . {_CPUS}/cpu[0-9]*/cpu_capacity {_CPUS}/cpu[0-9]*/cpufreq/cpuinfo_max_freq 2>/dev/null
for d in {_CPUS}/cpu[0-9]*; do echo "$d:"; done
echo "kernel:$(uname -sr)"
getprop | grep -E '^.ro[.](product[.](manufacturer|model|cpu[.]abi)|build[.]version[.](release|sdk)\
|soc[.]model|board[.]platform)]'
true
"""
"""Shell script whose output `read_facts` takes."""

STATE_SCRIPT = f"""\
grep -H . {_CPUS}/cpu[0-9]*/cpufreq/scaling_governor {_CPUS}/cpu[0-9]*/cpufreq/scaling_cur_freq \
2>/dev/null
echo "load:$(cat /proc/loadavg 2>/dev/null)"
echo "[battery]"; dumpsys battery 2>/dev/null
echo "[thermal]"; dumpsys thermalservice 2>/dev/null
true
"""
"""Shell script whose output `read_state` takes."""

# BatteryManager.BATTERY_STATUS_*
_BATTERY_WORDS = {"2": "charging", "3": "discharging", "4": "not charging", "5": "full"}


def read_facts(text: str) -> Phone:
    """Read what `FACTS_SCRIPT` printed."""
    found = _pairs(re.sub(r"^\[(.*?)\]: \[(.*)\]", r"\1:\2", text, flags=re.MULTILINE))
    words = [found.get(f"ro.product.{part}") for part in ("manufacturer", "model")]
    return Phone(
        model=" ".join(filter(None, words)) or None,
        android=found.get("ro.build.version.release") or None,
        sdk=_whole(found.get("ro.build.version.sdk")),
        soc=found.get("ro.soc.model") or found.get("ro.board.platform") or None,
        abi=found.get("ro.product.cpu.abi") or None,
        kernel=found.get("kernel") or None,
        clusters=_clusters(found),
    )


def read_state(text: str) -> PhoneState:
    """Read what `STATE_SCRIPT` printed."""
    files, _, rest = text.partition("[battery]\n")
    battery_text, _, thermal = rest.partition("[thermal]\n")
    found, battery = _pairs(files), _pairs(battery_text)
    tenths, status = _whole(battery.get("temperature")), re.search(r"Thermal Status: (\d)", thermal)
    clocks = [_whole(v) for key, v in found.items() if key.endswith("/scaling_cur_freq")]
    governors = {v for key, v in found.items() if key.endswith("/scaling_governor") and v}
    load = found.get("load", "").split()
    return PhoneState(
        battery_percent=_whole(battery.get("level")),
        battery_c=None if tenths is None else tenths / 10,
        battery_status=_BATTERY_WORDS.get(battery.get("status", "")),
        thermal_status=int(status[1]) if status else None,
        temperatures_c=_temperatures(thermal),
        governors=tuple(sorted(governors)) or None,
        frequency_khz=max((clock for clock in clocks if clock is not None), default=None),
        load_average=float(load[0]) if load else None,
    )


def mask(wanted: str, phone: Phone) -> int:
    """Return the processors to run on as a bit mask, which ``taskset`` takes in hexadecimal.

    Args:
        wanted: ``big`` or ``little``, for the fastest or the slowest of unlike ones, or numbers
            and ranges such as ``0,1`` or ``4-7``.
        phone: where.

    Raises:
        UsageError: there are no such processors, or all are alike.
    """
    cpus = {cpu for cluster in phone.clusters for cpu in cluster.cpus}
    if wanted in ("big", "little"):
        if len(phone.clusters) < 2:
            raise UsageError(
                f"processors {wanted} are asked for, but all there are alike or cannot be told "
                "apart: give their numbers"
            )
        chosen = set(phone.clusters[0 if wanted == "big" else -1].cpus)
    else:
        chosen = processors(wanted)
    if cpus and not chosen <= cpus:
        raise UsageError(f"not all of the processors {wanted} are there: {len(cpus)} are")
    return sum(1 << cpu for cpu in chosen)


def _clusters(found: Mapping[str, str]) -> tuple[Cluster, ...]:
    alike: dict[tuple[int, int], list[int]] = {}
    for key in found:
        if number := re.fullmatch(rf"{_CPUS}/cpu(\d+)", key):
            capacity = _whole(found.get(f"{key}/cpu_capacity")) or 0
            clock = _whole(found.get(f"{key}/cpufreq/cpuinfo_max_freq")) or 0
            alike.setdefault((capacity, clock), []).append(int(number[1]))
    return tuple(
        Cluster(tuple(sorted(alike[key])), key[1] or None, key[0] or None)
        for key in sorted(alike, reverse=True)
    )


def _temperatures(thermal: str) -> dict[str, float] | None:
    # The service keeps old readings beside those that the sensors give now.
    now = thermal.partition("Current temperatures from HAL:")[2].partition("Current cooling")[0]
    found = {}
    for reading in re.findall(r"Temperature\{([^}]*)\}", now or thermal):
        fields = dict(field.split("=", 1) for field in reading.split(", ") if "=" in field)
        value = re.fullmatch(r"-?\d+(?:\.\d+)?", fields.get("mValue", ""))
        # Sensors that do not work say -99.9, and the like.
        if value and float(value[0]) > -50 and fields.get("mName"):
            found[fields["mName"]] = float(value[0])
    return found or None


def _pairs(text: str) -> dict[str, str]:
    pairs = (line.partition(":") for line in text.splitlines() if ":" in line)
    return {key.strip(): value.strip() for key, _, value in pairs}


def _whole(text: str | None) -> int | None:
    return int(text) if text and re.fullmatch(r"-?\d+", text) else None
