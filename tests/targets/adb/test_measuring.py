"""Files measured on a phone: options, turns, folders, and that nothing stays."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from edgekit import devices
from edgekit.cli import run
from edgekit.devices import (
    BenchmarkRequest,
    ModelFile,
)
from edgekit.devices.targets import fleet
from edgekit.devices.targets.adb import target as adb
from edgekit.devices.targets.phone_facts import BenchmarkProgram
from edgekit.errors import WorkerError
from edgekit.files.digest import sha256_of
from tests.specimens.files import OPS, tiny_tflite
from tests.specimens.machines import adbd
from tests.specimens.machines.phones import SERIAL, Phone
from tests.targets.adb.asked import BRIEF, GOLDEN, LAST, OUTCOMES, benchmark


def test_a_file_is_measured_on_a_phone_and_nothing_stays(
    phone: Phone, net: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["latency", "--target", "adb:", str(net), "--threads", "2"]) == 0
    shown = capsys.readouterr().out
    assert "8.103 +- 0.203" in shown
    assert " 369 " in shown  # three processes of 123 runs
    assert "Google Pixel 7, GS201, arm64-v8a, Android 14" in shown
    assert "4 cores at 2.85 GHz + 4 cores at 1.80 GHz" in shown
    assert "before: battery 84 % 31.2 C charging, thermal status 0, governor sched_pixel" in shown
    assert "take --cpus big or --cpus little" in shown
    assert phone.leftovers() == []
    assert all(call[:2] == ["-s", SERIAL] for call in phone.calls() if call != ["devices"])


def test_the_report_is_one_of_its_own_and_reads_back(
    phone: Phone, net: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["latency", "--target", f"adb:{SERIAL}", str(net), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["schema"], document["schema_version"]) == (
        "edgekit.benchmark-model-reports", 1,
    )  # fmt: skip
    [found] = document["reports"]
    assert (found["schema"], found["schema_version"]) == ("edgekit.benchmark-model", 2)
    assert found["summary"]["count"] == 369
    assert found["target"] == f"adb:{SERIAL}"
    assert found["runs"][0]["outcome"] == OUTCOMES[LAST]
    report = devices.benchmark_from_json(json.dumps(found))
    assert json.loads(report.to_json()) == found
    assert phone.leftovers() == []


def test_settings_become_options_of_benchmark_model(phone: Phone, net: Path) -> None:
    options = ["--num-runs", "60", "--min-secs", "2", "--max-secs", "9", "--warmup-runs", "7"]
    assert run(["latency", "--target", "adb:", str(net), *options, "--threads", "4"]) == 0
    program, *flags = phone.lines("ran")[0].split()
    assert program == str(phone.storage / "benchmark_model")
    assert flags[0].startswith(f"--graph={phone.storage}/edgekit.")
    assert flags[1:] == [
        "--num_threads=4", "--num_runs=60", "--min_secs=2", "--max_secs=9", "--warmup_runs=7",
        "--warmup_min_secs=1",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("cpus", "wanted"), [("big", "f0"), ("little", "f"), ("0,1", "3"), ("4-6", "70")]
)
def test_processors_become_a_mask(cpus: str, wanted: str, phone: Phone, net: Path) -> None:
    place = devices.resolve_target("adb:")
    assert isinstance(place, devices.BenchmarkTarget)
    place.benchmark(net, replace(BRIEF, cpus=cpus))
    assert phone.lines("masks") == [wanted]


def test_files_take_turns_and_are_sent_once(phone: Phone, net: Path, tmp_path: Path) -> None:
    other = tiny_tflite(tmp_path / "other.tflite", [OPS.NEG])
    place = devices.resolve_target("adb:")
    assert isinstance(place, devices.BenchmarkTarget)
    with devices.opened(place):
        reports = devices.benchmark(
            BenchmarkRequest(
                (
                    ModelFile(net),
                    ModelFile(other),
                ),
                place,
                (BRIEF,),
            )
        )
    assert [len(report.runs) for report in reports] == [3, 3]
    pushed = [call[3] for call in phone.calls() if call[2:3] == ["push"]]
    assert sorted(pushed) == sorted(map(str, [net, other]))
    graphs = [line.split()[1] for line in phone.lines("ran")]
    for start in (0, 2, 4):
        assert len(set(graphs[start : start + 2])) == 2
    assert phone.leftovers() == []


def test_a_program_of_this_machine_is_taken_along_and_removed(
    phone: Phone, net: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (phone.storage / "benchmark_model").unlink()
    monkeypatch.chdir(tmp_path)
    program = phone.benchmark_model(f"cat {GOLDEN / 'litert.txt'}", tmp_path / "bench")
    (tmp_path / fleet.FILE).write_text('[pixel]\ntarget = "adb:"\nbenchmark_model = "bench"\n')
    report = benchmark(net, "pixel")
    assert report.mean_ms == pytest.approx(1251.03)
    assert report.tool == BenchmarkProgram("bench", sha256_of(program))
    assert list(phone.storage.iterdir()) == []


def test_benchmarks_without_an_open_target_have_folders_of_their_own(
    phone: Phone, net: Path, tmp_path: Path
) -> None:
    program = phone.benchmark_model(f"cat {GOLDEN / LAST}.txt", tmp_path / "bench")
    place = adb.connect(SERIAL, str(program))
    found = [place.benchmark(net, BRIEF) for _ in range(3)]
    assert {each.tool.path for each in found} == {str(program)}
    assert len({line.split()[0] for line in phone.lines("ran")}) == 3
    assert phone.leftovers() == []


def test_all_processes_of_a_request_have_one_folder(
    phone: Phone, net: Path, tmp_path: Path
) -> None:
    program = phone.benchmark_model(f"cat {GOLDEN / LAST}.txt", tmp_path / "bench")
    place = adb.connect(SERIAL, str(program))
    [report] = devices.benchmark(BenchmarkRequest((ModelFile(net),), place, (BRIEF,)))
    assert len(report.runs) == 3
    assert len({line.split()[0] for line in phone.lines("ran")}) == 1
    assert phone.leftovers() == []


def test_a_phone_s_own_program_stays(phone: Phone, net: Path) -> None:
    benchmark(net)
    assert [path.name for path in phone.storage.iterdir()] == ["benchmark_model"]


def test_doctor_says_what_a_phone_is(phone: Phone, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["doctor", "--target", "adb:", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["runtimes"] == {"tflite": "benchmark_model, /data/local/tmp/benchmark_model"}
    assert found["machine"]["model"] == "Google Pixel 7"
    (phone.storage / "benchmark_model").unlink()
    assert run(["doctor", "--target", "adb:"]) == 0
    assert "not installed" in capsys.readouterr().out


def test_all_of_it_goes_over_a_real_adbd(
    phone: Phone, net: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with adbd.running(phone):
        target = ["latency", "--target", f"adb:{adbd.SERIAL}", str(net), "--cpus", "big"]
        assert run([*target, "--json"]) == 0
        [found] = json.loads(capsys.readouterr().out)["reports"]
        assert found["runs"][0]["outcome"] == OUTCOMES[LAST]
        assert found["phone"]["model"] == "Google Pixel 7"
        assert found["runs"][0]["before"]["battery_percent"] == 84
        assert phone.lines("masks") == ["f0"] * 3
        assert phone.leftovers() == []
        phone.benchmark_model("echo hello; echo failing >&2; exit 7")
        assert run(target) == 3
        assert "failed with exit status 7: failing" in capsys.readouterr().err
        phone.benchmark_model("while :; do sleep 0.05; done")
        with pytest.raises(WorkerError, match="no answer within"):
            benchmark(net, target[2])
        assert phone.leftovers() == []
