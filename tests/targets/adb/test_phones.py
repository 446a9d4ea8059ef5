"""What a phone says of itself."""

from __future__ import annotations

from dataclasses import asdict, replace

import pytest

from edgekit.devices.targets.adb.phone import mask, read_facts, read_state
from edgekit.devices.targets.phone_facts import Cluster
from edgekit.errors import UsageError
from tests.specimens.machines import phones


def test_a_phone_that_denies_all_has_no_facts() -> None:
    facts = read_facts("kernel:Linux 4.9\n[ro.product.model]: []\n")
    assert asdict(facts) == {
        "model": None, "android": None, "sdk": None, "soc": None, "abi": None,
        "kernel": "Linux 4.9", "clusters": (),
    }  # fmt: skip
    state = read_state("load:\n[battery]\n[thermal]\nCan't find service: thermalservice\n")
    assert set(asdict(state).values()) == {None}


def test_sensors_are_read_as_they_are_now() -> None:
    text = f"load:0.5 1 1\n[battery]\n{phones.BATTERY}[thermal]\n{phones.THERMAL}"
    state = read_state(text)
    assert state.temperatures_c == {"BIG": 38.25, "skin": 33.1}
    assert (state.thermal_status, state.battery_c, state.load_average) == (0, 31.2, 0.5)
    assert state.battery_status == "charging"


def test_old_phones_have_temperatures_of_before_only() -> None:
    thermal = phones.THERMAL.replace("Current temperatures from HAL:", "Temperatures:")
    state = read_state(f"[battery]\n[thermal]\n{thermal}")
    assert state.temperatures_c is not None
    assert state.temperatures_c["skin"] == 33.1


@pytest.mark.parametrize(
    ("cpus", "words"),
    [("big", "are alike"), ("2", "not all of the processors 2"), ("x", "not 'x'"), ("1-0", "1-0")],
)
def test_processors_that_are_not_there(cpus: str, words: str) -> None:
    alike = replace(read_facts(""), clusters=(Cluster((0, 1), None, None),))
    with pytest.raises(UsageError, match=words):
        mask(cpus, alike)
