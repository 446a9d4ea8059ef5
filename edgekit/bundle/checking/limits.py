"""Hold figures to budgets: absolutely, or beside the baseline's file of the same name."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from edgekit import evaluate
from edgekit.bundle.budgets import Budget
from edgekit.bundle.checking import figures, measurements
from edgekit.bundle.checking.figures import Estimate, Figures
from edgekit.bundle.checking.finding import Finding, Level
from edgekit.bundle.checking.measurements import Measurements
from edgekit.bundle.manifest import Bundle, ModelEntry
from edgekit.devices import CountReport, LatencyReport
from edgekit.evaluate import Evaluation
from edgekit.files import parsing, reading

_ABSOLUTE = ("max", "min")
_NO_BASELINE = "a change cannot be told without a baseline"


@dataclass(frozen=True)
class Sides:
    """The two bundles, and what was measured of their files.

    Attributes:
        place: the candidate's folder.
        bundle: the candidate.
        before_place: the baseline's folder, if there is one.
        before: the baseline.
        measured: on this machine.
    """

    place: Path
    bundle: Bundle
    before_place: Path | None
    before: Bundle | None
    measured: Measurements

    @cached_property
    def answers(self) -> dict[str, Evaluation]:
        """The candidate's answers to labelled images, by file."""
        return _answers(self.place)

    @cached_property
    def answers_before(self) -> dict[str, Evaluation]:
        """The baseline's."""
        return {} if self.before_place is None else _answers(self.before_place)

    @cached_property
    def counts(self) -> tuple[dict[str, CountReport], dict[str, CountReport]]:
        """Instructions that the candidate's and the baseline's files execute."""
        return (
            measurements.instructions(self.place),
            measurements.instructions(self.before_place),
        )

    def old(self, entry: ModelEntry) -> ModelEntry | None:
        """Return the baseline's file of that name."""
        found = () if self.before is None else self.before.models
        return next((each for each in found if each.path == entry.path), None)


def check(sides: Sides, budgets: tuple[Budget, ...]) -> Iterator[Finding]:
    """Yield one finding for each limit and file.

    A file fails if the near end of the figure's interval is over the limit, and is warned of if
    the figure itself is. Each finding says the smallest change that it could have seen.
    """
    for budget in budgets:
        for entry in sides.bundle.models:
            found = _FIGURES[budget.metric](sides, entry)
            for limit, value in budget.limits.items():
                if sides.before is None and limit not in _ABSOLUTE:
                    yield Finding(_code(budget), _missing(budget), entry.path, _NO_BASELINE)
                else:
                    yield _held(budget, entry, found, limit, value)


def _code(budget: Budget) -> str:
    return f"budget-{budget.metric.replace('_', '-')}"


def _missing(budget: Budget) -> Level:
    levels: dict[str, Level] = {"fail": "failed", "warn": "warning", "skip": "skipped"}
    return levels[budget.if_missing]


def _held(budget: Budget, entry: ModelEntry, found: Figures, limit: str, value: float) -> Finding:
    estimate, unit, sign = _aspect(found, budget.metric, limit)
    is_absolute = limit in _ABSOLUTE
    code = _code(budget)
    if estimate is None:
        why = f"{limit}: " + (
            "there is no such figure" if is_absolute else "it is not in both bundles"
        )
        return Finding(code, _missing(budget), entry.path, why)
    # Of costs the interval's lower end is near the limit, of a loss of accuracy the upper one.
    point = sign * estimate.value
    near = sign * (estimate.low if sign > 0 else estimate.high)
    most = sign * value if limit == "min" else value
    level: Level = "failed" if near > most else "warning" if point > most else "passed"
    words = [_number(estimate.value, unit, signed=not is_absolute)]
    if estimate.low != estimate.high:
        words[0] += f" [{_number(estimate.low, unit)}, {_number(estimate.high, unit)}]"
    if found.both and not is_absolute:
        words.append(found.both)
    if found.words:
        words.append(found.words)
    words.append(f"{limit} {_number(value, '')}")
    if estimate.smallest_change == 0:
        words.append("any change would have been found")
    elif estimate.smallest_change is not None:
        change = _number(estimate.smallest_change, unit)
        words.append(f"a change of {change} would have been found")
    return Finding(code, level, entry.path, ", ".join(words))


def _aspect(found: Figures, metric: str, limit: str) -> tuple[Estimate | None, str, int]:
    """Return what a limit looks at, its unit, and -1 where less is worse."""
    unit = " ms" if metric.endswith("_ms") else " %" if metric == "top1_percent" else ""
    return {
        "max": (found.now, unit, 1),
        "min": (found.now, unit, -1),
        "max_increase": (found.change, unit, 1),
        "max_increase_percent": (found.change_percent, " %", 1),
        "max_decrease": (found.change, " points", -1),
    }[limit]


def _number(value: float, unit: str, *, signed: bool = False) -> str:
    digits = f"{value:+,.4g}" if signed else f"{value:,.4g}"
    is_whole = float(value).is_integer() and not unit.strip()
    return (f"{value:+,.0f}" if signed else f"{value:,.0f}") if is_whole else f"{digits}{unit}"


def _size(sides: Sides, entry: ModelEntry) -> Figures:
    old = sides.old(entry)
    return figures.of_counts(entry.size_bytes, None if old is None else old.size_bytes)


def _partitions(sides: Sides, entry: ModelEntry) -> Figures:
    old = sides.old(entry)
    return figures.of_counts(entry.partitions, None if old is None else old.partitions)


def _outside(sides: Sides, entry: ModelEntry) -> Figures:
    old = sides.old(entry)
    then = None if old is None else len(old.operators_outside)
    return figures.of_counts(len(entry.operators_outside), then)


def _instructions(sides: Sides, entry: ModelEntry) -> Figures:
    now, then = (each.get(entry.path) for each in sides.counts)
    if now is None:
        return Figures()
    is_comparable = then is not None and _counted_on(then) == _counted_on(now)
    before = then.instructions if then is not None and is_comparable else None
    found = figures.of_counts(now.instructions, before)
    on = f"on {now.processor}, {now.info.runtime_version}"
    return replace(found, words=on)


def _counted_on(report: CountReport) -> tuple[str, str]:
    return report.processor, report.info.runtime_version


def _top1(sides: Sides, entry: ModelEntry) -> Figures:
    now, then = sides.answers.get(entry.path), sides.answers_before.get(entry.path)
    if now is None or now.answers.ranks is None:
        return Figures()
    right = [rank == 0 for rank in now.answers.ranks]
    has_same = then is not None and (now.files, now.labels) == (then.files, then.labels)
    if then is None or not has_same or then.answers.ranks is None:
        return figures.of_answers(right, None)
    return figures.of_answers(right, [rank == 0 for rank in then.answers.ranks])


def _latency(sides: Sides, entry: ModelEntry) -> Figures:
    now = None
    if entry.path in sides.measured.reports:
        report, _ = sides.measured.reports[entry.path]
        change = report.median_ms * report.smallest_change
        now = Estimate(report.median_ms, *report.interval_ms, change)
    return figures.of_contrast(now, sides.measured.contrasts.get(entry.path))


def _of_processes(
    figure: Callable[[LatencyReport | None], list[float] | None],
) -> Callable[[Sides, ModelEntry], Figures]:
    """Return what holds a figure that each process of a measurement has."""

    def held(sides: Sides, entry: ModelEntry) -> Figures:
        now, then = map(figure, sides.measured.reports.get(entry.path, (None, None)))
        return Figures() if now is None else figures.of_processes(now, then)

    return held


_FIGURES: dict[str, Callable[[Sides, ModelEntry], Figures]] = {
    "size_bytes": _size,
    "partitions": _partitions,
    "operators_outside": _outside,
    "instructions": _instructions,
    "top1_percent": _top1,
    "latency_ms": _latency,
    "load_ms": _of_processes(measurements.loads_ms),
    "first_answer_ms": _of_processes(measurements.first_answers_ms),
    "memory_bytes": _of_processes(measurements.memory_bytes),
    "private_memory_bytes": _of_processes(measurements.private_memory_bytes),
}


def _answers(place: Path) -> dict[str, Evaluation]:
    path = place / "evidence" / "accuracy.json"
    if not path.is_file():
        return {}
    rows = parsing.json_of(reading.text(path))
    return {name: evaluate.from_json(json.dumps(row)) for name, row in rows.items()}
