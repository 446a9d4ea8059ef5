"""This machine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from edgekit import runtimes
from edgekit.devices.targets.base import Probe
from edgekit.errors import UsageError
from edgekit.processes import child
from edgekit.runtimes import machine
from edgekit.runtimes.jobs import Job


@dataclass(frozen=True)
class LocalTarget:
    """Runs jobs in child processes on this machine."""

    name: str = "local"

    def probe(self) -> Probe:
        """Read this machine's facts and installed runtimes."""
        return Probe(machine.facts(), runtimes.installed())

    def run(self, job: Job, timeout_s: float) -> dict[str, Any]:
        """Run a job in a fresh child process."""
        return child.call(job, timeout_s)


LOCAL = LocalTarget()
"""This machine."""


def connect(address: str) -> LocalTarget:
    """Return this machine as a target.

    Raises:
        UsageError: an address was given, which this machine has no use for.
    """
    if address:
        raise UsageError(f"the target local takes no address, but got {address!r}")
    return LOCAL
