"""The shelf's door: from names of claims to verdicts."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from edgekit import __version__
from edgekit.devices import CountingTarget, Progress, Step, resolve_target
from edgekit.errors import EdgekitError, InvalidPathError, RefusedError, UsageError
from edgekit.export import artifact
from edgekit.files import reading
from edgekit.files.staging import staging
from edgekit.progress import silent
from edgekit.runtimes import machine
from edgekit.study.claims import claim, report
from edgekit.study.claims.claim import Claim, Finding, Verdict
from edgekit.study.claims.laboratory import making, survey
from edgekit.study.claims.laboratory.base import Laboratory
from edgekit.study.claims.laboratory.live import LiveLaboratory
from edgekit.study.claims.laboratory.together import groups
from edgekit.study.claims.papers import CLAIMS
from edgekit.study.claims.report import ClaimsReport

QUICK_KINDS = ("exact", "latency", "untestable")


@dataclass(frozen=True)
class ClaimsRequest:
    """Which claims to test, and how.

    Attributes:
        names: of claims; none takes all, or all but those that train if it shall be quick.
        is_quick: measure shortly, and train nothing that is not named.
        count_on: emulated processors, ``qemu:cortex-a53``, to count instructions on beside.
        data: folder of data sets; None if there is none.
        kept: file that holds this run's own report after each claim; claims that it has already
            are not measured again.
        earlier: report of an independent run; a claim whose verdict differs there gets none.

    Raises:
        UnknownNameError: no claim is called so.
        UsageError: what to count on is no emulated processor.
    """

    names: tuple[str, ...] = ()
    is_quick: bool = False
    count_on: tuple[str, ...] = ()
    data: Path | None = None
    kept: Path | None = None
    earlier: Path | None = None

    def __post_init__(self) -> None:
        _ = self.claims, self.counting  # finds a slip of the pen before the work

    @property
    def claims(self) -> tuple[Claim, ...]:
        """The claims, each once, in the order of the registry."""
        if self.names:
            wanted = {CLAIMS.name_of(name) for name in self.names}
            return tuple(each for name, each in CLAIMS.items() if name in wanted)
        return tuple(
            each for each in CLAIMS.values() if not self.is_quick or each.kind in QUICK_KINDS
        )

    @property
    def counting(self) -> tuple[CountingTarget, ...]:
        """The emulated processors."""
        found = []
        for name in self.count_on:
            target = resolve_target(name)
            if not isinstance(target, CountingTarget):
                raise UsageError(f"--counts takes emulated processors, qemu:NAME, not {name!r}")
            found.append(target)
        return tuple(found)


def run(
    request: ClaimsRequest, progress: Progress = silent, *, laboratory: Laboratory | None = None
) -> ClaimsReport:
    """Test claims, one after the other.

    A claim whose experiment cannot be made here is reported as such and stops nothing.

    Args:
        request: which, and how.
        progress: told of every step.
        laboratory: makes and measures; None takes this machine.

    Raises:
        InvalidPathError: a report that shall be gone on with cannot be read.
        RefusedError: it is none, or of other conditions (reason ``unlike-conditions``).
        EnvironmentMissingError: a processor to count on cannot be emulated here.
    """
    found = ClaimsReport(
        __version__,
        request.is_quick,
        machine.facts(),
        artifact.tool_versions(),
        request.count_on,
        machine.conditions(),
        0.0,
        (),
    )
    kept = _kept(request.kept, found)
    if kept is not None:
        found = replace(found, before=kept.before, seconds=kept.seconds)
    tested = {} if kept is None else {each.name: each for each in kept.claims if _stays(each)}
    earlier = {} if request.earlier is None else _verdicts(read(request.earlier))
    todo = [each for each in request.claims if each.name not in tested]
    begun = time.monotonic() - found.seconds
    if laboratory is None:
        laboratory = _ready(request, todo, progress)
    for number, each in enumerate(todo):
        progress(Step(f"testing {each.name}", number, len(todo), of_all=True))
        tested[each.name] = test(each, laboratory)
        found = replace(found, seconds=time.monotonic() - begun, claims=tuple(tested.values()))
        if request.kept is not None:
            _keep(request.kept, found)
    if request.kept is not None and earlier:
        _keep(request.kept, _against(replace(found, claims=tuple(tested.values())), earlier))
    chosen = tuple(tested[each.name] for each in request.claims)
    return _against(replace(found, claims=chosen), earlier)


def _stays(kept: Finding) -> bool:
    """Tell whether a claim that was tested before need not be tested again."""
    return kept.verdict != "cannot be tested here"


def _ready(request: ClaimsRequest, todo: Sequence[Claim], progress: Progress) -> LiveLaboratory:
    """Return this machine as a laboratory, with the files of all experiments made."""
    for target in request.counting:
        target.probe()  # says now what is missing, not in the midst of it
    experiments = [each.measure for each in todo if each.measure and each.kind != "accuracy"]
    asked = survey.of(experiments, is_quick=request.is_quick)
    making.prepare(asked.wanted, lambda done, total: progress(Step("making files", done, total)))
    together = groups(asked.compared)
    return LiveLaboratory(request.is_quick, request.data, request.counting, together, progress)


def _verdicts(found: ClaimsReport) -> dict[str, Verdict]:
    return {each.name: each.verdict for each in found.claims}


def test(tested: Claim, laboratory: Laboratory) -> Finding:
    """Make a claim's experiment and return what becomes of it, whatever goes wrong with it."""
    if tested.measure is None:
        return claim.untested(tested, tested.untestable_because)
    try:
        return claim.decide(tested, tuple(tested.measure(laboratory)))
    except EdgekitError as error:
        return claim.untested(tested, str(error))
    except Exception as error:  # whatever it is, the other claims go on
        failed = f"the experiment failed: {type(error).__name__}: {error}"
        return claim.untested(tested, " ".join(failed.split()))


def compared(report_of: Path, earlier: Path) -> ClaimsReport:
    """Read a report and hold it against that of an independent run.

    Raises:
        InvalidPathError: one of them cannot be read.
        RefusedError: one of them is no such report.
    """
    return _against(read(report_of), _verdicts(read(earlier)))


def _against(found: ClaimsReport, earlier: Mapping[str, Verdict]) -> ClaimsReport:
    return replace(
        found,
        claims=tuple(
            claim.against(each, earlier[each.name]) if each.name in earlier else each
            for each in found.claims
        ),
    )


def read(path: Path) -> ClaimsReport:
    """Read a report from a file.

    Raises:
        InvalidPathError: it cannot be read.
        RefusedError: it is none.
    """
    try:
        return report.from_json(reading.text(path))
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidPathError(f"{path} cannot be read: {error}") from error


def _kept(path: Path | None, now: ClaimsReport) -> ClaimsReport | None:
    """Return a report that is gone on with; None if there is none yet."""
    if path is None or not path.exists():
        return None
    kept = read(path)
    if kept.conditions != now.conditions:
        raise RefusedError(
            f"{path} was measured by another version, on another machine or in another way: "
            "give another file, or move it away",
            reason_code="unlike-conditions",
        )
    return kept


def _keep(path: Path, found: ClaimsReport) -> None:
    """Write the report so far, so that nothing is lost if this stops."""
    with staging(path.absolute().parent) as waiting:
        waiting.write(path.name, found.to_json().encode())
        waiting.commit(force=True)
