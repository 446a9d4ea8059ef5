"""The list of claims, and the page of a run of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from edgekit.study import claims
from edgekit.study.claims import CLAIMS, ClaimsRequest
from edgekit.study.claims.page.checklists import checklists
from tests.study.laboratory import FakeLaboratory


def test_the_page_of_a_run_has_every_figure_and_every_checklist() -> None:
    names = ("shuffle-costs-time-float32", "shufflenet-alexnet-theory", "repvit-one-millisecond")
    report = claims.run(
        ClaimsRequest(names, is_quick=True, count_on=("qemu:cortex-a76",)),
        laboratory=FakeLaboratory(ratio=1.25, targets=("local", "qemu:cortex-a76")),
    )
    page = claims.study_page(report)
    for finding in report.claims:
        assert f"## {finding.name}\n" in page
        assert f"**{finding.verdict}**" in page
        for each in finding.measured:
            assert f"| {each.words} |" in page
    assert f"{report.machine.kernel}\n" in page
    assert "instructions beside: qemu:cortex-a76" in page
    assert all(word in page for word in ("Functional", "Reproduced", "SIGPLAN"))
    assert all(f"- {point}: {answer}" in page for each in checklists(report) for point, answer in
               each.answers)  # fmt: skip
    rerun = f"`edgekit claims --quick --counts qemu:cortex-a76`, {'`--quick`: short measurements'}"
    assert rerun in page
    assert "independent run: none" in page


def test_the_page_says_which_run_it_is_of(tmp_path: Path) -> None:
    kept = tmp_path / "first.json"
    request = ClaimsRequest(("shuffle-costs-time-float32", "shuffle-costs-time-int8"), kept=kept)
    first = claims.run(request, laboratory=FakeLaboratory(ratio=1.3))
    quiet = replace(first.before, unix_time_s=1_800_000_000.0, load_average=0.04)
    page = claims.study_page(replace(first, before=quiet, seconds=372.0))
    assert "begun 2027-01-15 08:00 UTC, 6.2 minutes" in page
    assert "when it began: 0.04\n" in page
    assert "`edgekit claims`, full length" in page
    busy = claims.study_page(replace(first, before=replace(quiet, load_average=6.5)))
    assert "6.50: something else was running, so times are doubtful" in busy
    against = claims.compared(kept, kept)
    assert "independent run: 2 of 2 verdicts are the same" in claims.study_page(against)


def test_the_committed_page_is_that_of_the_stored_run(repository: Path) -> None:
    """Also run as part of `docs/generate.py --check`; before a run is stored there is no page."""
    stored, page = (repository / "docs" / name for name in ("study.json", "study.md"))
    assert stored.is_file() == page.is_file()
    if stored.is_file():
        assert page.read_text() == claims.study_page(claims.read(stored))
        assert stored.stat().st_size < 500_000


def test_two_tables_have_no_cell_torn_in_two() -> None:
    found = claims.run(ClaimsRequest(("repvit-one-millisecond",)), laboratory=FakeLaboratory())
    torn = replace(found, claims=(replace(found.claims[0], why="a | b"),))
    assert "a \\| b" in claims.study_page(torn)


def test_the_page_of_claims_has_all_of_them_and_no_figure_that_was_measured() -> None:
    page = claims.claims_page()
    assert [f"## {name}" for name in CLAIMS] == [
        line for line in page.splitlines() if line.startswith("## ")
    ]
    assert not any(verdict in page for verdict in ("does not hold: ", "**holds**"))
