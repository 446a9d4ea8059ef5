from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from edgekit import study
from edgekit.cli import run
from edgekit.errors import InvalidPathError, RefusedError, UsageError
from edgekit.study.report import profiles
from edgekit.study.store import sqlite_file
from tests.specimens.printed import made_up_profiles, made_up_stores

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("chrome")
LARGEST_BYTES = 5_000_000  # of a page of 1,000 cells


@pytest.fixture(autouse=True)
def _own_cache(cache: Path) -> None:
    """Keep locks in a cache of the test's own."""


@pytest.fixture
def claims(tmp_path: Path) -> Path:
    path = tmp_path / "claims.json"
    path.write_text(made_up_stores.CLAIMS.to_json())
    return path


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    path = tmp_path / "profile.json"
    reports = [json.loads(made_up_profiles.REPORT.to_json())]
    path.write_text(json.dumps({"schema": "edgekit.profiles", "reports": reports, "plots": []}))
    return path


@pytest.fixture
def page(tmp_path: Path, claims: Path, profile: Path) -> Callable[[int], Path]:
    def made(count: int) -> Path:
        pytest.importorskip("vl_convert", reason="a page needs vl-convert-python")
        store = made_up_stores.fill(tmp_path / "made_up.sqlite", count)
        return study.report(
            study.ReportRequest(
                (store,), tmp_path / "page.html", claims, "A <title> & more", profiles=(profile,)
            )
        )

    return made


class _Tags(HTMLParser):
    """What a page refers to, and the text of its elements with an id."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.references: list[str] = []
        self.ids: list[str] = []
        self.data = ""
        self._inside = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.references += [str(given[name]) for name in ("src", "href") if name in given]
        self.ids += [str(given["id"])] if "id" in given else []
        self._inside = str(given.get("id", tag))

    def handle_data(self, data: str) -> None:
        if self._inside == "data":
            self.data += data


def test_a_page_of_a_thousand_cells_is_whole_small_and_alone(page: Callable[[int], Path]) -> None:
    path = page(1000)
    assert path.stat().st_size < LARGEST_BYTES
    tags = _Tags(path.read_text())
    assert all(each.startswith("data:") for each in tags.references)
    assert len(set(tags.ids)) == len(tags.ids)
    data = json.loads(tags.data)
    rows = [dict(zip(data["columns"], values, strict=True)) for values in data["rows"]]
    assert len(rows) == 1000
    assert sum(row["status"] == "failed" for row in rows) == 20
    assert "it </script> died" in next(row["message"] for row in rows if row["message"])
    assert [claim["verdict"] for claim in data["claims"]] == ["holds", "cannot be tested here"]
    assert data["claims"][0]["measured"][0]["interval"] == [0.4, 0.6]
    assert "<h1>A &lt;title&gt; &amp; more</h1>" in path.read_text()


def test_csv_is_the_flat_view(tmp_path: Path) -> None:
    store = made_up_stores.fill(tmp_path / "s.sqlite", 100)
    path = study.report(study.ReportRequest((store,), tmp_path / "cells.csv"))
    with path.open(newline="") as file:
        lines = list(csv.DictReader(file))
    rows = study.read_rows(store)
    assert [line["key"] for line in lines] == [row.cell.key for row in rows]
    assert [line["median_ms"] for line in lines] == [
        "" if row.figures.median_ms is None else str(row.figures.median_ms) for row in rows
    ]


def test_markdown_has_cells_claims_and_failures(tmp_path: Path, claims: Path) -> None:
    store = made_up_stores.fill(tmp_path / "s.sqlite", 100)
    path = study.report(study.ReportRequest((store,), tmp_path / "page.md", claims))
    text = path.read_text()
    lines = [line for line in text.splitlines() if line.startswith("|")]
    assert lines[0].startswith("| model | precision | runtime | target | threads |")
    assert sum("| lab-pi5 | 1 |" in line for line in lines) == 96
    assert "| cannot be tested here | cannot be seen here | Nobody |  |" in lines
    assert text.count("it </script> died & was <b>buried</b>") == 2


def test_the_roof_is_the_highest_that_any_operator_reached(profile: Path) -> None:
    (found,) = profiles.read(profile)
    assert found.title == "net float32 on tflite, 1 thread, local"
    # 1e6 MACs and 1e5 bytes in 0.8 ms; 1e5 MACs and 1e6 bytes in 0.1; 1e6 bytes alone in 0.1.
    assert [each.name for each in found.operators] == ["conv", "dw"]
    conv, depthwise = found.operators
    assert (conv.gmacs_per_s, conv.macs_per_byte) == (pytest.approx(1.25), pytest.approx(10))
    assert (depthwise.gmacs_per_s, depthwise.share) == (pytest.approx(1.0), pytest.approx(0.1))
    assert (found.gmacs_per_s, found.gbytes_per_s) == (pytest.approx(1.25), pytest.approx(10))


@pytest.mark.parametrize("text", ["no JSON", "[]", '{"schema": "edgekit.profiles"}',
                                  '{"schema": "edgekit.profiles", "reports": [{}]}'])  # fmt: skip
def test_what_is_no_profile_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "profile.json"
    path.write_text(text)
    with pytest.raises(RefusedError, match=r"profile\.json: this"):
        profiles.read(path)
    with pytest.raises(InvalidPathError):
        profiles.read(tmp_path / "none.json")


def test_several_stores_make_one_report(tmp_path: Path) -> None:
    stores = tuple(made_up_stores.fill(tmp_path / f"{n}.sqlite", n) for n in (3, 5))
    path = study.report(study.ReportRequest(stores, tmp_path / "cells.csv"))
    assert len(path.read_text().splitlines()) == 1 + 3 + 5


def test_what_cannot_be_reported_is_refused(tmp_path: Path) -> None:
    store = made_up_stores.fill(tmp_path / "s.sqlite", 1)
    with pytest.raises(UsageError, match=r"-o takes a .html, .md, .csv"):
        study.ReportRequest((store,), tmp_path / "page.pdf")
    with pytest.raises(UsageError, match="one store or more"):
        study.ReportRequest((), tmp_path / "page.md")
    with pytest.raises(InvalidPathError, match="no such store"):
        study.report(study.ReportRequest((tmp_path / "none",), tmp_path / "page.md"))
    with sqlite_file.opened(tmp_path / "empty.sqlite"):
        pass
    with pytest.raises(InvalidPathError, match="nothing has been measured"):
        study.report(study.ReportRequest((tmp_path / "empty.sqlite",), tmp_path / "page.md"))
    for text in ("no JSON", "[]", '{"claims": [{}]}'):
        (tmp_path / "claims.json").write_text(text)
        with pytest.raises(RefusedError, match=r"claims\.json: this"):
            study.report(
                study.ReportRequest((store,), tmp_path / "page.md", tmp_path / "claims.json")
            )
    assert not (tmp_path / "page.md").exists()


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = made_up_stores.fill(tmp_path / "s.sqlite", 3)
    assert run(["report", str(store), "-o", str(tmp_path / "cells.csv")]) == 0
    assert capsys.readouterr().out.startswith(f"{tmp_path / 'cells.csv'}: ")
    assert run(["report", str(store), "-o", str(tmp_path / "cells.doc")]) == 2


# --- in a browser -------------------------------------------------------------------------


@contextmanager
def _browser() -> Iterator[Any]:
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="the page is tested in Chromium by playwright"
    )
    if CHROMIUM is None:
        pytest.skip("there is no Chromium here")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


def _opened(browser: Any, path: Path, **options: Any) -> tuple[Any, list[str]]:
    context = browser.new_context(offline=True, **options)
    shown, errors = context.new_page(), list[str]()
    shown.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    shown.on("pageerror", lambda error: errors.append(str(error)))
    shown.on("request", lambda asked: asked.url.startswith("file:") or errors.append(asked.url))
    shown.goto(path.as_uri())
    shown.wait_for_selector("html[data-ready=yes]", state="attached", timeout=120_000)
    return shown, errors


SECTIONS = (
    "ship", "pareto", "distribution", "threads", "resolution", "ladder", "roofline", "instructions",
    "claims", "cells", "failures", "conditions",
)  # fmt: skip


def test_the_page_works_in_a_browser(page: Callable[[int], Path], tmp_path: Path) -> None:
    with _browser() as browser:
        shown, errors = _opened(browser, page(1000))
        assert all(shown.locator(f"#{section}").is_visible() for section in SECTIONS)
        assert shown.locator(".chart svg").count() == 7
        assert shown.locator("#cells-table tbody tr").count() == 980
        shown.uncheck("input[name=runtime][value=tflite]")
        left = shown.locator("#cells-table tbody tr")
        assert 0 < left.count() < 980
        assert "tflite" not in left.first.inner_text()
        shown.fill("input[name=most_ms]", "2")
        picked = shown.locator("#ship-answer strong").inner_text()
        assert "on onnxruntime" in picked
        shown.fill("input[name=most_ms]", "0.000001")
        assert "No measured file fits" in shown.locator("#ship-answer").inner_text()
        shown.select_option("#pareto-controls select >> nth=0", "size_bytes")
        shown.click("#claims summary >> nth=0")
        assert "0.5 [0.4, 0.6]" in shown.locator("#claims details[open]").inner_text()
        assert "<b>with</b>" in shown.locator("#claims details[open]").inner_text()
        with shown.expect_download() as download:
            shown.click("#download-csv")
        download.value.save_as(tmp_path / "cells.csv")
        assert len((tmp_path / "cells.csv").read_text().splitlines()) == 1001
        assert "takes 80.0 %" in shown.locator("#roofline-about").inner_text()
        shown.click("#theme")
        assert shown.evaluate("document.documentElement.dataset.theme") == "dark"
        assert errors == []


def test_axe_finds_no_fault(page: Callable[[int], Path]) -> None:
    axe = pytest.importorskip("axe_core_python", reason="axe-core comes with axe-core-python")
    rules = (Path(axe.__file__).parent / "axe.min.js").read_text()
    path = page(60)
    with _browser() as browser:
        for scheme in ("light", "dark"):
            shown, _ = _opened(browser, path, color_scheme=scheme)
            shown.evaluate(
                "document.querySelectorAll('details').forEach((e) => { e.open = true; })"
            )
            shown.evaluate(rules)
            found = shown.evaluate("axe.run({ resultTypes: ['violations'] })")
            assert [(each["id"], each["impact"]) for each in found["violations"]] == []


def test_the_page_fits_a_phone_and_knows_dark(page: Callable[[int], Path]) -> None:
    with _browser() as browser:
        path = page(200)
        phone = {"width": 390, "height": 844}
        shown, errors = _opened(browser, path, viewport=phone, color_scheme="dark")
        assert shown.evaluate("document.documentElement.scrollWidth") <= 390
        assert shown.evaluate("document.documentElement.dataset.theme") == "dark"
        for theme, least in (("dark", 4.5), ("light", 4.5)):
            assert shown.evaluate(CONTRAST) >= least, theme
            shown.click("#theme")
        assert errors == []


CONTRAST = """() => {
  const light = (color) => color.match(/[\\d.]+/g).slice(0, 3).map((each) => each / 255)
    .map((c) => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, place) => sum + c * [0.2126, 0.7152, 0.0722][place], 0);
  const ground = light(getComputedStyle(document.body).backgroundColor);
  return Math.min(...[...document.querySelectorAll("p, h1, h2, td, th, li, label, summary")]
    .map((each) => light(getComputedStyle(each).color))
    .map((text) => (Math.max(text, ground) + 0.05) / (Math.min(text, ground) + 0.05)));
}"""
