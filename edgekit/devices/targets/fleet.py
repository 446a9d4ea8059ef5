"""The fleet file ``devices.toml``: short names for targets, which colleagues and CI share.

[lab-pi5]
target = "ssh:pi@10.0.0.7"
python = "/home/pi/venv/bin/python"    # of an ssh target; without it python3

[pixel]
target = "adb:1A2B3C4D"
benchmark_model = "tools/benchmark_model"    # of an adb target: a file here, or else there
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from edgekit.errors import UsageError
from edgekit.files import cache_folder, parsing, reading

FILE = "devices.toml"
PROGRAMS = {"python": "ssh", "benchmark_model": "adb"}
"""Key of a program that an entry may name to the transport that has a use for it."""


@dataclass(frozen=True)
class Device:
    """One entry.

    Attributes:
        target: what `edgekit.devices.resolve_target` takes.
        python: program on the device that runs Python; None leaves it to the target.
        benchmark_model: path of that program, here or else on the device; None likewise.
    """

    target: str
    python: str | None = None
    benchmark_model: str | None = None

    @property
    def programs(self) -> dict[str, str]:
        """The programs that are named, by key."""
        found = ((key, getattr(self, key)) for key in PROGRAMS)
        return {key: program for key, program in found if program is not None}


def devices() -> dict[str, Device]:
    """Return all devices by name: those of the working folder's file before the user's own.

    The user's is in edgekit's configuration folder, where the system keeps such folders.

    Raises:
        UsageError: a file is damaged.
    """
    own = cache_folder.configuration()
    found: dict[str, Device] = {}
    for path in ([] if own is None else [own / FILE]) + [Path(FILE)]:
        if path.exists():
            found |= _read(path)
    return found


def _read(path: Path) -> dict[str, Device]:
    try:
        document = parsing.toml_of(reading.text(path))
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} cannot be read: {error}") from error
    return {name: _device(path, name, entry) for name, entry in document.items()}


def _device(path: Path, name: str, entry: Any) -> Device:  # noqa: ANN401 -- as parsed
    keys = [field.name for field in fields(Device)]
    whole = isinstance(entry, dict) and "target" in entry and set(entry) <= set(keys)
    if not whole or not all(isinstance(v, str) and v.isprintable() for v in entry.values()):
        raise UsageError(
            f'{path}: [{name}] takes texts for {", ".join(keys)}, such as target = "ssh:pi@host"'
        )
    return Device(**entry)
