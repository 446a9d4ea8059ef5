"""Reading the machine: its facts and its conditions, from /proc and /sys or copies of them."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from edgekit.runtimes import codec, machine


def test_the_machine_can_be_read_and_survives_json() -> None:
    for value in (machine.facts(), machine.conditions()):
        document = json.loads(json.dumps(asdict(value)))
        assert codec.decode(type(value), document) == value
    assert machine.peak_memory_bytes() > 1_000_000


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
