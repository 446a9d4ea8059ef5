"""A paper's claim as an experiment, and how numbers become a verdict."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from edgekit.devices.statistics.verdict import SAME_WITHIN
from edgekit.study.claims.measured import LOCAL, Measured, Says

if TYPE_CHECKING:
    from edgekit.study.claims.laboratory.base import Experiment

Verdict = Literal["holds", "does not hold", "cannot tell", "cannot be tested here"]
Kind = Literal["exact", "latency", "accuracy", "untestable"]

MARGIN_OF_TIMES = SAME_WITHIN
"""By how much of a bar's edge the interval of a time has to clear it.

An interval is of what one measurement's processes differ by. Two measurements of one machine differ
by more: another placement in memory, another clock. What `edgekit compare` calls the same decides
no claim either.
"""


@dataclass(frozen=True)
class Bar:
    """Where a quantity has to lie for the claim to hold.

    Attributes:
        quantity: what is measured, as `Measured.quantity` names it.
        low: least value; None where small values hold as well.
        high: greatest value; None where great values hold as well.

    Raises:
        ValueError: neither end is given, or they are the wrong way round.
    """

    quantity: str
    low: float | None = None
    high: float | None = None

    def __post_init__(self) -> None:
        if self._low == -math.inf and self._high == math.inf:
            raise ValueError(f"{self.quantity}: a bar has at least one end")
        if self._low > self._high:
            raise ValueError(f"{self.quantity}: {self.low} is above {self.high}")

    @property
    def words(self) -> str:
        """Say it: ``at least 1.25``."""
        if self.low is None:
            return f"at most {self.high:g}"
        if self.high is None:
            return f"at least {self.low:g}"
        return f"between {self.low:g} and {self.high:g}"

    def judge(self, interval: tuple[float, float], margin: float = 0.0) -> Says:
        """Say whether an interval lies within the bar, wholly outside, or on its edge.

        Args:
            interval: of the number.
            margin: by how much of the edge the interval has to clear it.
        """
        low, high = interval
        slack = [0.0 if edge is None else margin * abs(edge) for edge in (self.low, self.high)]
        if self._low + slack[0] <= low and high <= self._high - slack[1]:
            return "holds"
        outside = high < self._low - slack[0] or low > self._high + slack[1]
        return "does not hold" if outside else "cannot tell"

    @property
    def _low(self) -> float:
        return -math.inf if self.low is None else self.low

    @property
    def _high(self) -> float:
        return math.inf if self.high is None else self.high


@dataclass(frozen=True)
class Claim:
    """A statement of a paper, and the experiment that tests it.

    Attributes:
        name: as users type it.
        paper: authors, title, arXiv number.
        where: where in the paper; says so where the figure is only known from other texts.
        statement: what it says, with its number.
        experiment: what is made and compared.
        kind: ``exact`` needs no clock, ``latency`` needs a quiet machine, ``accuracy`` needs
            images and time, ``untestable`` is here to say why.
        bars: what the numbers have to keep for the claim to hold, one a quantity.
        measure: the experiment.
        untestable_because: why it cannot be tested here; only of that kind.

    Raises:
        ValueError: something is missing.
    """

    name: str
    paper: str
    where: str
    statement: str
    experiment: str
    kind: Kind
    bars: tuple[Bar, ...] = ()
    measure: Experiment | None = None
    untestable_because: str = ""

    def __post_init__(self) -> None:
        texts = (self.name, self.paper, self.where, self.statement, self.experiment)
        if not all(texts):
            raise ValueError(f"{self.name}: a claim needs all its texts")
        testable = bool(self.bars) and self.measure is not None
        if testable == bool(self.untestable_because) or testable == (self.kind == "untestable"):
            raise ValueError(f"{self.name}: a claim has bars and an experiment, or a reason")
        if len({bar.quantity for bar in self.bars}) != len(self.bars):
            raise ValueError(f"{self.name}: two bars for one quantity")


@dataclass(frozen=True)
class Finding:
    """What became of a claim.

    Attributes:
        name: the claim's name.
        paper: its paper.
        where: where in the paper.
        statement: what the paper says.
        experiment: what was compared.
        measured: the numbers.
        verdict: what follows.
        why: the reason, one sentence.
        earlier: the verdict of an independent run that this one was held against; None without.
        differed: the verdict of this run alone, where that one's was another.
    """

    name: str
    paper: str
    where: str
    statement: str
    experiment: str
    measured: tuple[Measured, ...]
    verdict: Verdict
    why: str
    earlier: Verdict | None = None
    differed: Verdict | None = None


def decide(claim: Claim, measured: Iterable[Measured]) -> Finding:
    """Return the verdict that numbers of a claim's experiment give.

    Every number that a bar asks something of, and that is of this machine, has to keep it: one
    wholly outside refutes the claim, and one on the edge leaves it open. Instruction counts are
    judged beside, by the same bar, and decide nothing.

    Raises:
        ValueError: a bar has no number.
    """
    bars = {bar.quantity: bar for bar in claim.bars}
    judged = tuple(
        replace(each, says=bars[each.quantity].judge(each.interval, _margin(claim, each)))
        if each.quantity in bars
        else each
        for each in measured
    )
    decisive = [each for each in judged if each.says != "not asked" and each.target == LOCAL]
    missing = bars.keys() - {each.quantity for each in decisive}
    if missing:
        raise ValueError(f"{claim.name}: nothing was measured of {', '.join(sorted(missing))}")
    says = [each.says for each in decisive]
    verdict: Verdict = "holds"
    if "does not hold" in says:
        verdict = "does not hold"
    elif "cannot tell" in says:
        verdict = "cannot tell"
    return _finding(claim, judged, verdict, _why(decisive, verdict, bars))


def _margin(claim: Claim, measured: Measured) -> float:
    """Return 0 for what is counted, or is no time."""
    return MARGIN_OF_TIMES if measured.samples and claim.kind == "latency" else 0.0


def untested(claim: Claim, because: str) -> Finding:
    """Return what to say of a claim that could not be tested here."""
    return _finding(claim, (), "cannot be tested here", because)


def against(finding: Finding, earlier: Verdict) -> Finding:
    """Return a finding beside the verdict of an independent run: where they differ, none."""
    if finding.earlier is not None:
        return finding
    if finding.verdict == earlier:
        return replace(finding, earlier=earlier)
    why = f"this run says '{finding.verdict}', the one before '{earlier}': {finding.why}"
    differed = finding.verdict
    return replace(finding, verdict="cannot tell", why=why, earlier=earlier, differed=differed)


def _finding(claim: Claim, measured: tuple[Measured, ...], verdict: Verdict, why: str) -> Finding:
    return Finding(
        claim.name,
        claim.paper,
        claim.where,
        claim.statement,
        claim.experiment,
        measured,
        verdict,
        why,
    )


def _why(decisive: Sequence[Measured], verdict: Verdict, bars: Mapping[str, Bar]) -> str:
    """Say which numbers decided, the worst first where several did."""
    deciding = [each for each in decisive if each.says == verdict]
    parts = [f"{each.quantity} {each.words} of {each.subject}" for each in deciding[:3]]
    more = len(deciding) - len(parts)
    asked = " and ".join(
        f"{name} {bars[name].words}" for name in dict.fromkeys(each.quantity for each in deciding)
    )
    how = {"holds": "keeps", "does not hold": "misses", "cannot tell": "is on the edge of"}
    listed = "; ".join(parts) + (f"; and {more} more" if more else "")
    others = len(decisive) - len(deciding)
    rest = f" (the other {others} numbers do not)" if others and verdict != "holds" else ""
    return f"{listed}: {how[verdict]} {asked}{rest}"
