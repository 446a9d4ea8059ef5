"""The checklists of artifact evaluation, answered point by point for a run of the claims."""

from __future__ import annotations

from dataclasses import dataclass

from edgekit.study.claims.report import ClaimsReport


@dataclass(frozen=True)
class Checklist:
    """One checklist.

    Attributes:
        title: who asks.
        answers: point and answer.
    """

    title: str
    answers: tuple[tuple[str, str], ...]


def checklists(report: ClaimsReport) -> tuple[Checklist, ...]:
    """Return the answers that hold for this run."""
    return (_functional(), _reproduced(report), _empirical(report))


def _functional() -> Checklist:
    return Checklist(
        "ACM, Artifacts Evaluated: Functional",
        (
            ("documented", "docs/claims.md has each claim, its experiment and its bar; "
             "docs/latency.md and docs/compare.md say how times are measured"),
            ("consistent", "each row of this page is one experiment of `edgekit claims`, by name; "
             "the page is generated from the run's document, and a test compares the two"),
            ("complete", "the command makes every network and file itself; data sets are needed "
             "for the claims of kind accuracy alone, and what is missing is said in its row"),
            ("exercisable", "`edgekit claims NAME` tests one, `--quick` all that need no data, in "
             "minutes; `--keep FILE` goes on where a run stopped"),
            ("verified and validated", "the tests run every experiment on a laboratory of known "
             "numbers and judge each verdict from each side of its bar"),
        ),
    )  # fmt: skip


def _reproduced(report: ClaimsReport) -> Checklist:
    again = (
        f"{report.agreeing} of {report.compared} claims got the same verdict in an independent "
        "run; the others stand here as `cannot tell`"
        if report.compared
        else "not done for this page: `--against REPORT.json` holds a run against another, and a "
        "claim whose verdict differs is then reported as `cannot tell`"
    )
    return Checklist(
        "ACM, Results Reproduced",
        (
            ("obtained again", again),
            ("tolerance", "verdicts follow from intervals and from bars that were set before "
             "measuring; an interval has to clear its bar by 2 % of it"),
            ("by others", "not claimed: that is for others to say, with the command below"),
        ),
    )  # fmt: skip


def _empirical(report: ClaimsReport) -> Checklist:
    length = (
        "short measurements (`--quick`), whose intervals are wide: more claims are `cannot tell` "
        "than in a full run"
        if report.quick
        else "measurements of full length"
    )
    return Checklist(
        "SIGPLAN, empirical evaluation",
        (
            ("clearly stated claims", "each with its paper, place, number and bar"),
            ("limits stated", f"one machine; {length}; weights of latency experiments are seeded, "
             "which the time does not depend on; emulated processors give instructions and no "
             "time; figures that are marked so were not compared with the printed text"),
            ("suitable baseline", "the network or layer that the paper itself compares with, in "
             "the same precision unless precision is the question"),
            ("fair comparison", "base and candidate take turns in the same processes, on the same "
             "runtime and threads unless a row says otherwise"),
            ("principled choice of benchmarks", "the networks that the papers themselves compare; "
             "where a layer is meant, a chain of that layer and nothing else"),
            ("adequate data analysis", "fresh processes, samples and intervals of 95 % in every "
             "row: a bootstrap over processes and rounds, stretched by Student's t"),
            ("appropriate summary", "ratios as geometric means over processes; orders by "
             "Spearman's correlation with a bootstrap over the networks"),
            ("reported distribution", "this page has ratios with their intervals; "
             "`edgekit latency --json` and `edgekit compare --json` have every raw sample"),
            ("relevant metrics", "elapsed time of one inference; MACs, parameters, instructions "
             "and bytes beside it"),
            ("appropriate design", "warm-up until times settle, random order, verdicts by bars "
             "that were set before measuring"),
            ("honest presentation", "what failed, or is on the edge, stands in the same table"),
        ),
    )  # fmt: skip
