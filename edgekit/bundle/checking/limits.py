"""Hold figures to budgets: absolutely, or beside the baseline's file of the same name."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from edgekit import evaluate
from edgekit.bundle.budgets import Budget
from edgekit.bundle.checking.finding import Finding
from edgekit.bundle.manifest import Bundle, ModelEntry
from edgekit.devices import Contrast
from edgekit.evaluate import Evaluation, PairedDifference

_COUNTED: dict[str, Callable[[ModelEntry], int | None]] = {
    "size_bytes": lambda entry: entry.size_bytes,
    "partitions": lambda entry: entry.partitions,
    "operators_outside": lambda entry: len(entry.operators_outside),
}


def check(
    place: Path,
    bundle: Bundle,
    before_place: Path | None,
    before: Bundle | None,
    budgets: tuple[Budget, ...],
    contrasts: Mapping[str, Contrast],
) -> Iterator[Finding]:
    """Yield one finding for each budget and file.

    A file fails if the near end of the figure's interval is over the limit, and is warned of if
    the figure itself is.
    """
    old = {} if before is None else {each.path: each for each in before.models}
    answers = _answers(place)
    answers_before = {} if before_place is None else _answers(before_place)
    for budget in budgets:
        for entry in bundle.models:
            if budget.metric in _COUNTED:
                yield _counted(budget, entry, old.get(entry.path))
            elif budget.metric == "latency_percent":
                yield _latency(budget, entry, contrasts.get(entry.path))
            else:
                pair = (answers.get(entry.path), answers_before.get(entry.path))
                yield _accuracy(budget, entry, *pair)


def _counted(budget: Budget, entry: ModelEntry, old: ModelEntry | None) -> Finding:
    figure = _COUNTED[budget.metric]
    now, then = figure(entry), None if old is None else figure(old)
    if now is None or (budget.max is None and then is None):
        return _missing(budget, entry, "no baseline has this file or figure")
    if budget.max is not None and now > budget.max:
        return _finding(budget, "failed", entry, f"{now:,}, more than {budget.max:,}")
    if budget.max_increase is None or then is None:
        return _finding(budget, "passed", entry, f"{now:,}")
    percent = budget.metric == "size_bytes"
    increase = 100 * (now - then) / then if percent and then else now - then
    words = f"{then:,} before, {now:,} now: {increase:+.3g}{' %' * percent}"
    level = "failed" if increase > budget.max_increase else "passed"
    return _finding(budget, level, entry, f"{words}, allowed {budget.max_increase:+g}")


def _latency(budget: Budget, entry: ModelEntry, contrast: Contrast | None) -> Finding:
    if contrast is None or budget.max_increase is None:
        return _missing(budget, entry, "it was not timed beside a baseline")
    low, high = (100 * (each - 1) for each in contrast.interval)
    point = 100 * (contrast.ratio - 1)
    words = (
        f"{point:+.1f} % [{low:+.1f}, {high:+.1f}], allowed {budget.max_increase:+g} %; a change "
        f"of {100 * contrast.smallest_change:.1f} % would have been found"
    )
    return _finding(budget, _level(point, low, budget.max_increase), entry, words)


def _accuracy(
    budget: Budget, entry: ModelEntry, now: Evaluation | None, then: Evaluation | None
) -> Finding:
    if now is None or then is None or now.answers.ranks is None or then.answers.ranks is None:
        return _missing(budget, entry, "accuracy is not in both bundles")
    if (now.files, now.labels) != (then.files, then.labels) or budget.max_increase is None:
        return _missing(budget, entry, "the bundles were evaluated on different images")
    pairs = [(a == 0, b == 0) for a, b in zip(now.answers.ranks, then.answers.ranks, strict=True)]
    lost = PairedDifference(pairs.count((False, True)), pairs.count((True, False)), len(pairs))
    low, high = (100 * each for each in lost.interval)
    words = (
        f"{100 * lost.value:+.1f} points lost [{low:+.1f}, {high:+.1f}] on {lost.of} images, "
        f"allowed {budget.max_increase:+g}"
    )
    return _finding(budget, _level(100 * lost.value, low, budget.max_increase), entry, words)


def _level(point: float, near_end: float, limit: float) -> str:
    if near_end > limit:
        return "failed"
    return "warning" if point > limit else "passed"


def _missing(budget: Budget, entry: ModelEntry, why: str) -> Finding:
    levels = {"fail": "failed", "warn": "warning", "skip": "skipped"}
    return _finding(budget, levels[budget.if_missing], entry, why)


def _finding(budget: Budget, level: str, entry: ModelEntry, message: str) -> Finding:
    code = f"budget-{budget.metric.replace('_', '-')}"
    return Finding(code, level, entry.path, message)  # type: ignore[arg-type]  # a level each


def _answers(place: Path) -> dict[str, Evaluation]:
    path = place / "evidence" / "accuracy.json"
    if not path.is_file():
        return {}
    rows = json.loads(path.read_text(encoding="utf-8"))
    return {name: evaluate.from_json(json.dumps(row)) for name, row in rows.items()}
