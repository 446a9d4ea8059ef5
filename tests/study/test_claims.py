"""Every claim is complete and judged by its bars, whatever the numbers; two run for real."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Literal

import pytest

from edgekit import models
from edgekit.errors import WorkerError
from edgekit.study import claims
from edgekit.study.claims import CLAIMS, Bar, Claim, ClaimsRequest, Measured, decide, papers
from edgekit.study.claims.laboratory import making, ratio, survey
from edgekit.study.claims.laboratory.base import Laboratory
from edgekit.study.claims.laboratory.specimen import Specimen
from edgekit.study.claims.measured import exact
from tests.specimens.printed import documents
from tests.study.laboratory import FakeLaboratory

TESTABLE = [name for name, each in CLAIMS.items() if each.kind != "untestable"]
LATENCY = [name for name, each in CLAIMS.items() if each.kind == "latency"]


def test_there_are_enough_claims_and_every_file_has_some() -> None:
    assert len(TESTABLE) >= 35
    folder = Path(papers.__file__).parent
    files = {each.stem for each in folder.glob("*.py")} - {"__init__"}
    assert files == {each.__name__.rpartition(".")[2] for each in papers.FILES}
    assert all(each.CLAIMS for each in papers.FILES)


@pytest.mark.parametrize("name", CLAIMS)
def test_a_claim_says_all_that_a_reader_needs(name: str) -> None:
    each = CLAIMS[name]
    assert all(text.strip() for text in (each.paper, each.where, each.statement, each.experiment))
    assert not each.statement.endswith(".")
    assert bool(each.untestable_because) == (each.kind == "untestable")


def _rows(bar: Bar) -> dict[str, Measured]:
    """Return a made-up number of each kind: within the bar, outside, and on its edge."""
    low = bar.low if bar.low is not None else bar.high - 2.0 if bar.high is not None else 0.0
    high = bar.high if bar.high is not None else low + 2.0
    middle, width = (low + high) / 2, (high - low) / 8
    edge, outward = (high, 1) if bar.high is not None else (low, -1)
    beyond = edge + outward * 4 * max(width, 0.1)
    is_wide = width > 0.001  # than what only a count can keep

    def row(value: float, half: float) -> Measured:
        interval = (value - half, value + half)
        return Measured(bar.quantity, "a network", value, interval, 10 if is_wide else 0)

    return {
        "holds": row(middle, width),
        "does not hold": row(beyond, max(width, 0.1)),
        "cannot tell": row(edge, max(width, 0.1)),
    }


@pytest.mark.parametrize("name", TESTABLE)
def test_each_verdict_follows_from_each_number(name: str) -> None:
    claim = CLAIMS[name]
    rows = {bar.quantity: _rows(bar) for bar in claim.bars}
    good = {quantity: each["holds"] for quantity, each in rows.items()}
    assert decide(claim, good.values()).verdict == "holds"
    for quantity, each in rows.items():
        for verdict, row in each.items():
            found = decide(claim, {**good, quantity: row}.values())
            assert found.verdict == verdict
            assert quantity in found.why or verdict == "holds"
        others = [row for other, row in good.items() if other != quantity]
        with pytest.raises(ValueError, match="nothing was measured"):
            decide(claim, others)
        # Counts of an emulated processor neither make up for a time nor overrule it.
        emulated = dataclasses.replace(each["does not hold"], target="qemu:cortex-a76")
        with pytest.raises(ValueError, match="nothing was measured"):
            decide(claim, [*others, emulated])
        found = decide(claim, [*good.values(), emulated])
        assert found.verdict == "holds"
        assert found.measured[-1].says == "does not hold"


def test_one_number_outside_refutes_and_one_on_the_edge_leaves_open() -> None:
    claim = CLAIMS["int8-is-always-faster"]
    rows = _rows(claim.bars[0])
    found = decide(claim, [rows["holds"], rows["does not hold"], rows["cannot tell"]])
    assert found.verdict == "does not hold"
    assert "other 2 numbers" in found.why
    assert decide(claim, [rows["holds"], rows["cannot tell"]]).verdict == "cannot tell"


@pytest.mark.parametrize("name", TESTABLE)
def test_each_experiment_measures_what_its_bars_ask_for(name: str) -> None:
    claim = CLAIMS[name]
    if claim.kind == "accuracy":
        pytest.skip("its experiment trains")
    laboratory = FakeLaboratory(targets=("local", "qemu:cortex-a76"))
    assert claim.measure is not None
    measured = list(claim.measure(laboratory))
    found = decide(claim, measured)
    assert found.verdict in ("holds", "does not hold", "cannot tell")
    assert laboratory.asked or claim.kind == "exact"
    asked = {bar.quantity for bar in claim.bars}
    if any(each.target != "local" for each in measured):
        counted = {each.quantity for each in measured if each.target != "local"}
        assert counted & asked, "instructions are judged by the same bars"


@cache
def _specimens() -> list[Specimen]:
    laboratory = FakeLaboratory()
    for name in TESTABLE:
        measure = CLAIMS[name].measure
        if measure is not None and CLAIMS[name].kind != "accuracy":
            list(measure(laboratory))
    return sorted(laboratory.asked, key=lambda each: (each.label, each.format))


def test_built_networks_have_names_of_their_own_and_run() -> None:
    built = {each.name: each for each in _specimens() if each.build is not None}
    shapes = {(each.name, each.build) for each in _specimens() if each.build is not None}
    assert len({name for name, _ in shapes}) == len(shapes)
    for each in built.values():
        assert each.build is not None
        assert models.count(each.build(), each.shape).macs >= 0


def test_networks_by_name_exist() -> None:
    for each in _specimens():
        if each.build is None and ":" not in each.name:
            assert models.get(each.name).macs > 0


class _Counting(FakeLaboratory):
    """Counts for real and measures nothing."""

    def cost(self, specimen: Specimen) -> models.Count:
        return making.cost(specimen)


@pytest.mark.parametrize("name", [each for each in TESTABLE if CLAIMS[each].kind == "exact"])
def test_claims_on_counts_hold_exactly(name: str) -> None:
    measure = CLAIMS[name].measure
    assert measure is not None
    found = decide(CLAIMS[name], measure(_Counting()))
    # The abstract's 140 M is a round number: g = 1 and g = 4 are 143 and 134 M.
    assert found.verdict == "holds", found.why
    assert all(each.interval == (each.value, each.value) for each in found.measured)


@pytest.mark.parametrize("name", [each for each in CLAIMS if each.startswith("guideline-")])
def test_the_guidelines_compare_networks_of_equal_macs(name: str) -> None:
    measure = CLAIMS[name].measure
    assert measure is not None
    found = [each for each in measure(_Counting()) if each.quantity == "MACs ratio"]
    assert [each.value for each in found] == [pytest.approx(1.0, abs=1e-9)]


def _claim(measure: object, low: float = 2.0) -> Claim:
    return Claim(
        "made-up", "a paper", "here", "it is fast", "two networks", "latency",
        (Bar("speed-up", low=low),), measure,  # type: ignore[arg-type]
    )  # fmt: skip


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (WorkerError("child 2 died"), "child 2 died"),
        (RuntimeError("shapes\n do not fit"), "the experiment failed: RuntimeError: shapes do not "
         "fit"),
        (None, "the experiment failed: ValueError: made-up: nothing was measured of speed-up"),
    ],
)  # fmt: skip
def test_whatever_goes_wrong_with_one_experiment_is_a_finding(
    error: Exception | None, why: str
) -> None:
    def measure(_lab: Laboratory) -> Iterator[Measured]:
        if error is not None:
            raise error
        yield from ()

    found = claims.test(_claim(measure), FakeLaboratory())
    assert (found.verdict, found.why) == ("cannot be tested here", why)


def test_an_experiment_that_fails_early_keeps_no_other_from_its_files() -> None:
    def measure(_lab: Laboratory) -> Iterator[Measured]:
        raise RuntimeError("no such layer")
        yield

    other = CLAIMS["guideline-1-float32"].measure
    assert other is not None
    found = survey.of([measure, other], is_quick=True).wanted
    assert found == survey.of([other], is_quick=True).wanted != set()


@pytest.mark.parametrize(
    ("kind", "interval", "verdict"),
    [
        ("latency", (1.53, 1.6), "holds"),
        ("latency", (1.51, 1.6), "cannot tell"),
        ("latency", (1.4, 1.49), "cannot tell"),
        ("latency", (1.4, 1.46), "does not hold"),
        ("accuracy", (1.51, 1.6), "holds"),
        ("accuracy", (1.4, 1.49), "does not hold"),
    ],
)
def test_times_clear_a_bar_by_what_two_measurements_differ_by(
    kind: Literal["latency", "accuracy"], interval: tuple[float, float], verdict: str
) -> None:
    claim = dataclasses.replace(_claim(lambda _lab: (), low=1.5), kind=kind)
    row = Measured("speed-up", "a network", sum(interval) / 2, interval, 10)
    assert decide(claim, [row]).verdict == verdict
    assert decide(claim, [exact("speed-up", "a network", 1.51)]).verdict == "holds"
    assert decide(claim, [exact("speed-up", "a network", 1.49)]).verdict == "does not hold"


def test_incomplete_claims_and_bars_are_refused() -> None:
    with pytest.raises(ValueError, match="bars and an experiment"):
        _claim(None)
    with pytest.raises(ValueError, match="all its texts"):
        dataclasses.replace(CLAIMS[TESTABLE[0]], statement="")
    with pytest.raises(ValueError, match="at least one end"):
        Bar("speed-up")
    with pytest.raises(ValueError, match="above"):
        Bar("speed-up", 2.0, 1.0)
    with pytest.raises(ValueError, match="two bars"):
        dataclasses.replace(_claim(lambda _lab: ()), bars=(Bar("x", 1.0), Bar("x", 2.0)))
    with pytest.raises(ValueError, match="speed-up of"):
        Measured("speed-up", "a network", 3.0, (1.0, 2.0))


def test_ratios_turn_with_their_intervals() -> None:
    one = Specimen("micronet-m0")
    found = ratio.Ratio(one, one, 0.5, (0.4, 0.8), 7)
    speed_up = found.measured("speed-up", ratio.inverse)
    assert (speed_up.value, speed_up.interval) == (2.0, (1.25, 2.5))
    assert found.measured("p", ratio.exponent(0.25)).value == pytest.approx(0.5)
    both = ratio.quotient(found, ratio.Ratio(one, one, 2.0, (2.0, 2.0), 5), "q", "networks")
    assert both.value == pytest.approx(0.25)
    assert both.interval == (pytest.approx(0.2), pytest.approx(0.4))
    assert both.samples == 12


def test_rank_correlation_is_spearmans() -> None:
    value, (low, high) = ratio.rank_correlation([1, 2, 3, 4, 5, 6], [1, 4, 9, 16, 25, 36])
    assert (value, high) == (pytest.approx(1.0), pytest.approx(1.0))
    # The textbook example: 1 - 6 * sum(d^2) / (n * (n^2 - 1)).
    iq = [106, 100, 86, 101, 99, 103, 97, 113, 112, 110]
    hours = [7, 27, 2, 50, 28, 29, 20, 12, 6, 17]
    value, (low, high) = ratio.rank_correlation(iq, hours)
    assert value == pytest.approx(1 - 6 * 194 / (10 * 99))
    assert low <= value <= high
    assert ratio.rank_correlation(iq, hours) == (value, (low, high))
    with pytest.raises(ValueError, match="no order"):
        ratio.rank_correlation([1, 1, 1], [1, 2, 3])


def test_means_come_with_students_interval() -> None:
    value, (low, high) = ratio.of_seeds([1.0, 2.0, 3.0])
    assert value == 2.0
    assert high - value == pytest.approx(4.303 / 3**0.5, rel=1e-3)
    assert value - low == pytest.approx(high - value)
    value, (low, high) = ratio.of_processes([1.0, 4.0])
    assert value == pytest.approx(2.0)
    assert low < 1.0 < 4.0 < high


def test_quick_runs_leave_training_out() -> None:
    kinds = {each.kind for each in ClaimsRequest(is_quick=True).claims}
    assert kinds == {"exact", "latency", "untestable"}
    assert len(ClaimsRequest().claims) == len(CLAIMS)


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from edgekit.study.claims.laboratory import settings

    shortest = dataclasses.replace(
        settings.QUICK, children=3, num_runs=3, min_secs=0.0, warmup_secs=0.0, warmup_runs=1
    )
    monkeypatch.setattr(settings, "QUICK", shortest)
    monkeypatch.setenv("EDGEKIT_CACHE", str(tmp_path))


@pytest.mark.usefixtures("tiny")
@pytest.mark.parametrize(
    ("name", "runtimes", "processes"),
    [
        ("groups-need-an-optimized-kernel", {"LiteRT"}, None),
        pytest.param("guideline-1-int8", {"LiteRT", "ONNX Runtime"}, "3", marks=pytest.mark.slow),
    ],
)
def test_a_claim_for_real(name: str, runtimes: set[str], processes: str | None) -> None:
    """The verdict is the machine's; what stands beside it is checked."""
    report = claims.run(ClaimsRequest((name,), is_quick=True))
    (finding,) = report.claims
    assert finding.verdict != "cannot be tested here", finding.why
    times = [each for each in finding.measured if each.samples]
    assert times
    assert {each.subject.rpartition(" on ")[2] for each in times if " on " in each.subject} == (
        runtimes
    )
    for each in times:
        assert each.samples >= 2 * 3 * 3
        assert each.interval[0] < each.value < each.interval[1]
        assert processes in (None, each.conditions["processes"])
    documents.check(report.document())


def _files(name: str) -> set[Specimen]:
    experiment = CLAIMS[name].measure
    assert experiment is not None
    return survey.of([experiment], is_quick=True).wanted


@pytest.mark.usefixtures("tiny")
def test_files_are_made_ahead_and_found_again() -> None:
    found = _files("shift-is-faster-than-depthwise")
    assert {(each.format, each.lowering) for each in found} == {
        ("tflite", ""), ("onnx", ""), ("tflite", "+shift_as_slices"), ("onnx", "+shift_as_slices"),
    }  # fmt: skip
    first = min(found, key=lambda each: each.label).on("tflite")
    small = dataclasses.replace(first, shape=(1, 288, 4, 4))
    files = making.made([small, small.on("onnx")])
    steps: list[str] = []
    assert making.made([small.on("onnx"), small], steps.append) == files
    assert steps == []
    assert files[small].path.suffix == ".tflite"
    assert files[small].macs == making.cost(small).macs


@pytest.mark.parametrize("is_quick", [True, False])
def test_the_survey_asks_what_the_experiments_ask(*, is_quick: bool) -> None:
    experiments = [
        each.measure for each in CLAIMS.values() if each.measure and each.kind != "accuracy"
    ]
    laboratory = _Noting(is_quick=is_quick)
    for each in experiments:
        list(each(laboratory))
    assert survey.of(experiments, is_quick=is_quick).wanted == laboratory.asked


def test_a_quick_run_makes_fewer_files() -> None:
    experiments = [
        each.measure for each in CLAIMS.values() if each.measure and each.kind != "accuracy"
    ]
    quick, full = (survey.of(experiments, is_quick=each).wanted for each in (True, False))
    assert quick < full


class _Noting(FakeLaboratory):
    """Notes what is measured, and not what is counted without a file."""

    def cost(self, specimen: Specimen) -> models.Count:
        known = set(self.asked)
        count = super().cost(specimen)
        self.asked.clear()
        self.asked.update(known)
        return count


def test_exact_numbers_have_no_interval() -> None:
    assert exact("MACs", "a network", 3.0).words == "3"
    assert Measured("x", "y", 1.0, (0.5, 2.0)).words == "1 [0.5, 2]"
