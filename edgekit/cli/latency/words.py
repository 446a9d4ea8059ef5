"""Words that the tables of measurements have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edgekit.runtimes.machine import Machine


def machine_words(machine: Machine) -> str:
    """Say in few words what a machine is."""
    kind = " (virtual)" if machine.virtual else ""
    return f"{machine.cpu or machine.architecture}, {machine.cores} cores{kind}, {machine.kernel}"
