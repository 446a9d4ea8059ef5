"""Comparing files and result files: what is asked of a target, what is kept, refused and printed.

No test asserts a time.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgekit import devices
from edgekit.devices import (
    ComparedFile,
    CompareRequest,
    Comparison,
    CountReport,
    CountSettings,
    LatencyReport,
    MeasureSettings,
    ModelFile,
    TimePair,
)
from edgekit.devices.measuring.comparison import compare
from edgekit.devices.reports.instruction_counts import CountedRuns
from edgekit.devices.stored_results.result_file import read
from edgekit.emulation.instruction_counts import Counts
from edgekit.errors import InvalidPathError, RefusedError, UsageError, WorkerError
from edgekit.runtimes.jobs import CompareJob
from edgekit.runtimes.timing import WarmUp
from tests.specimens.commands import Cli
from tests.specimens.files import OPS, tiny_onnx, tiny_tflite
from tests.specimens.reports import CALM, INFO, MACHINE, block, report, steady, turns
from tests.specimens.reports import run as made_run

CHILDREN = 4
SETTINGS = MeasureSettings(children=CHILDREN)


def comparison(*levels_ms: float, **changes: Any) -> Comparison:
    subjects = [
        ComparedFile(f"{number}.tflite", "ab", 10, f"net{number}", None, None, INFO)
        for number in range(len(levels_ms))
    ]
    shifts = np.linspace(0.999, 1.001, CHILDREN)
    runs = tuple(
        turns(levels_ms[0], *(level * shift for level in levels_ms[1:])) for shift in shifts
    )
    made = Comparison(tuple(subjects), "local", "0.1.0", SETTINGS, MACHINE, runs)
    return dataclasses.replace(made, **changes)


def latency(*levels_ms: float, **changes: Any) -> LatencyReport:
    levels = levels_ms or (1.0, 1.001, 0.999)
    return report([made_run(steady(level)) for level in levels], **changes)


def written(path: Path, document: LatencyReport | Comparison | CountReport | str) -> Path:
    path.write_text(document if isinstance(document, str) else document.to_json())
    return path


def latencies(*reports: LatencyReport) -> str:
    documents = [json.loads(each.to_json()) for each in reports]
    return json.dumps({"schema": "edgekit.latencies", "schema_version": 1, "reports": documents})


# Files that take turns


class FakeTarget:
    """Answers at once with files at fixed levels, and remembers what was asked."""

    name = "fake"

    def __init__(self, *levels_ms: float, **changes: Any) -> None:
        self.jobs: list[CompareJob] = []
        self.levels_ms, self.changes = levels_ms, changes

    def run(self, job: CompareJob, timeout_s: float) -> dict[str, Any]:
        assert timeout_s == len(self.levels_ms) * SETTINGS.child_timeout_s
        self.jobs.append(job)
        answer = {
            "models": [dataclasses.asdict(INFO)] * len(self.levels_ms),
            "machine": dataclasses.asdict(MACHINE),
            "run": dataclasses.asdict(turns(*self.levels_ms)),
        }
        changes = {k: v(len(self.jobs)) if callable(v) else v for k, v in self.changes.items()}
        return json.loads(json.dumps({**answer, **changes}))


def requests(folder: Path, count: int) -> list[ModelFile]:
    paths = [folder / f"{number}.tflite" for number in range(count)]
    for path in paths:
        path.write_text(path.name)
    return [ModelFile(path, model=path.stem) for path in paths]


def test_several_candidates_are_compared_in_one_go(tmp_path: Path) -> None:
    target, seen = FakeTarget(1.0, 1.1, 0.9, 1.0), []
    base, *candidates = requests(tmp_path, 4)
    request = CompareRequest(base, tuple(candidates), SETTINGS, target)  # type: ignore[arg-type]
    found = compare(request, seen.append)
    assert [each.verdict for each in found.contrasts] == ["slower", "faster", "same"]
    assert [each.ratio for each in found.contrasts] == pytest.approx([1.1, 0.9, 1.0], rel=1e-3)
    assert [(step.done, step.total) for step in seen] == [(n, CHILDREN) for n in range(CHILDREN)]
    assert [Path(file.path).name for file in target.jobs[0].files] == [
        "0.tflite", "1.tflite", "2.tflite", "3.tflite",
    ]  # fmt: skip
    assert len({job.order_seed for job in target.jobs}) == CHILDREN
    assert len({job.seed for job in target.jobs}) == 1
    assert (found.base.model, [each.model for each in found.candidates]) == ("0", ["1", "2", "3"])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"more": 1}, r"process 1 of 4: the worker's answer is not understood: .*\['more'\]"),
        ({"models": []}, "about 0 files, not 2"),
        (
            {"machine": lambda n: {**dataclasses.asdict(MACHINE), "cores": n}},
            "a file, a runtime or the machine changed meanwhile",
        ),
    ],
)
def test_strange_answers_are_worker_errors(
    tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    base, candidate = requests(tmp_path, 2)
    with pytest.raises(WorkerError, match=message):
        compare(CompareRequest(base, (candidate,), SETTINGS, FakeTarget(1, 1, **changes)))  # type: ignore[arg-type]


def test_a_comparison_needs_a_candidate_and_files_that_exist(tmp_path: Path) -> None:
    target = FakeTarget(1, 1)
    (base,) = requests(tmp_path, 1)
    with pytest.raises(UsageError, match="needs a candidate"):
        CompareRequest(base, ())
    missing = ModelFile(tmp_path / "none.tflite")
    with pytest.raises(InvalidPathError, match=r"none\.tflite"):
        compare(CompareRequest(base, (missing,), SETTINGS, target))  # type: ignore[arg-type]
    assert target.jobs == []


def test_emulated_time_is_refused(tmp_path: Path) -> None:
    base, candidate = requests(tmp_path, 2)
    emulated = FakeTarget(1, 1)
    emulated.processor = "Cortex-A53"  # type: ignore[attr-defined]
    emulated.probe = emulated.count = emulated.run  # type: ignore[attr-defined]
    with pytest.raises(RefusedError, match="time means nothing") as caught:
        compare(CompareRequest(base, (candidate,), SETTINGS, emulated))  # type: ignore[arg-type]
    assert caught.value.reason_code == "emulated-time"


def test_comparisons_survive_json_exactly() -> None:
    made = comparison(1.0, 1.05, 2.0)
    text = made.to_json()
    assert devices.comparison_from_json(text) == made
    (slower, twice) = json.loads(text)["summary"]["contrasts"]
    assert (slower["verdict"], twice["verdict"]) == ("slower", "slower")


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda d: d["runs"].pop(), "3 runs, but 4 children"),
        (lambda d: d["subjects"].pop(), "a base and candidates"),
        (lambda d: d["runs"][0]["blocks"].pop(), "no whole rounds"),
        (lambda d: d["runs"][0]["blocks"][0].update(file=1), "two blocks of each file"),
        (lambda d: d.update(schema_version=1), "comparison version 1"),
    ],
)
def test_damaged_comparisons_are_refused(
    edit: Callable[[dict[str, Any]], object], message: str
) -> None:
    document = json.loads(comparison(1.0, 1.1).to_json())
    edit(document)
    with pytest.raises(RefusedError, match=message):
        devices.comparison_from_json(json.dumps(document))


def codes(found: Comparison) -> set[str]:
    return {issue.code for issue in found.issues}


def everywhere(made: Comparison, **changes: Any) -> Comparison:
    return dataclasses.replace(
        made, runs=tuple(dataclasses.replace(one, **changes) for one in made.runs)
    )


def disturbed(made: Comparison) -> Comparison:
    blocks = tuple(block(n, 1.0, switched=1) for n in (0, 1, 1, 0))
    return everywhere(made, blocks=blocks)


QUIET = comparison(1.0, 1.0)
SMALL = dataclasses.replace(INFO, runtime="onnxruntime")
TRIGGERS = {
    "cpu-time": disturbed(QUIET),
    "busy": disturbed(dataclasses.replace(QUIET, settings=MeasureSettings(2, CHILDREN))),
    "warm-up": everywhere(QUIET, warm_ups=(WarmUp(9, 1.5, stationary=False),) * 2),
    "governor": everywhere(QUIET, before=dataclasses.replace(CALM, governors=("schedutil",))),
    "load": everywhere(QUIET, before=dataclasses.replace(CALM, load_average=4.0)),
    "outputs-differ": dataclasses.replace(
        QUIET, runs=(*QUIET.runs[1:], turns(1.0, 1.0, outputs_sha256=("0", "other")))
    ),
    "timer": comparison(0.02, 0.02),
    "runtimes": dataclasses.replace(
        QUIET, subjects=(QUIET.base, dataclasses.replace(QUIET.base, info=SMALL))
    ),
    "virtual-machine": dataclasses.replace(
        QUIET, machine=dataclasses.replace(MACHINE, virtual=True)
    ),
}


@pytest.mark.parametrize("code", TRIGGERS)
def test_each_issue_is_found_and_only_then(code: str) -> None:
    assert QUIET.issues == ()
    assert code in codes(TRIGGERS[code])


# Result files


def compared(base: Path, candidate: Path, *, force: bool = False) -> tuple[TimePair, ...]:
    found = devices.compare_results(base, candidate, force=force)
    assert found.counts == ()
    return found.times


def test_two_latencies_are_compared_from_their_samples(tmp_path: Path) -> None:
    old = written(tmp_path / "old.json", latencies(latency()))
    new = written(tmp_path / "new.json", latency(1.2, 1.201, 1.199, model="other"))
    (pair,) = compared(old, new)
    assert pair.contrast.verdict == "slower"
    assert pair.contrast.ratio == pytest.approx(1.2, rel=1e-3)
    assert pair.differences == ()


def test_several_measurements_are_paired_by_what_they_are_of(tmp_path: Path) -> None:
    ort = dataclasses.replace(INFO, runtime="onnxruntime")
    old = written(tmp_path / "old.json", latencies(latency(), latency(info=ort)))
    fast = latency(0.5, 0.501, 0.499, info=ort)
    new = written(tmp_path / "new.json", latencies(fast, latency(), latency(model="more")))
    pairs = compared(old, new)
    found = {pair.candidate.key: pair.contrast.verdict for pair in pairs}
    assert found == {("net", "onnxruntime", 1): "faster", ("net", "tflite", 1): "same"}


def test_an_earlier_comparison_is_a_result_file_too(tmp_path: Path) -> None:
    old = written(tmp_path / "old.json", comparison(1.0, 1.1))
    new = written(tmp_path / "new.json", comparison(1.0, 1.3))
    assert [each.key[0] for each in read(old)] == ["net0", "net1"]
    same, slower = compared(old, new)
    assert (same.contrast.verdict, slower.contrast.verdict) == ("same", "slower")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"machine": dataclasses.replace(MACHINE, cpu="Cortex-A53")}, "cpu Cortex-A76 and Corte"),
        ({"machine": dataclasses.replace(MACHINE, kernel="Linux 6.6")}, "kernel Linux 6.1 and"),
        ({"info": dataclasses.replace(INFO, runtime_version="ai-edge-litert 2.4.0")}, "runtime ai"),
        ({"settings": MeasureSettings(threads=2)}, "threads 1 and 2"),
    ],
)
def test_unlike_conditions_are_refused_unless_forced(
    tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    old = written(tmp_path / "old.json", latency())
    new = written(tmp_path / "new.json", latency(**changes))
    with pytest.raises(RefusedError, match=message) as caught:
        compared(old, new)
    assert caught.value.reason_code == "unlike-conditions"
    (pair,) = compared(old, new, force=True)
    assert len(pair.differences) == 1


def test_another_governor_or_processor_is_another_condition(tmp_path: Path) -> None:
    other = dataclasses.replace(CALM, governors=("powersave",), affinity=(0, 1))
    runs = [dataclasses.replace(made_run(steady()), before=other)] * 3
    new = written(tmp_path / "new.json", report(runs))
    with pytest.raises(RefusedError, match="governor performance and powersave; processors 0, 1"):
        compared(written(tmp_path / "old.json", latency()), new)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"schema": "edgekit.model"}', '{"schema": "edgekit.latencies"}']
)
def test_other_documents_are_no_result_files(tmp_path: Path, text: str) -> None:
    with pytest.raises(RefusedError, match=r"other\.json holds no result") as caught:
        read(written(tmp_path / "other.json", text))
    assert caught.value.reason_code == "unreadable-report"


def test_unreadable_result_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidPathError, match=r"none\.json: No such file"):
        read(tmp_path / "none.json")
    (tmp_path / "binary.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(RefusedError, match=r"binary\.json holds no result"):
        read(tmp_path / "binary.json")
    document = json.loads(latency().to_json())
    damaged = written(tmp_path / "damaged.json", json.dumps({**document, "runs": []}))
    with pytest.raises(RefusedError, match=r"damaged\.json: this latency report is damaged"):
        read(damaged)


def test_results_without_a_common_measurement_are_a_mistake(tmp_path: Path) -> None:
    old = written(tmp_path / "old.json", latencies(latency(), latency(model="b")))
    new = written(tmp_path / "new.json", latency(model="c"))
    with pytest.raises(UsageError, match="in common"):
        compared(old, new)
    twice = written(tmp_path / "twice.json", latencies(latency(), latency()))
    with pytest.raises(UsageError, match=r"twice\.json has net on tflite twice"):
        compared(twice, old)


# Instruction counts that were kept


def counts(instructions: int, spread: int = 0, **changes: Any) -> CountReport:
    """A count whose processes executed so many and, one of them, ``spread`` more."""
    runs = [
        Counts(other=n, **dict.fromkeys(REST, 0)) for n in (instructions, instructions + spread)
    ]
    made = CountReport(
        file="net.tflite",
        sha256="ab",
        size_bytes=10,
        model="net",
        precision=None,
        macs=None,
        target="qemu:cortex-a76",
        edgekit_version="0.1.0",
        processor="Cortex-A76",
        settings=CountSettings(children=3),
        info=INFO,
        children=tuple(CountedRuns((run,), "00") for run in (runs[0], *runs)),
    )
    return dataclasses.replace(made, **changes)


REST = [field.name for field in dataclasses.fields(Counts) if field.name != "other"]


def counted(*reports: CountReport) -> str:
    """What `edgekit latency --target qemu: --json` prints."""
    documents = [json.loads(each.to_json()) for each in reports]
    schema = "edgekit.instruction-count-reports"
    return json.dumps({"schema": schema, "schema_version": 1, "reports": documents})


@pytest.mark.parametrize(
    ("candidate", "ratio", "verdict"),
    [
        (counts(1000), 1.0, "same"),
        (counts(1001), 1.001, "more"),
        (counts(999), 0.999, "fewer"),
        (counts(1002, spread=3), 1.002, "same"),
        (counts(1004, spread=3), 1.004, "more"),
    ],
)
def test_counts_have_an_exact_ratio(
    tmp_path: Path, candidate: CountReport, ratio: float, verdict: str
) -> None:
    old = written(tmp_path / "old.json", counted(counts(1000)))
    new = written(tmp_path / "new.json", counted(candidate))
    found = devices.compare_results(old, new)
    assert found.times == ()
    (pair,) = found.counts
    assert (pair.ratio, pair.verdict) == (pytest.approx(ratio, rel=1e-12), verdict)


def test_counts_are_paired_by_what_they_are_of(tmp_path: Path) -> None:
    ort = dataclasses.replace(INFO, runtime="onnxruntime")
    old = written(tmp_path / "old.json", counted(counts(1000), counts(2000, info=ort)))
    new = written(tmp_path / "new.json", counted(counts(3000, info=ort), counts(900)))
    pairs = devices.compare_results(old, new).counts
    assert {pair.base.key[1]: pair.ratio for pair in pairs} == {"onnxruntime": 1.5, "tflite": 0.9}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"processor": "Cortex-A53"}, "processor Cortex-A76 and Cortex-A53"),
        ({"info": dataclasses.replace(INFO, runtime_version="ai-edge-litert 9")}, "runtime ai-edg"),
    ],
)
def test_counts_of_unlike_processors_or_runtimes_are_refused_unless_forced(
    tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    old = written(tmp_path / "old.json", counted(counts(1000)))
    new = written(tmp_path / "new.json", counted(counts(1000, **changes)))
    with pytest.raises(RefusedError, match=message) as caught:
        devices.compare_results(old, new)
    assert caught.value.reason_code == "unlike-conditions"
    assert len(devices.compare_results(old, new, force=True).differences) == 1


def test_what_cannot_be_compared_is_said(tmp_path: Path) -> None:
    times = written(tmp_path / "times.json", latency())
    count = written(tmp_path / "counts.json", counted(counts(1000)))
    for pair in ((times, count), (count, times)):
        with pytest.raises(RefusedError, match="holds times, the other instruction") as caught:
            devices.compare_results(*pair, force=True)
        assert caught.value.reason_code == "not-comparable"
    for schema in ("edgekit.profiles", "edgekit.sustained-runs", "edgekit.benchmark-model-reports"):
        text = json.dumps({"schema": schema, "schema_version": 1, "reports": []})
        with pytest.raises(RefusedError, match="compare results of plain") as caught:
            read(written(tmp_path / "other.json", text))
        assert caught.value.reason_code == "not-comparable"


# The command line

QUICK = ["--children", "3", "--num-runs", "1", "--min-secs", "0"]


def test_two_files_are_measured_in_turns(cli: Cli, tmp_path: Path) -> None:
    base = tiny_onnx(tmp_path / "base.onnx")
    other = tiny_tflite(tmp_path / "other.tflite", [OPS.ABS])
    code, out, err = cli("compare", base, other, *QUICK, "--json")
    assert code == 0
    found = devices.comparison_from_json(out)
    assert [each.info.runtime for each in found.subjects] == ["onnxruntime", "tflite"]
    assert found.settings.children == 3
    assert "outputs-differ" not in codes(found)
    assert "comparing (3/3)" in err
    kept = written(tmp_path / "kept.json", out)
    code, out, err = cli("compare", kept, kept)
    assert (code, err) == (0, "")
    assert "base.onnx" in out
    assert "note: measured apart" in out


def test_the_table_says_how_much_and_how_surely(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    noisy = dataclasses.replace(
        comparison(1.0, 1.1, 1.0, 1.0),
        runs=tuple(turns(1.0, 1.1, 1.0, level) for level in (0.9, 1.0, 1.1, 1.05)),
    )
    monkeypatch.setattr("edgekit.devices.compare", lambda *_: noisy)
    paths = [tmp_path / f"{number}.tflite" for number in range(4)]
    for path in paths:
        path.write_text("x")
    code, out, _ = cli("compare", *paths, "--fail-slower", 10)
    assert code == 0
    for words in ("1.100 [1.100, 1.100]", "slower", "same within", "cannot tell: about"):
        assert words in out
    code, _, err = cli("compare", *paths, "--fail-slower", 5)
    assert code == 1
    assert err.startswith("error: ")
    assert "1.tflite is slower by at least 10.0 %, not 5" in err


def test_result_files_print_their_pairs(cli: Cli, tmp_path: Path) -> None:
    old = written(tmp_path / "old.json", latency())
    new = written(tmp_path / "new.json", latency(1.2, 1.201, 1.199, settings=MeasureSettings(2)))
    code, out, err = cli("compare", old, new)
    assert (code, out) == (4, "")
    assert "error: " in err
    assert "[unlike-conditions]" in err
    code, out, _ = cli("compare", old, new, "--force", "--fail-slower", 5)
    assert code == 1
    assert "note: unlike conditions: threads 1 and 2" in out
    code, out, _ = cli("compare", old, new, "--force", "--json")
    document = json.loads(out)
    assert (code, document["schema"]) == (0, "edgekit.result-comparison")
    assert document["pairs"][0]["contrast"]["verdict"] == "slower"


def test_a_gate_on_instruction_counts(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What `latency --target qemu:` prints as JSON is what `compare` takes."""
    results = iter([counts(1_000_000), counts(1_010_000)])
    monkeypatch.setattr("edgekit.devices.count", lambda *_: (next(results),))
    net = tiny_tflite(tmp_path / "net.tflite", [OPS.ABS])
    kept = []
    for name in ("old.json", "new.json"):
        code, out, _ = cli("latency", net, "--target", "qemu:cortex-a76", "--json")
        assert code == 0
        kept.append(written(tmp_path / name, out))
    code, out, err = cli("compare", *kept, "--fail-slower", 1.5)
    assert (code, err) == (0, "")
    for words in ("1.00 M", "1.01 M", "1.01000", "more", "Cortex-A76, not a time"):
        assert words in out
    assert " ms" not in out
    code, _, err = cli("compare", *kept, "--fail-slower", 0.5)
    assert code == 1
    assert err == "error: net on tflite executes 1.00 % more instructions, not 0.5 [slower]\n"
    code, out, _ = cli("compare", *kept, "--fail-slower", 0.5, "--json")
    assert (code, json.loads(out)["schema"]) == (1, "edgekit.count-comparison")
    code, out, _ = cli("compare", *kept, "--json")
    document = json.loads(out)
    assert (code, document["schema"]) == (0, "edgekit.count-comparison")
    assert document["pairs"][0]["ratio"] == 1.01


@pytest.mark.parametrize("names", [["a.onnx", "b.json"], ["a.json", "b.json", "c.json"]])
def test_files_and_results_are_not_mixed(cli: Cli, names: list[str]) -> None:
    code, _, err = cli("compare", *names)
    assert code == 2
    assert "two result files" in err


def test_a_missing_file_is_a_usage_error(cli: Cli, tmp_path: Path) -> None:
    code, _, err = cli("compare", tmp_path / "none.onnx", tmp_path / "none.onnx")
    assert code == 2
    assert "none.onnx: No such file" in err
