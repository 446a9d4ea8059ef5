"""Doubts about the machine: its clock, its heat, what else it did, and the way to it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from edgekit.devices.reports.issues.issue import Issue
from edgekit.devices.settings import WARMER_C
from edgekit.runtimes.machine import Conditions, Machine

# Load beyond our own threads, as a share of the cores.
LARGEST_LOAD = 0.5
# Clocks at the end of processes that all computed: a smaller share than this is throttling.
LEAST_CLOCK = 0.9


def governor(states: Sequence[Conditions]) -> Iterator[Issue]:
    """Yield that a frequency governor was at work that changes the clock."""
    found = {name for state in states for name in state.governors or ()}
    if found - {"performance"}:
        yield Issue(
            "governor",
            f"the frequency governor is {', '.join(sorted(found))}",
            "set it to performance while measuring, or compare only with the same setting",
        )


def load(starts: Sequence[Conditions], machine: Machine, threads: int) -> Iterator[Issue]:
    """Yield that other programs ran, by the load averages before the processes."""
    # The lowest: what our own processes before left behind has then had the most time to fade.
    known = [state.load_average for state in starts if state.load_average is not None]
    if known and machine.cores and min(known) > LARGEST_LOAD * machine.cores + threads:
        yield Issue(
            "load",
            f"the load average was at least {min(known):.1f} on {machine.cores} cores",
            "stop other programs",
        )


def crowded(starts: Sequence[Conditions], threads: int) -> Iterator[Issue]:
    """Yield that the threads had to share processors."""
    allowed = min((len(state.affinity) for state in starts if state.affinity), default=0)
    if 0 < allowed < threads:
        yield Issue(
            "crowded",
            f"{threads} threads shared {allowed} processor{'' if allowed == 1 else 's'}",
            "use as many threads as processors, or fewer",
        )


def heat(starts: Sequence[Conditions], waited_secs: float) -> Iterator[Issue]:
    """Yield that processes started on a hotter machine than the first.

    Args:
        starts: the states before the processes, in the order taken.
        waited_secs: the longest wait for the machine to cool down before one.
    """
    known = [state.hottest_c for state in starts if state.hottest_c is not None]
    if known and max(known) - known[0] > WARMER_C:
        yield Issue(
            "heat",
            f"processes started up to {max(known) - known[0]:.0f} C hotter than the first, at "
            f"{known[0]:.0f} C" + (f", after a wait of {waited_secs:.0f} s" if waited_secs else ""),
            "give --cool-down a longer time" if waited_secs else "give --cool-down 60s",
        )


def clock(ends: Sequence[Conditions]) -> Iterator[Issue]:
    """Yield that the clock differed between the ends of processes, which all computed then."""
    at_work = [state.frequency_khz for state in ends if state.frequency_khz is not None]
    if at_work and min(at_work) < LEAST_CLOCK * max(at_work):
        yield Issue(
            "clock",
            f"the highest clock was {max(at_work) / 1e6:.2f} GHz at the end of one process and "
            f"{min(at_work) / 1e6:.2f} GHz at the end of another",
            "fix the processor's frequency, or give --cool-down 60s",
        )


def connection(lost: int) -> Iterator[Issue]:
    """Yield how often runs had to be started again as the connection to the device was lost."""
    if lost:
        yield Issue(
            "connection-lost",
            f"the connection was lost {'once' if lost == 1 else f'{lost} times'}; "
            f"the run{'' if lost == 1 else 's'} that it cut short "
            f"{'was' if lost == 1 else 'were'} dropped and started again",
            "look after the device's power and network: processes before and after may differ",
            doubtful=False,
        )


def virtual_machine(machine: Machine) -> Iterator[Issue]:
    """Yield that the machine's host may slow it down without a trace."""
    if machine.virtual:
        yield Issue(
            "virtual-machine",
            "this is a virtual machine, whose host may slow it unseen",
            "compare only what was measured together, and trust ratios more than times",
            doubtful=False,
        )
