"""What a target is, as the store keeps it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from edgekit.devices import CountingTarget, Target
from edgekit.files import documents

_CHANGES_UNNOTICED = ("python", "kernel", "memory_bytes")
"""Facts of a machine that do not make it another one."""


@dataclass(frozen=True)
class Place:
    """A target that has been asked what it is.

    Attributes:
        kind: ``latency``, or ``instructions`` where those are counted.
        runtimes: canonical name to package and version; None where not installed.
        machine: facts that tell it from other machines.
    """

    kind: str
    runtimes: dict[str, str | None]
    machine: dict[str, Any]


def place_of(target: Target) -> Place:
    """Ask a target what it is.

    Raises:
        EdgekitError: it does not answer.
    """
    probe = target.probe()
    facts = documents.encode(probe.machine)
    return Place(
        "instructions" if isinstance(target, CountingTarget) else "latency",
        dict(probe.runtimes),
        {key: value for key, value in facts.items() if key not in _CHANGES_UNNOTICED},
    )
