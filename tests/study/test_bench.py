from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from edgekit import models, study
from edgekit.errors import RefusedError, UsageError
from edgekit.study.bench import tradeoff_plot
from tests.specimens.commands import Cli
from tests.specimens.machines import fake_targets

SMALL = "micronet-m0-cifar10"


@pytest.fixture(autouse=True)
def _own_cache(cache: Path) -> None:
    """Keep locks and files in a cache of the test's own."""


def _request(folder: Path, count: int = 3) -> study.BenchRequest:
    return study.BenchRequest(
        fake_targets.files(folder, count),
        target="a",
        store=folder / "bench.sqlite",
        resolve=fake_targets.resolve,
    )


def test_rows_stand_in_the_order_asked_for(tmp_path: Path) -> None:
    request = _request(tmp_path)
    result = study.bench(replace(request, subjects=request.subjects[::-1], threads=(1, 2)))
    shown = [(row.cell.model, row.cell.threads) for row in result.rows]
    assert shown == [(f"net{n}.tflite", threads) for n in (2, 1, 0) for threads in (1, 2)]
    assert (result.known, result.synthetic) == (0, ())


def test_a_second_run_takes_what_is_known(tmp_path: Path) -> None:
    first = study.bench(_request(tmp_path, 2))
    second = study.bench(_request(tmp_path, 3))
    assert second.known == 2
    assert second.rows[:2] == first.rows
    assert study.bench(replace(_request(tmp_path, 3), again=True)).known == 0


def test_without_subjects_one_network_of_each_family_is_meant() -> None:
    named = {point.subject.model for point in study.BenchRequest().plan.points}
    assert named == set(models.REFERENCE)


def test_the_command_prints_one_table(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    arguments = ("bench", "MicroNet-m0-cif*", "--min-secs", "0.01", "--backend", "tflite")
    code, out, _ = cli(*arguments, "--plot", "picture.svg")
    assert code == 0
    rows = [line.split() for line in out.splitlines() if line.startswith(SMALL)]
    assert [row[:3] for row in rows] == [[SMALL, p, "tflite"] for p in ("float32", "int8")]
    spec = models.get(SMALL)
    assert spec.trained is not None
    assert f"{spec.params / 1e6:.2f} M" in out
    top1 = f"{spec.trained.top1_percent:.1f}"
    assert top1 in rows[0]
    assert f"({top1})" in rows[1]
    assert "top-1 in brackets is that of the float32 network" in out
    assert "calibrated on synthetic samples" in out
    assert ElementTree.parse(tmp_path / "picture.svg").getroot().tag.endswith("svg")
    code, out, _ = cli(*arguments, "--json")
    document = json.loads(out)
    assert document["known"] == 2
    assert [row["cell"]["precision"] for row in document["rows"]] == ["float32", "int8"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("micronet-m9",), "unknown model 'micronet-m9'"),
        ((SMALL, "--plot", "picture.bmp"), "takes a .png or an .svg"),
        ((SMALL, "--limit", "3"), "give both"),
        ((SMALL, "--data", "no-such-folder"), "no such folder"),
        ((SMALL, "--threads", "two"), "whole numbers"),
        ((SMALL, "--children", "2"), "at least 3"),
    ],
)
def test_what_makes_no_sense_is_refused_before_the_work(
    arguments: tuple[str, ...], said: str, cli: Cli
) -> None:
    code, out, err = cli("bench", *arguments)
    assert (code, out) == (2, "")
    assert said in err
    assert len(err.splitlines()) == 1


def test_the_picture_shows_published_and_measured_top1(tmp_path: Path) -> None:
    rows = study.bench(_request(tmp_path, 2)).rows
    with pytest.raises(RefusedError) as found:
        tradeoff_plot.write(tmp_path / "none.png", rows)
    assert found.value.reason_code == "nothing-to-plot"
    published = replace(rows[0].cell, published_top1=70.0, published_on="ImageNet")
    known = [
        replace(rows[0], cell=published),
        replace(rows[1], top1=60.0, top1_low=58.0, top1_high=62.0, top1_on="folder x"),
    ]
    tradeoff_plot.write(tmp_path / "two.png", known)
    tradeoff_plot.write(tmp_path / "one.png", known[:1])
    assert (tmp_path / "two.png").stat().st_size > (tmp_path / "one.png").stat().st_size
    with pytest.raises(UsageError):
        tradeoff_plot.check(tmp_path / "picture.pdf")
