"""Tables as people and programs meet them: whole in a pipe, fitted to a terminal, never cut."""

from __future__ import annotations

import csv
import io
import os
import re
import sys
from functools import cache
from itertools import pairwise
from pathlib import Path

import onnx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edgekit import devices
from edgekit.cli import COMMANDS, run
from edgekit.cli.shared import output
from edgekit.cli.shared.tables import formats
from edgekit.cli.shared.tables.columns import Column, Kind, figure, name, prose, resolved, word
from edgekit.cli.shared.tables.layout import Layout, laid_out
from edgekit.cli.shared.tables.notes import notes
from edgekit.cli.shared.tables.wrapping import cells_of, folded, shortened, words_of
from edgekit.devices import CountReport, Issue
from edgekit.progress import Progress, Step
from tests.specimens import graphs
from tests.specimens.files import OPS, tiny_tflite
from tests.specimens.machines.phones import Phone
from tests.specimens.printed import printing
from tests.specimens.printed.terminal import Printed, Screen, recorded, terminal

WIDTHS = (80, 120)
WITHOUT_TABLE = {"report"}


class Specimens:
    """What each command prints, run once and kept."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        printing.prepare(folder)
        self.of = cache(self._of)

    def _of(self, specimen: str) -> tuple[Printed, Screen]:
        if specimen in printing.NEEDS:
            self.of(printing.NEEDS[specimen])
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(self._folder)
            patch.setenv("EDGEKIT_CACHE", str(self._folder / "cache"))
            with terminal(80) as screen, recorded() as printed:
                printing.show(specimen)
        assert printed.tables
        return printed, screen


@pytest.fixture(scope="session")
def specimens(tmp_path_factory: pytest.TempPathFactory) -> Specimens:
    return Specimens(tmp_path_factory.mktemp("printed"))


def test_every_command_that_prints_a_table_has_a_specimen() -> None:
    assert {each.split()[0] for each in printing.SPECIMENS} | WITHOUT_TABLE >= set(COMMANDS)


@pytest.mark.parametrize("specimen", printing.SPECIMENS)
def test_no_line_is_too_wide_and_no_figure_cut(
    specimen: str, specimens: Specimens, capsys: pytest.CaptureFixture[str]
) -> None:
    printed, _ = specimens.of(specimen)
    printed.again()
    whole = "".join(capsys.readouterr())
    for columns, rows in printed.tables:  # a pipe has every cell, in one line for each row
        assert all(
            " ".join(cell.split()) in " ".join(whole.split()) for row in rows for cell in row
        )
        assert len(columns) == len(rows[0])
    for width in WIDTHS:
        with terminal(width) as screen:
            printed.again()
        for line in screen.lines:
            assert cells_of(line) <= width, line
        for columns, rows in printed.tables:
            fields = resolved(columns)
            left_out = laid_out(fields, rows, width).left_out
            for place, field in enumerate(fields):
                if field.kind is Kind.FIGURE and field.title not in left_out:
                    for row in rows:
                        assert any(row[place] in line for line in screen.lines), row[place]
        # What looks like a figure is one: no part of a longer one that was cut or folded.
        known = set(whole.split())
        for figure_ in (each for line in screen.lines for each in line.split()):
            if re.fullmatch(r"[\d.,+%\[\]-]*\d[\d.,+%\[\]-]*", figure_):
                assert figure_ in known, figure_


@pytest.mark.parametrize("specimen", printing.SPECIMENS)
def test_results_come_after_the_last_sign_of_progress(specimen: str, specimens: Specimens) -> None:
    _, screen = specimens.of(specimen)
    progress = max(screen.raw.rfind(mark) for mark in ("\x1b[2K", "\x1b[?25h", "\x1b[K", "\r"))
    results = [line for line in screen.raw[progress + 1 :].splitlines() if line.strip()]
    with terminal(80) as again:
        specimens.of(specimen)[0].again()
    printed = [line for line in again.raw.splitlines() if line.strip()]
    assert len(results) >= len(printed)


def _comes_last(screen: Screen, words: str) -> bool:
    progress = max(screen.raw.rfind(mark) for mark in ("\x1b[2K", "\x1b[?25h", "\x1b[K"))
    return 0 <= progress < screen.raw.find(words)


def test_results_of_a_phone_come_after_progress(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    phone = Phone(tmp_path / "phone")
    monkeypatch.setenv("PATH", str(phone.client), prepend=os.pathsep)
    phone.benchmark_model(f"cat {printing.GOLDEN}/benchmark_model/tensorflow_2_15.txt")
    net = tiny_tflite(tmp_path / "net.tflite", [OPS.ABS])
    with terminal(80) as screen:
        assert run(["latency", "--target", "adb:", str(net)]) == 0
    assert _comes_last(screen, "mean ms")


def test_instruction_counts_come_after_progress(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def count(_request: object, progress: Progress) -> list[CountReport]:
        progress(Step("counting", 0, 1))
        return [printing.counts()]

    monkeypatch.setattr(devices, "count", count)
    net = tiny_tflite(tmp_path / "net.tflite", [OPS.ABS])
    with terminal(80) as screen:
        assert run(["latency", "--target", "qemu:cortex-a76", str(net)]) == 0
    assert _comes_last(screen, "instructions")


@pytest.mark.parametrize("specimen", printing.SPECIMENS)
def test_rows_of_a_table_differ(specimen: str, specimens: Specimens) -> None:
    """What a terminal of 80 columns shows tells any two rows apart that are of two files."""
    printed, _ = specimens.of(specimen)
    for columns, rows in printed.tables:
        if any(isinstance(c, Column) and c.title == "file" for c in columns):
            with terminal(80) as screen:
                output.print_table(columns, rows)
            files = {row[[getattr(c, "title", c) for c in columns].index("file")] for row in rows}
            assert len(set(screen.lines)) >= len(files)


@pytest.mark.parametrize("specimen", printing.RUNS)
def test_every_format(
    specimen: str, specimens: Specimens, capsys: pytest.CaptureFixture[str]
) -> None:
    printed, _ = specimens.of(specimen)
    for columns, rows in printed.tables:
        fields = resolved(columns)
        text = formats.comma_separated(fields, rows)
        read = list(csv.reader(io.StringIO(text)))
        head = [[column.title for column in fields]] if any(c.title for c in fields) else []
        assert read == [*head, *map(list, rows)]
        lines = formats.markdown(fields, rows).splitlines()
        assert len(lines) == 2 + len(rows)
        assert {len(re.findall(r"(?<!\\)\|", line)) for line in lines} == {1 + len(fields)}
    capsys.readouterr()


@pytest.mark.parametrize("form", ["csv", "markdown"])
def test_csv_leaves_all_but_tables_to_stderr(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["doctor", "--format", form]) == 0
    out, err = capsys.readouterr()
    if form == "markdown":
        assert out.startswith("| package | installed | tested | verdict |\n| --- |")
        return
    tables = [list(csv.reader(io.StringIO(each))) for each in out.strip().split("\n\n")]
    assert [each[0][0] for each in tables] == ["package", "instruction set", "machine"]
    assert all(len({len(row) for row in table}) == 1 for table in tables)
    assert "package" not in err


def test_json_has_a_long_form(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["list", "micronet*", "--format", "json"]) == 0
    long = capsys.readouterr().out
    assert run(["list", "micronet*", "--json"]) == 0
    assert capsys.readouterr().out == long
    assert run(["list", "--json", "--format", "csv"]) == 2
    capsys.readouterr()
    assert run(["list", "nothing-like-it", "--format", "json"]) == 2
    assert '"reason_code": "unknown-name"' in capsys.readouterr().out


def test_every_command_with_a_table_takes_the_formats(capsys: pytest.CaptureFixture[str]) -> None:
    for command in set(COMMANDS) - WITHOUT_TABLE:
        assert run([command, "--help"]) == 0
        assert re.search(r"--(table-)?format table\|markdown\|csv\|json", capsys.readouterr().out)


# --- layout --------------------------------------------------------------------------------

TEXT = st.text(st.sampled_from("ab/_-.12 "), max_size=60).map(lambda text: " ".join(text.split()))
NUMBER = st.floats(0, 1e5).map(lambda value: f"{value:.3f} [{value / 2:.3f}, {2 * value:.3f}]")


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[Column], list[list[str]]]:
    columns = [
        Column(f"title {number}", draw(st.sampled_from(Kind)), draw(st.integers(0, 3)))
        for number in range(draw(st.integers(1, 8)))
    ]
    rows = [
        [draw(NUMBER if column.kind is Kind.FIGURE else TEXT) for column in columns]
        for _ in range(draw(st.integers(1, 4)))
    ]
    return columns, rows


# How fast a busy machine draws and lays out says nothing of the layout.
by_no_clock = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@by_no_clock
@given(tables(), st.integers(60, 140))
def test_any_table_fits(table: tuple[list[Column], list[list[str]]], width: int) -> None:
    columns, rows = table
    layout = laid_out(columns, rows, width)
    lines = [*layout.head, *layout.body]
    words_fit = all(
        cells_of(row[place]) <= width - 12
        for row in rows
        for place, column in enumerate(columns)
        if column.kind is Kind.WORD
    )
    assert not words_fit or all(cells_of(line) <= width for line in lines)
    shown = " ".join(" ".join(lines).split())
    for row in rows:
        for column, cell in zip(columns, row, strict=True):
            if column.kind is Kind.FIGURE and column.title not in layout.left_out:
                assert cell in shown
    assert all(column.spare for column in columns if column.title in layout.left_out)


@by_no_clock
@given(tables())
def test_a_pipe_has_one_line_for_each_row(table: tuple[list[Column], list[list[str]]]) -> None:
    columns, rows = table
    layout = laid_out(columns, rows, None)
    assert (len(layout.head), len(layout.body), layout.left_out) == (1, len(rows), ())


def test_what_gives_way_first() -> None:
    columns = (name("file"), figure("median ms [95 %]"), figure("p99", 2), prose("note", 1))
    rows = [["net.tflite", "1.234 [1.2, 1.3]", "9.9", "a few words about it"]]
    widths = {width: laid_out(columns, rows, width).left_out for width in (80, 64, 50, 30)}
    assert widths == {80: (), 64: (), 50: ("p99",), 30: ("p99", "note")}
    narrow = laid_out(columns, rows, 24)
    assert narrow.head == ()
    assert narrow.body[0].split() == ["file", "net.tflite"]


def test_sentences_go_below_their_row_before_they_become_a_strip() -> None:
    columns = (name("rule"), word("level"), figure("n", 1), prose("found"), prose("advice"))
    words = "a sentence of many words that nobody reads in a column of eighteen letters, so wide"
    rows = [["transpose", "warning", "3", words, words], ["order", "note", "12", "none", ""]]
    assert laid_out(columns, rows, 80) == Layout(
        ("rule       level     n",),
        (
            "transpose  warning   3",
            "    a sentence of many words that nobody reads in a column of eighteen letters,",
            "    so wide",
            "    advice: a sentence of many words that nobody reads in a column of eighteen",
            "    letters, so wide",
            "order      note     12",
            "    none",
        ),
    )
    wide = laid_out(columns[:4], [row[:4] for row in rows], 80)
    assert len(wide.body) == 3
    assert wide.body[-1].split() == ["order", "note", "12", "none"]


def test_a_terminal_names_few_places_of_a_rule_and_a_pipe_all(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = "\n ".join(f"v{n + 1} = Transpose<perm=[0,2,1]>(v{n})" for n in range(9))
    model = graphs.proto(f"g (float[1,9,64] v0) => (float[1,64,9] v9) {{ {lines} }}")
    onnx.save(model, tmp_path / "turning.onnx")
    arguments = ["lint", str(tmp_path / "turning.onnx")]
    assert run(arguments) == 1
    assert len(re.findall(r"^warning +transpose", capsys.readouterr().out, flags=re.M)) == 9
    with terminal(80) as screen:
        assert run(arguments) == 1
    shown = [line for line in screen.lines if line.startswith("warning  transpose")]
    assert len(shown) == 4
    assert "6 more places" in shown[-1]


def test_figures_stay_with_their_units() -> None:
    assert words_of("took 12.5 ms [1.0, 2.5] of 3.4 MB, 95 % sure") == [
        "took", "12.5 ms", "[1.0, 2.5]", "of", "3.4 MB,", "95 %", "sure",
    ]  # fmt: skip
    assert words_of("295: 43 ADD, 1 QUANTIZE, 4 of all")[:3] == ["295:", "43 ADD,", "1 QUANTIZE,"]
    for first, second in pairwise(folded("the ratio is 1.03 [0.99, 1.07] of 12.5 ms", 14)):
        assert len(first) <= 14
        assert not second.startswith(("ms", "0.99", "1.07"))


def test_names_lose_their_middle_and_stay_different() -> None:
    both = shortened(
        ["mobilenet-v1-1.0-224_float32.tflite", "mobilenet-v1-1.0-224_int8.tflite"], 20
    )
    assert len(set(both)) == 2
    assert all(len(each) <= 20 and "…" in each for each in both)
    alike = [f"/{'a' * 30}/{number}/{'b' * 30}" for number in range(3)]
    assert len(set(shortened(alike, 20))) == 3


def test_notes_are_said_once() -> None:
    busy = [Issue("load", f"the load average was {n}.5 on 2 cores", "wait") for n in (3, 1, 2)]
    cold = Issue("drift", "times changed by +7% in net-1.0-2", "warm up")
    rows = [("a", [busy[0], cold]), ("b", [busy[1]]), ("c", [busy[2]])]
    assert notes(rows) == [
        "note: all: the load average was 1.5 to 3.5 on 2 cores; wait",
        "note: a: times changed by +7% in net-1.0-2; warm up",
    ]
    assert notes([("a", [cold])]) == ["note: times changed by +7% in net-1.0-2; warm up"]
    many = [(str(n), [cold] if n else []) for n in range(9)]
    assert notes(many)[0].startswith("note: 1, 2, 3, 5 more: ")


def test_what_is_skipped_alike_is_said_once(specimens: Specimens) -> None:
    printed, _ = specimens.of("check")
    ((_, rows),) = printed.tables
    skipped = [(code, message) for level, code, _, message in rows if level == "skipped"]
    assert skipped
    assert len(set(skipped)) == len(skipped)


@pytest.mark.parametrize(
    ("count", "words"), [(768, "768"), (9_999, "9,999"), (10_000, "0.01 M"), (3_448_880, "3.45 M")]
)
def test_small_counts_are_not_nothing(count: int, words: str) -> None:
    assert output.millions(count) == words


def test_a_terminal_says_its_width(monkeypatch: pytest.MonkeyPatch) -> None:
    with terminal(97):
        assert output.width_of(sys.stdout) == 97
        monkeypatch.setenv("COLUMNS", "50")
        assert output.width_of(sys.stdout) == 50
    with Path(os.devnull).open("w") as sink:
        assert output.width_of(sink) is None
