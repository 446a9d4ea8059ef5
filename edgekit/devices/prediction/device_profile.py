"""What is known of boards and phones: one file a device in `profiles/`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from edgekit.files import documents
from edgekit.registry import Registry

PRECISIONS = ("float32", "float16", "int8")

_FOLDER = Path(__file__).parent / "profiles"


@dataclass(frozen=True)
class DeviceProfile:
    """A device's fast cores and its memory, as its makers document them.

    Attributes:
        name: name of its file.
        title: what people call it, and which of its cores are meant.
        aliases: further names.
        core: the cores' design.
        cores: how many of them.
        clock_ghz: their highest clock.
        in_order: whether they execute in order.
        isa: vector instructions.
        macs_per_cycle: multiply-accumulates of one core in a cycle at most, by precision; those
            that are missing run as float32.
        l1_data_kib: first-level data cache of a core.
        l2_kib: second-level cache that a core reaches.
        memory_gb_per_s: bandwidth of the memory bus.
        sources: where the facts are from.

    Raises:
        ValueError: a number is not above 0, or the peak of float32 or int8 is missing.
    """

    name: str
    title: str
    aliases: tuple[str, ...]
    core: str
    cores: int
    clock_ghz: float
    in_order: bool
    isa: tuple[str, ...]
    macs_per_cycle: Mapping[str, int]
    l1_data_kib: int
    l2_kib: int
    memory_gb_per_s: float
    sources: tuple[str, ...]

    def __post_init__(self) -> None:
        if not {"float32", "int8"} <= self.macs_per_cycle.keys() <= set(PRECISIONS):
            raise ValueError(f"{self.name}: macs_per_cycle are of {', '.join(PRECISIONS)}")
        numbers = (
            self.cores, self.clock_ghz, self.l1_data_kib, self.l2_kib, self.memory_gb_per_s,
            *self.macs_per_cycle.values(),
        )  # fmt: skip
        if min(numbers) <= 0 or not self.sources:
            raise ValueError(f"{self.name}: numbers are above 0, and have sources")


@cache
def names() -> tuple[str, ...]:
    """Return the names of all devices."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.toml")))


def get(name: str) -> DeviceProfile:
    """Return a device by name or alias, in any case.

    Raises:
        UnknownNameError: no device is called that.
    """
    return _profiles().find(name)


@cache
def _profiles() -> Registry[DeviceProfile]:
    found: Registry[DeviceProfile] = Registry("device", listing=f"known: {', '.join(names())}")
    for name in names():
        profile = _read(name)
        found.add(name, profile, profile.aliases)
    return found


def _read(name: str) -> DeviceProfile:
    text = (_FOLDER / f"{name}.toml").read_text(encoding="utf-8")
    document: dict[str, Any] = {"name": name, **tomllib.loads(text)}
    return documents.decode(DeviceProfile, document)
