"""Reading the machine: its facts and its conditions, from /proc and /sys or copies of them."""

from __future__ import annotations

import json
import mmap
import os
from dataclasses import asdict
from pathlib import Path

import pytest

from edgekit.errors import EnvironmentMissingError, UsageError
from edgekit.files import documents
from edgekit.runtimes import machine


def test_the_machine_can_be_read_and_survives_json() -> None:
    for value in (machine.facts(), machine.conditions()):
        document = json.loads(json.dumps(asdict(value)))
        assert documents.decode(type(value), document) == value
    assert machine.peak_memory_bytes() > 1_000_000


@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="Linux 4.14 says it")
def test_private_memory_is_what_was_written(tmp_path: Path) -> None:
    before = machine.private_memory_bytes()
    held = b"\1" * (32 << 20)
    after = machine.private_memory_bytes()
    assert before is not None
    assert after is not None
    assert 31 << 20 < after - before < 40 << 20
    path = tmp_path / "file"
    path.write_bytes(held)
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as mapped:
        assert mapped[::4096] == held[::4096], "every page of it was read"
        mapping = machine.private_memory_bytes()
    assert mapping is not None
    assert mapping - after < 8 << 20, "pages of a file that the system can drop"


def test_a_machine_that_tells_nothing_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in ("_PROC", "_CPUS", "_THERMAL"):
        monkeypatch.setattr(machine, folder, tmp_path)
    assert machine.facts().virtual is None
    state = machine.conditions()
    assert (state.governors, state.cpu_pressure_percent, state.temperatures_c) == (None,) * 3


def test_a_phone_like_machine_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in ("_PROC", "_CPUS", "_THERMAL"):
        monkeypatch.setattr(machine, folder, tmp_path)
    files = {
        "cpu0/cpufreq/scaling_governor": "schedutil",
        "cpu0/cpufreq/cpuinfo_max_freq": "1800000",
        "cpu4/cpufreq/cpuinfo_max_freq": "2400000",
        "cpu4/cpufreq/scaling_governor": "performance",
        "thermal_zone0/temp": "41500",
        "thermal_zone0/type": "cpu-thermal",
        "thermal_zone1/temp": "denied",
        "pressure/cpu": "some avg10=1.25 avg60=0.15 total=4\nfull avg10=0.00",
        "meminfo": "MemTotal: 2048 kB\nMemAvailable: 1024 kB",
    }
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content + "\n")
    facts, state = machine.facts(), machine.conditions()
    assert (facts.max_frequency_khz, facts.memory_bytes) == (2_400_000, 2048 * 1024)
    assert state.governors == ("performance", "schedutil")
    assert state.temperatures_c == {"thermal_zone0 cpu-thermal": 41.5}
    assert (state.cpu_pressure_percent, state.memory_available_bytes) == (1.25, 1024 * 1024)


def test_cooling_down_ends_when_it_is_cool_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "_THERMAL", tmp_path)
    now = [0.0]
    zone = tmp_path / "thermal_zone0" / "temp"
    zone.parent.mkdir()
    zone.write_text("60000")

    def sleep(secs: float) -> None:
        now[0] += secs
        if zone.exists():
            zone.write_text(str(60_000 - int(1000 * now[0])))  # a degree a second

    monkeypatch.setattr("time.sleep", sleep)
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    assert machine.cool_down(50.0, 60.0) == pytest.approx(10.0)
    assert machine.cool_down(50.0, 60.0) == 0
    assert machine.cool_down(0.0, 20.0) == pytest.approx(20.0)
    zone.unlink()
    assert machine.cool_down(50.0, 5.0) == pytest.approx(5.0), "no zones: a plain pause"


class Affinity:
    """Stands in for the kernel: processors 0 to 7, all allowed."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, there: set[int]) -> None:
        self.there = self.chosen = there
        monkeypatch.setattr(os, "sched_setaffinity", self.set, raising=False)
        monkeypatch.setattr(os, "sched_getaffinity", lambda _: self.chosen, raising=False)

    def set(self, _: int, wanted: set[int]) -> None:
        if not wanted & self.there:
            raise OSError(22, "Invalid argument")
        self.chosen = wanted & self.there


def cores(folder: Path, capacities: list[int], clocks: list[int]) -> None:
    for number, (capacity, clock) in enumerate(zip(capacities, clocks, strict=True)):
        core = folder / f"cpu{number}"
        (core / "cpufreq").mkdir(parents=True)
        (core / "cpu_capacity").write_text(f"{capacity}\n")
        (core / "cpufreq" / "cpuinfo_max_freq").write_text(f"{clock}\n")


@pytest.mark.parametrize(
    ("wanted", "chosen"),
    [("big", {7}), ("little", {0, 1, 2, 3}), ("4-6", {4, 5, 6}), ("0,2,5-6", {0, 2, 5, 6})],
)
def test_processors_are_chosen_by_speed_or_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wanted: str, chosen: set[int]
) -> None:
    monkeypatch.setattr(machine, "_CPUS", tmp_path)
    cores(tmp_path, [250] * 4 + [870] * 3 + [1024], [1800] * 4 + [2400] * 3 + [2800])
    kernel = Affinity(monkeypatch, set(range(8)))
    machine.pin(wanted)
    assert kernel.chosen == chosen


def test_the_clock_tells_processors_apart_where_no_capacity_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "_CPUS", tmp_path)
    cores(tmp_path, [0, 0, 0], [1800, 2400, 1800])
    kernel = Affinity(monkeypatch, {0, 1, 2})
    machine.pin("big")
    assert kernel.chosen == {1}


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ("big", "all here are alike"),
        ("fast", "big, little or numbers"),
        ("1,", "big, little or numbers"),
        ("3-1", "range of processors 3-1 is empty"),
        ("9", "processors 9 cannot be had: this process may use 0, 1"),
        ("0-9", "not all of the processors 0-9 are there"),
    ],
)
def test_processors_that_cannot_be_had_are_a_mistake(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wanted: str, message: str
) -> None:
    monkeypatch.setattr(machine, "_CPUS", tmp_path)
    cores(tmp_path, [1024, 1024], [2400, 2400])
    Affinity(monkeypatch, {0, 1})
    with pytest.raises(UsageError, match=message):
        machine.pin(wanted)


def test_a_system_without_a_choice_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sched_setaffinity", raising=False)
    with pytest.raises(EnvironmentMissingError, match="does not let a process choose"):
        machine.pin("0")
