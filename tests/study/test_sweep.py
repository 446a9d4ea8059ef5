from __future__ import annotations

import os
import random
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from edgekit import study
from edgekit.data import synthetic
from edgekit.devices import MeasureSettings
from edgekit.errors import (
    EdgekitError,
    EnvironmentMissingError,
    InvalidPathError,
    RefusedError,
    UnknownNameError,
    UsageError,
)
from edgekit.study.grid.plan import Images
from edgekit.study.store import sqlite_file
from edgekit.study.sweep.engine import LocalEngine
from edgekit.study.sweep.lock import Lock
from tests.specimens import files
from tests.specimens.commands import Cli
from tests.specimens.machines import fake_targets


@pytest.fixture(autouse=True)
def _own_cache(cache: Path) -> None:
    """Keep locks and files in a cache of the test's own."""


def _swept(plan: study.Plan, path: Path, **options: Any) -> study.SweepResult:
    return study.sweep(study.SweepRequest(plan, path, resolve=fake_targets.resolve, **options))


def _rows(path: Path) -> list[dict[str, Any]]:
    return [row.flat() for row in study.read_rows(path)]


def _processes(path: Path) -> Counter[tuple[str, int]]:
    """How often each cell has an answer of each number."""
    with sqlite3.connect(path) as connection:
        rows = connection.execute("SELECT cell, number FROM process").fetchall()
    return Counter(map(tuple, rows))


# --- the store ----------------------------------------------------------------------------


def test_every_cell_has_a_row_with_its_figures(tmp_path: Path) -> None:
    plan = fake_targets.plan(tmp_path, 3)
    result = _swept(plan, tmp_path / "s.sqlite")
    rows = _rows(tmp_path / "s.sqlite")
    assert (result.cells, result.measured, result.known, result.failed) == (12, 12, 0, 0)
    assert {row["key"] for row in rows} == set(result.keys)
    assert {row["point"] for row in rows} == {point.id for point in plan.points}
    for row in rows:
        assert row["status"] == "ok"
        assert row["is_latest"] == 1
        assert row["low_ms"] <= row["median_ms"] <= row["high_ms"]
        assert (row["runtime_version"], row["samples"]) == ("ai-edge-litert 2.3.0", 120)
        assert row["private_memory_bytes"] == 10 << 20


def test_nothing_is_measured_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(fake_targets.LOG, str(tmp_path / "log"))
    _swept(fake_targets.plan(tmp_path, 2), tmp_path / "s.sqlite")
    before = (tmp_path / "log").read_text()
    again = _swept(fake_targets.plan(tmp_path, 2), tmp_path / "s.sqlite")
    assert (again.measured, again.known) == (0, 8)
    assert (tmp_path / "log").read_text() == before
    more = _swept(fake_targets.plan(tmp_path, 3), tmp_path / "s.sqlite")
    assert (more.measured, more.known) == (4, 8)
    anew = _swept(fake_targets.plan(tmp_path, 2), tmp_path / "s.sqlite", again=True)
    assert anew.measured == 8
    assert {row["attempt"] for row in _rows(tmp_path / "s.sqlite")} == {1, 2}


@pytest.mark.parametrize(
    "change",
    [{"threads": (2,)}, {"targets": ("b",)}, {"measure": MeasureSettings(children=4)}],
    ids=str,
)
def test_whatever_a_result_hangs_on_is_in_the_key(change: dict[str, Any], tmp_path: Path) -> None:
    plan = fake_targets.plan(tmp_path, 1, threads=1, targets=("a",))
    first = _swept(plan, tmp_path / "s.sqlite")
    assert set(_swept(replace(plan, **change), tmp_path / "s.sqlite").keys).isdisjoint(first.keys)
    (tmp_path / "net0.tflite").write_bytes(b"other")
    other = _swept(plan, tmp_path / "s.sqlite")
    assert set(other.keys).isdisjoint(first.keys)
    latest = {row["key"] for row in _rows(tmp_path / "s.sqlite") if row["is_latest"]}
    assert latest & {*first.keys, *other.keys} == set(other.keys)


def test_failures_are_rows_and_can_be_tried_again(tmp_path: Path) -> None:
    plan = fake_targets.plan(tmp_path, 2, threads=1, targets=("a",))
    (tmp_path / "net1.tflite").write_bytes(b"bad")
    first = _swept(plan, tmp_path / "s.sqlite")
    assert (first.measured, first.failed) == (2, 1)
    failed = [row for row in _rows(tmp_path / "s.sqlite") if row["status"] == "failed"]
    assert [(row["reason_code"], row["message"]) for row in failed] == [
        ("worker-failed", "this file is bad")
    ]
    assert _swept(plan, tmp_path / "s.sqlite").measured == 0
    assert _swept(plan, tmp_path / "s.sqlite", retry_failures=True).measured == 1


def test_a_network_that_cannot_be_made_is_a_row(tmp_path: Path) -> None:
    plan = study.Plan(("alexnet",), runtimes=("tflite",), resolutions=("1",), targets=("a",))
    result = _swept(plan, tmp_path / "s.sqlite")
    (row,) = _rows(tmp_path / "s.sqlite")
    assert (result.failed, row["status"], row["file_sha256"]) == (1, "failed", None)
    assert _swept(plan, tmp_path / "s.sqlite").measured == 0


def test_rows_are_added_and_never_changed(tmp_path: Path) -> None:
    _swept(fake_targets.plan(tmp_path, 1), tmp_path / "s.sqlite")
    connection = sqlite3.connect(tmp_path / "s.sqlite")
    for table in ("cell", "process", "result"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            connection.execute(f"DELETE FROM {table}")
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        connection.execute("UPDATE result SET median_ms = 0")
    connection.close()


def test_a_store_has_one_writer_and_is_a_store(tmp_path: Path) -> None:
    plan = fake_targets.plan(tmp_path, 1)
    with sqlite_file.opened(tmp_path / "s.sqlite"), pytest.raises(RefusedError) as busy:
        _swept(plan, tmp_path / "s.sqlite")
    assert busy.value.reason_code == "store-busy"
    (tmp_path / "text").write_text("no database, but long enough to look like one" * 50)
    with pytest.raises(RefusedError) as found:
        _swept(plan, tmp_path / "text")
    assert found.value.reason_code == "not-a-store"
    with pytest.raises(InvalidPathError, match="no such store"):
        study.read_rows(tmp_path / "none.sqlite")


def test_emulated_processors_count_instructions(tmp_path: Path) -> None:
    plan = fake_targets.plan(tmp_path, 2, threads=1, targets=("arm",))
    request = study.SweepRequest(
        plan, tmp_path / "s.sqlite", resolve=lambda name: fake_targets.FakeProcessor(name)
    )
    study.sweep(request)
    rows = study.read_rows(tmp_path / "s.sqlite")
    assert [row.cell.kind for row in rows] == ["instructions"] * 2
    assert {row.figures.instructions for row in rows} == {4000}
    assert {row.figures.median_ms for row in rows} == {None}
    assert study.sweep(request).measured == 0


def test_accuracy_is_measured_once_for_each_trained_file(tmp_path: Path) -> None:
    images = tmp_path / "images"
    images.mkdir()
    lines = ["file,label"]
    for number, drawn in enumerate(synthetic.images(4, 32, 32)):
        Image.fromarray(drawn).save(images / f"{number}.png")
        lines.append(f"{number}.png,{number}")
    (images / "labels.csv").write_text("\n".join(lines))
    plan = study.Plan(
        ("micronet-m0-cifar10",),
        runtimes=("tflite",),
        threads=(1, 2),
        targets=("a",),
        accuracy=Images(images),
    )
    first = _swept(plan, tmp_path / "s.sqlite")
    rows = study.read_rows(tmp_path / "s.sqlite")
    assert [row.images for row in rows] == [4, 4]
    assert all(0 <= (row.top1 or 0) <= 100 for row in rows)
    assert {row.accuracy_on for row in rows} == {rows[0].top1_on}
    assert _swept(plan, tmp_path / "s.sqlite").keys == first.keys
    with sqlite3.connect(tmp_path / "s.sqlite") as connection:
        assert connection.execute("SELECT count(*) FROM accuracy").fetchone() == (1,)


# --- being killed -------------------------------------------------------------------------


def test_a_sweep_killed_five_times_ends_as_an_undisturbed_one(tmp_path: Path) -> None:
    nets, kills = 15, 5
    environment = {
        **os.environ,
        fake_targets.LOG: str(tmp_path / "log"),
        fake_targets.SECONDS: "0.02",
    }
    command = [
        sys.executable, "-m", "tests.specimens.machines.fake_targets",
        str(tmp_path), str(tmp_path / "s.sqlite"), str(nets),
    ]  # fmt: skip
    chance = random.Random(7)
    for _ in range(kills):
        ended = len((tmp_path / "log").read_text()) if (tmp_path / "log").exists() else 0
        with subprocess.Popen(command, env=environment) as sweeping:
            deadline = time.monotonic() + 60
            while time.monotonic() < deadline:  # until it measures, and then a while
                log = tmp_path / "log"
                if log.exists() and len(log.read_text()) > ended:
                    break
                time.sleep(0.01)
            time.sleep(chance.uniform(0, 0.5))
            assert sweeping.poll() is None
            sweeping.kill()
    subprocess.run(command, env=environment, check=True, timeout=120)
    whole = _swept(fake_targets.plan(tmp_path, nets), tmp_path / "whole.sqlite")
    rows = _rows(tmp_path / "s.sqlite")
    assert whole.cells == len(rows) == 60
    assert {row["key"] for row in rows} == set(whole.keys)
    assert all(row["status"] == "ok" for row in rows)
    assert _processes(tmp_path / "s.sqlite") == _processes(tmp_path / "whole.sqlite")
    log = (tmp_path / "log").read_text().splitlines()
    starts = sum(line.startswith("start") for line in log)
    assert starts <= 3 * 60 + kills  # what a kill cut short, and nothing else, starts twice


def test_files_take_turns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(fake_targets.LOG, str(tmp_path / "log"))
    _swept(fake_targets.plan(tmp_path, 4, threads=1, targets=("a",)), tmp_path / "s.sqlite")
    lines = (tmp_path / "log").read_text().splitlines()
    nets = [line.split()[2] for line in lines if line.startswith("start")]
    rounds = [nets[start : start + 4] for start in (0, 4, 8)]
    assert all(sorted(each) == ["net0", "net1", "net2", "net3"] for each in rounds)


# --- the lock -----------------------------------------------------------------------------


def test_a_lock_is_held_around_each_process(tmp_path: Path) -> None:
    script = tmp_path / "lock"
    log = tmp_path / "l"
    script.write_text(
        f'#!/bin/sh\necho "take $EDGEKIT_TARGET" >> {log}\n"$@"\necho free >> {log}\n'
    )
    script.chmod(0o755)
    plan = fake_targets.plan(tmp_path, 1, threads=1, targets=("a",))
    _swept(plan, tmp_path / "s.sqlite", engine=LocalEngine(Lock(str(script))))
    assert log.read_text().splitlines() == ["take a", "free"] * 3


def test_a_lock_that_cannot_be_had_ends_the_sweep(tmp_path: Path) -> None:
    plan = fake_targets.plan(tmp_path, 1)
    for command in ("false", "no-such-program-here"):
        with pytest.raises(EnvironmentMissingError) as found:
            _swept(plan, tmp_path / "s.sqlite", engine=LocalEngine(Lock(command)))
        assert found.value.reason_code == "lock-failed"
    assert _rows(tmp_path / "s.sqlite") == []
    with pytest.raises(UsageError):
        Lock("'")


# --- the TOML file ------------------------------------------------------------------------

BAD = {
    "no TOML": ("models = [", "is no TOML file"),
    "no models": ("threads = [1]", "a sweep needs models"),
    "unknown key": ('models = ["micronet-m0"]\nthread = [1]', "did you mean threads"),
    "unknown model": ('models = ["micronet-m9"]', "unknown model 'micronet-m9'"),
    "pattern of nothing": ('models = ["nothing*"]', "unknown model 'nothing*'"),
    "no such file": ('models = ["none.tflite"]', "none.tflite: no such file"),
    "empty list": ("models = []", "models is empty"),
    "wrong type": ('models = ["micronet-m0"]\nthreads = ["1"]', "threads takes a list such as"),
    "bad threads": ('models = ["micronet-m0"]\nthreads = [0]', "1 or more, not 0"),
    "bad precision": ('models = ["micronet-m0"]\nprecisions = ["int9"]', "did you mean int8"),
    "bad runtime": ('models = ["micronet-m0"]\nruntimes = ["tensorrt"]', "unknown backend"),
    "bad size": ('models = ["micronet-m0"]\nresolutions = ["wide"]', "resolutions are texts"),
    "bad table": ('models = ["micronet-m0"]\nmeasure = 3', "measure is a table"),
    "key of a table": ('models = ["micronet-m0"]\n[measure]\nchild = 3', "did you mean children"),
    "type in a table": ('models = ["micronet-m0"]\n[measure]\nseed = "a"', "a whole number"),
    "too few": ('models = ["micronet-m0"]\n[measure]\nchildren = 1', "at least 3"),
    "no images": ('models = ["micronet-m0"]\n[accuracy]\nlimit = 3', "needs data"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_bad_files_are_refused_in_one_line(name: str, tmp_path: Path) -> None:
    text, said = BAD[name]
    path = tmp_path / "bad.toml"
    path.write_text(text)
    with pytest.raises(UsageError) as found:
        study.read_plan(path)
    assert said in str(found.value)
    assert str(found.value).startswith(str(path))


def test_a_grid_is_every_combination(tmp_path: Path) -> None:
    path = tmp_path / "grid.toml"
    path.write_text(
        'models = ["micronet-m[01]", "MICRONET-M0"]\nprecisions = ["fp32", "w8a8"]\n'
        'runtimes = ["litert", "ort"]\nthreads = [1, 2]\nresolutions = [128, "160x192"]\n'
        "batches = [1, 4]\n[measure]\nmin_secs = 2\n"
    )
    plan = study.read_plan(path)
    assert len(plan.points) == 2 * 2 * 2 * 2 * 2 * 2
    assert {point.subject.precision for point in plan.points} == {"float32", "int8"}
    assert {(p.subject.height, p.subject.width) for p in plan.points} == {(128, 128), (160, 192)}
    assert plan.settings(2) == MeasureSettings(threads=2, min_secs=2.0)


def test_targets_that_keep_no_samples_are_refused(tmp_path: Path) -> None:
    for target, said in (("adb:0", "keeps no samples"), ("qemu:cortex-a53", "in one thread")):
        plan = study.Plan(("micronet-m0",), threads=(2,), targets=(target,))
        with pytest.raises(EdgekitError, match=said):
            study.sweep(study.SweepRequest(plan, tmp_path / "s.sqlite"))
    with pytest.raises(UnknownNameError):
        study.sweep(
            study.SweepRequest(study.Plan(("micronet-m0",), targets=("nowhere",)), tmp_path / "s")
        )


# --- the command --------------------------------------------------------------------------


def test_the_command_measures_real_files(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    files.tiny_onnx(tmp_path / "tiny.onnx")
    (tmp_path / "grid.toml").write_text(
        'models = ["tiny.onnx"]\n[measure]\nmin_secs = 0.01\nwarmup_secs = 0.01\nnum_runs = 5\n'
    )
    code, out, _ = cli("sweep", "grid.toml", "--dry-run")
    assert code == 0
    assert "tiny.onnx" in out
    assert "1 cells of 3 processes each" in out
    assert not (tmp_path / "grid.sqlite").exists()
    code, out, _ = cli("sweep", "grid.toml")
    assert code == 0
    assert "1 cells: 1 measured now, 0 known before, 0 failed" in out
    code, out, err = cli("sweep", "none.toml")
    assert code == 2
    assert err.startswith("error: none.toml: No such file")
