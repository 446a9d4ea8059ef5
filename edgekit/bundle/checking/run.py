"""The room's second door: check a bundle, alone or beside the one before."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from edgekit import devices
from edgekit.bundle import budgets
from edgekit.bundle.checking import archive, integrity, limits, measurements, models
from edgekit.bundle.checking.finding import CheckReport, Finding
from edgekit.bundle.checking.limits import Sides
from edgekit.bundle.checking.measurements import Measurements
from edgekit.bundle.manifest import Bundle
from edgekit.emulation import isa
from edgekit.errors import RefusedError
from edgekit.progress import Progress, silent


@dataclass(frozen=True)
class CheckRequest:
    """A bundle, and what to hold it to.

    Attributes:
        bundle: its folder or zip file.
        baseline: the bundle before, likewise; None compares with none.
        budget: file of budgets; None takes the bundle's own.
        settings: of what is measured.
        isas: instruction sets of `edgekit.emulation.isa` to replay the golden answers under too.

    Raises:
        UnknownNameError: there is no such instruction set.
    """

    bundle: Path
    baseline: Path | None = None
    budget: Path | None = None
    settings: devices.MeasureSettings = devices.COMPARE_SETTINGS
    isas: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for each in self.isas:
            isa.get(each)


def check(
    request: CheckRequest,
    *,
    say: Callable[[str], None] = lambda _: None,
    timing: Progress = silent,
) -> CheckReport:
    """Check paths and hashes, then open, read back and replay each file, then hold the budgets.

    If a file is not the one that was listed, nothing is opened or run. Files with a budget of
    something that a clock measures take turns with the baseline's of the same name, on this
    machine.

    Raises:
        InvalidPathError: a folder is no bundle, or the budgets cannot be read.
        RefusedError: an entry leads out of the folder, a zip file or the budgets are damaged, or
            the baseline is not sound (reason "bad-baseline").
        WorkerError: a process that timed files died.
    """
    limits_asked = None if request.budget is None else budgets.read(request.budget)
    with ExitStack() as unpacked:
        place = unpacked.enter_context(archive.opened(request.bundle))
        before_place = None
        if request.baseline is not None:
            before_place = unpacked.enter_context(archive.opened(request.baseline))
        before = None if before_place is None else _baseline(before_place)
        bundle, findings = integrity.read(place)
        measured = Measurements()
        if bundle is not None:
            findings += integrity.check(place, bundle)
        if bundle is not None and not _has_failed(findings):
            findings += models.check(place, bundle, say, request.isas)
            asked = limits_asked or budgets.read(place / budgets.FILE)
            if not _has_failed(findings):
                files = measurements.pairs(place, bundle, before_place, before)
                measured = measurements.take(files, asked, request.settings, timing)
            findings += limits.check(Sides(place, bundle, before_place, before, measured), asked)
    return CheckReport(
        bundle=str(request.bundle),
        baseline=None if request.baseline is None else str(request.baseline),
        findings=tuple(findings),
        smallest_change_percent={
            path: 100 * each.smallest_change for path, each in measured.contrasts.items()
        },
    )


def _has_failed(findings: list[Finding]) -> bool:
    return any(each.level == "failed" for each in findings)


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
