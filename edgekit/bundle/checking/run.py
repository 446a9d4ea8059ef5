"""The room's second door: check a bundle, alone or beside the one before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from edgekit import devices
from edgekit.bundle import budgets
from edgekit.bundle.checking import integrity, limits, models
from edgekit.bundle.checking.finding import CheckReport, Finding
from edgekit.bundle.manifest import Bundle
from edgekit.devices import Contrast
from edgekit.devices.progress import Progress, silent
from edgekit.errors import RefusedError


@dataclass(frozen=True)
class CheckRequest:
    """A bundle, and what to hold it to.

    Attributes:
        bundle: its folder.
        baseline: folder of the bundle before; None compares with none.
        budget: file of budgets; None takes the bundle's own.
        settings: of the comparison of latencies.
    """

    bundle: Path
    baseline: Path | None = None
    budget: Path | None = None
    settings: devices.MeasureSettings = devices.COMPARE_SETTINGS


def check(
    request: CheckRequest,
    *,
    say: Callable[[str], None] = lambda _: None,
    timing: Progress = silent,
) -> CheckReport:
    """Check paths and hashes, then open, read back and replay each file, then hold the budgets.

    If a file is not the one that was listed, nothing is opened or run. Files with a latency
    budget take turns with the baseline's of the same name, on this machine.

    Raises:
        InvalidPathError: a folder is no bundle, or the budgets cannot be read.
        RefusedError: an entry leads out of the folder, the budgets are damaged, or the baseline
            is not sound (reason "bad-baseline").
        WorkerError: a process that timed files died.
    """
    limits_asked = None if request.budget is None else budgets.read(request.budget)
    before = None if request.baseline is None else _baseline(request.baseline)
    bundle, findings = integrity.read(request.bundle)
    timed: dict[str, Contrast] = {}
    if bundle is not None:
        findings += integrity.check(request.bundle, bundle)
    if bundle is not None and not any(each.level == "failed" for each in findings):
        findings += models.check(request.bundle, bundle, say)
        asked = limits_asked or budgets.read(request.bundle / budgets.FILE)
        opened = not any(each.level == "failed" for each in findings)
        if opened and any(each.metric == "latency_percent" for each in asked):
            timed = _timed(request, bundle, before, timing)
        findings += limits.check(request.bundle, bundle, request.baseline, before, asked, timed)
    return CheckReport(
        bundle=str(request.bundle),
        baseline=None if request.baseline is None else str(request.baseline),
        findings=tuple(findings),
        smallest_change_percent={
            path: 100 * each.smallest_change for path, each in timed.items()
        },
    )  # fmt: skip


def _baseline(place: Path) -> Bundle:
    bundle, findings = integrity.read(place)
    problems: list[Finding] = list(findings)
    if bundle is not None:
        problems += [each for each in integrity.check(place, bundle) if each.level == "failed"]
    if bundle is None or problems:
        worst = problems[0]
        raise RefusedError(
            f"the baseline {place} is not sound: {worst.subject}: {worst.message}; take another",
            reason_code="bad-baseline",
        )
    return bundle


def _timed(
    request: CheckRequest, bundle: Bundle, before: Bundle | None, timing: Progress
) -> dict[str, Contrast]:
    """Return how each file compares with the baseline's of its name; both may be one file."""
    old = set() if before is None else {each.path for each in before.models}
    found = {}
    for entry in bundle.models:
        if request.baseline is None or entry.path not in old:
            continue
        pair = [
            devices.ModelFile(place / entry.path) for place in (request.baseline, request.bundle)
        ]
        wanted = devices.CompareRequest(pair[0], (pair[1],), request.settings)
        (found[entry.path],) = devices.compare(wanted, timing).contrasts
    return found
