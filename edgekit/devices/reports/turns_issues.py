"""What makes a comparison doubtful, and what to do about it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from edgekit.devices.reports import issues
from edgekit.devices.reports.issues import LARGEST_LOAD, SHORTEST_MS, Issue

if TYPE_CHECKING:
    from edgekit.devices.reports.comparison import Comparison

Rule = Callable[["Comparison"], Iterator[Issue]]


def find(comparison: Comparison) -> tuple[Issue, ...]:
    """Return every issue of a comparison, doubts first."""
    return issues.by(_RULES, comparison)


def _clock(comparison: Comparison) -> Iterator[Issue]:
    clocks = {each.clock for each in comparison.contrasts}
    if "CPU" in clocks:
        yield Issue(
            "cpu-time",
            "other processes interrupted nearly every run, so CPU time was gone by",
            "read it as the time on a machine at rest",
            doubtful=False,
        )
    if "wall" in clocks:
        yield Issue(
            "busy",
            "other processes interrupted nearly every run",
            "stop other programs, or use one thread",
        )


def _warm_up(comparison: Comparison) -> Iterator[Issue]:
    restless = sum(not all(up.stationary for up in run.warm_ups) for run in comparison.runs)
    if restless:
        yield Issue(
            "warm-up",
            f"the times never stood still in the warm-up of {restless} of "
            f"{len(comparison.runs)} processes",
            "stop other programs, or warm up for longer",
        )


def _governor(comparison: Comparison) -> Iterator[Issue]:
    governors = {g for run in comparison.runs for g in run.before.governors or ()}
    if governors - {"performance"}:
        yield Issue(
            "governor",
            f"the frequency governor is {', '.join(sorted(governors))}",
            "set it to performance while measuring",
        )


def _load(comparison: Comparison) -> Iterator[Issue]:
    loads = [run.before.load_average for run in comparison.runs]
    known = [load for load in loads if load is not None]
    cores = comparison.machine.cores
    if known and cores and min(known) > LARGEST_LOAD * cores + comparison.settings.threads:
        yield Issue(
            "load",
            f"the load average was at least {min(known):.1f} on {cores} cores",
            "stop other programs",
        )


def _heat(comparison: Comparison) -> Iterator[Issue]:
    yield from issues.heat(comparison.runs)


def _connection(comparison: Comparison) -> Iterator[Issue]:
    yield from issues.connection(comparison.runs)


def _outputs_differ(comparison: Comparison) -> Iterator[Issue]:
    for number, subject in enumerate(comparison.subjects):
        if len({run.outputs_sha256[number] for run in comparison.runs}) > 1:
            yield Issue(
                "outputs-differ",
                f"{subject.file} computed different outputs from the same inputs",
                "compare the file with its source before using it",
            )


def _timer(comparison: Comparison) -> Iterator[Issue]:
    shortest = min(min(each.base_ms, each.candidate_ms) for each in comparison.contrasts)
    if shortest < SHORTEST_MS:
        yield Issue(
            "timer",
            f"a run takes {1000 * shortest:.0f} us, too short to time one by one",
            "take the ratio as nearer to 1 than it is",
        )


def _runtimes(comparison: Comparison) -> Iterator[Issue]:
    if len({subject.info.runtime for subject in comparison.subjects}) > 1:
        yield Issue(
            "runtimes",
            "the files ran on different runtimes in one process",
            "expect other ratios on other processors",
            doubtful=False,
        )


def _virtual(comparison: Comparison) -> Iterator[Issue]:
    if comparison.machine.virtual:
        yield Issue(
            "virtual-machine",
            "this is a virtual machine, whose host may slow it unseen",
            "trust the ratio more than the times",
            doubtful=False,
        )


_RULES: tuple[Rule, ...] = (
    _clock,
    _warm_up,
    _governor,
    _load,
    _heat,
    _outputs_differ,
    _timer,
    _runtimes,
    _connection,
    _virtual,
)
