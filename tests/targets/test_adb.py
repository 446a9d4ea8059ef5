"""adb targets against a stand-in adb: what benchmark_model says, every fault, and nothing left."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from edgekit import devices
from edgekit.cli import run
from edgekit.devices import (
    BenchmarkReport,
    BenchmarkRequest,
    MeasureRequest,
    MeasureSettings,
    ModelFile,
)
from edgekit.devices.reports.phone_benchmark import BenchmarkRun
from edgekit.devices.targets import benchmark_output, fleet
from edgekit.devices.targets.adb import target as adb
from edgekit.devices.targets.adb.phone import mask, read_facts, read_state
from edgekit.devices.targets.benchmark_output import Outcome, Statistics
from edgekit.devices.targets.phone_facts import BenchmarkProgram, Cluster, PhoneState
from edgekit.errors import EdgekitError, RefusedError, StorageError, UsageError, WorkerError
from edgekit.files.digest import sha256_of
from tests.runtimes.test_worker import has_ended
from tests.specimens import adbd, phones
from tests.specimens.files import OPS, tiny_onnx, tiny_tflite
from tests.specimens.phones import SERIAL, Phone

GOLDEN = Path(__file__).parents[1] / "golden" / "benchmark_model"
TRANSCRIPTS = {path.stem: path.read_text() for path in sorted(GOLDEN.glob("*.txt"))}
OUTCOMES = json.loads((GOLDEN / "outcomes.json").read_text())
LAST = "tensorflow_2_15"
BRIEF = MeasureSettings(num_runs=20, min_secs=0, max_secs=1, warmup_secs=0.01, timeout_s=1)


@pytest.fixture
def phone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Phone:
    """A phone in good order, with benchmark_model where TFLite's instructions put it."""
    made = Phone(tmp_path / "phone")
    monkeypatch.setenv("PATH", str(made.client), prepend=os.pathsep)
    made.benchmark_model(f"cat {GOLDEN / LAST}.txt")
    return made


@pytest.fixture
def net(tmp_path: Path) -> Path:
    return tiny_tflite(tmp_path / "net.tflite", [OPS.ABS])


def _benchmark(net: Path, target: str = "adb:") -> BenchmarkReport:
    place = devices.resolve_target(target)
    assert isinstance(place, devices.BenchmarkTarget)
    with devices.opened(place):
        [report] = devices.benchmark(BenchmarkRequest((ModelFile(net),), place, (BRIEF,)))
    return report


# --- what benchmark_model prints ---------------------------------------------------------------


@pytest.mark.parametrize("version", TRANSCRIPTS)
def test_the_output_of_each_version_is_read(version: str) -> None:
    assert asdict(benchmark_output.parse(TRANSCRIPTS[version])) == OUTCOMES[version]


def test_every_transcript_has_its_outcome() -> None:
    assert sorted(OUTCOMES) == sorted(TRANSCRIPTS)


def test_carriage_returns_and_streams_do_not_matter() -> None:
    text = TRANSCRIPTS["tensorflow_2_3"]
    head, separator, tail = text.partition("Inference timings")
    moved = f"{separator}{tail}\n{head}".replace("\n", "\r\n")
    assert benchmark_output.parse(moved) == benchmark_output.parse(text)


def test_a_run_without_warm_up_has_one_line_of_statistics() -> None:
    lines = TRANSCRIPTS[LAST].splitlines()
    first = next(line for line in lines if "count=" in line)
    outcome = benchmark_output.parse("\n".join(line for line in lines if line != first))
    assert outcome.warm_up is None
    assert outcome.timed.count == 123


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("count=", "n=", "no line with count="),
        ("Inference timings in us", "Timings", "no line `Inference timings"),
        ("Inference (avg): 8102.77", "Inference (avg): 9102.77", "8102.77 us once and 9102.77 us"),
        ("avg=8102.77", "avg=81", "no runs have these statistics"),
        ("std=203", "std=5000", "no runs have these statistics"),
        ("count=123", "count=0", "no runs have these statistics"),
        ("std=203", "std=-nan", "8190.31 us once"),
        ("INFO: STARTING!", "INFO: count=2 curr=5", "3 lines with count="),
    ],
)
def test_output_that_contradicts_itself_is_no_result(old: str, new: str, words: str) -> None:
    assert old in TRANSCRIPTS[LAST]
    with pytest.raises(ValueError, match=words.replace("(", r"\(").replace(")", r"\)")):
        benchmark_output.parse(TRANSCRIPTS[LAST].replace(old, new))


# --- what works --------------------------------------------------------------------------------


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
    report = _benchmark(net, "pixel")
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
    _benchmark(net)
    assert [path.name for path in phone.storage.iterdir()] == ["benchmark_model"]


def test_doctor_says_what_a_phone_is(phone: Phone, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["doctor", "--target", "adb:", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["runtimes"] == {"tflite": "benchmark_model, /data/local/tmp/benchmark_model"}
    assert found["machine"]["model"] == "Google Pixel 7"
    (phone.storage / "benchmark_model").unlink()
    assert run(["doctor", "--target", "adb:"]) == 0
    assert "not installed" in capsys.readouterr().out


# --- what a phone says of itself ---------------------------------------------------------------


def test_a_phone_that_denies_all_has_no_facts() -> None:
    facts = read_facts("kernel:Linux 4.9\n[ro.product.model]: []\n")
    assert asdict(facts) == {
        "model": None, "android": None, "sdk": None, "soc": None, "abi": None,
        "kernel": "Linux 4.9", "clusters": (),
    }  # fmt: skip
    state = read_state("load:\n[battery]\n[thermal]\nCan't find service: thermalservice\n")
    assert set(asdict(state).values()) == {None}


def test_sensors_are_read_as_they_are_now() -> None:
    text = f"load:0.5 1 1\n[battery]\n{phones.BATTERY}[thermal]\n{phones.THERMAL}"
    state = read_state(text)
    assert state.temperatures_c == {"BIG": 38.25, "skin": 33.1}
    assert (state.thermal_status, state.battery_c, state.load_average) == (0, 31.2, 0.5)
    assert state.battery_status == "charging"


def test_old_phones_have_temperatures_of_before_only() -> None:
    thermal = phones.THERMAL.replace("Current temperatures from HAL:", "Temperatures:")
    state = read_state(f"[battery]\n[thermal]\n{thermal}")
    assert state.temperatures_c is not None
    assert state.temperatures_c["skin"] == 33.1


@pytest.mark.parametrize(
    ("cpus", "words"),
    [("big", "are alike"), ("2", "not all of the processors 2"), ("x", "not 'x'"), ("1-0", "1-0")],
)
def test_processors_that_are_not_there(cpus: str, words: str) -> None:
    alike = replace(read_facts(""), clusters=(Cluster((0, 1), None, None),))
    with pytest.raises(UsageError, match=words):
        mask(cpus, alike)


# --- numbers and doubts ------------------------------------------------------------------------

STATE = PhoneState(80, 30.0, "full", 0, None, None, None, None)


def _report(*timed: Statistics, state: PhoneState = STATE, kinds: int = 1) -> BenchmarkReport:
    clusters = tuple(Cluster((number,), 1 + number, None) for number in range(kinds))
    outcomes = [Outcome(each, None, 100.0, None, None, None) for each in timed]
    return BenchmarkReport(
        "net.tflite", "0" * 64, 1, None, None, None, "adb:x", "0", BRIEF,
        BenchmarkProgram("/b", None), replace(read_facts(""), clusters=clusters),
        tuple(BenchmarkRun(outcome, STATE, state) for outcome in outcomes),
    )  # fmt: skip


def _statistics(samples: np.ndarray) -> Statistics:
    numbers = (samples[0], samples.min(), samples.max(), samples.mean(), samples.std())
    return Statistics(len(samples), *map(float, numbers), None)


def _steady(mean: float = 1000.0, spread: float = 0.01, count: int = 50) -> Statistics:
    return _statistics(mean * (1 + spread * np.tile([-1.0, 1.0], count // 2)))


def test_the_headline_is_that_of_all_runs_together() -> None:
    generator = np.random.default_rng(0)
    each = [generator.gamma(9, 100 + 20 * number, 40 + 10 * number) for number in range(3)]
    report, every = _report(*map(_statistics, each)), np.concatenate(each) / 1e3
    assert report.count == every.size
    assert report.mean_ms == pytest.approx(every.mean())
    assert report.std_ms == pytest.approx(every.std())
    assert (report.min_ms, report.max_ms) == pytest.approx((every.min(), every.max()))


DOUBTS = [
    (_report(*[_steady()] * 3), []),
    (_report(*[_steady(count=10)] * 3), ["few-runs"]),
    (_report(*[_steady(spread=0.2)] * 3), ["wide-spread"]),
    (_report(_steady(), _steady(), _steady(1150)), ["children-differ"]),
    (_report(*[_steady()] * 3, state=replace(STATE, thermal_status=2)), ["thermal-status"]),
    (_report(*[_steady()] * 3, state=replace(STATE, battery_percent=12)), ["battery-low"]),
    (_report(*[_steady()] * 3, state=replace(STATE, battery_c=41.5)), ["battery-hot"]),
    (_report(*[_steady()] * 3, kinds=2), ["any-core"]),
]


@pytest.mark.parametrize(("report", "codes"), DOUBTS)
def test_each_doubt_is_said(report: BenchmarkReport, codes: list[str]) -> None:
    assert [issue.code for issue in report.issues] == codes


# --- what can be wrong -------------------------------------------------------------------------

FAULTS = [
    ("adb:", [], "adb-no-device", "no phone is attached"),
    ("adb:", ["A\tdevice", "B\tdevice"], "adb-several-devices", "take adb:A or adb:B"),
    ("adb:C", ["A\tdevice"], "adb-no-device", "adb:A is"),
    ("adb:", ["A\tunauthorized"], "adb-unauthorized", "accept the question"),
    ("adb:A", ["A\toffline", "B\tdevice"], "adb-offline", "unplug it"),
    ("adb:", ["A\tno permissions (user in plugdev group); see [http://x]"], "adb-permission",
     "udev"),
    ("adb:", ["A\trecovery"], "adb-state", "'recovery'"),
]  # fmt: skip


@pytest.mark.parametrize(("target", "rows", "reason", "words"), FAULTS)
def test_a_phone_that_cannot_be_used_is_one_clear_line(
    target: str, rows: list[str], reason: str, words: str, phone: Phone, net: Path
) -> None:
    phone.attach(*rows)
    with pytest.raises(EdgekitError, match=words) as caught:
        _benchmark(net, target)
    assert (caught.value.reason_code, caught.value.exit_code) == (reason, 3)
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith("adb:")


def test_a_machine_without_adb(net: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EdgekitError, match="needs the program adb") as caught:
        _benchmark(net)
    assert (caught.value.reason_code, caught.value.exit_code) == ("adb-program", 3)


def test_an_adb_that_does_not_start_its_server(phone: Phone, net: Path) -> None:
    phone.say("broken")
    with pytest.raises(EdgekitError, match="Address already in use") as caught:
        _benchmark(net)
    assert (caught.value.reason_code, caught.value.exit_code) == ("adb-failed", 3)


def test_an_android_without_exit_statuses_is_too_old(phone: Phone, net: Path) -> None:
    phone.say("features", "cmd\nstat_v2")
    with pytest.raises(EdgekitError, match="Android 7 or newer") as caught:
        _benchmark(net)
    assert (caught.value.reason_code, caught.value.exit_code) == ("adb-too-old", 3)


def test_a_phone_without_benchmark_model(phone: Phone, net: Path) -> None:
    (phone.storage / "benchmark_model").chmod(0o644)
    with pytest.raises(EdgekitError, match="push it to /data/local/tmp/benchmark_model") as caught:
        _benchmark(net)
    assert (caught.value.reason_code, caught.value.exit_code) == ("no-benchmark-model", 3)
    assert phone.leftovers() == []


def test_a_full_phone_refuses_the_file(phone: Phone, net: Path) -> None:
    phone.say("full")
    with pytest.raises(StorageError, match=r"cannot copy .*No space left on device"):
        _benchmark(net)
    assert phone.leftovers() == []


FAILING = [
    ("echo 'ERROR: Failed to load model'; echo 'Benchmarking failed.'; exit 1", "benchmark-failed",
     "failed with exit status 1: ERROR: Failed to load model$"),
    ("echo 'no such flag' >&2; exit 2", "benchmark-failed", "exit status 2: no such flag"),
    ("exit 126", "benchmark-failed", "it said nothing .is it built for arm64-v8a"),
    ("kill -SEGV $$", "benchmark-failed", "was killed by SIGSEGV"),
    ("echo hello", "benchmark-output", "not understood: there is no line with count=.*hello"),
    ("", "benchmark-output", "it said nothing"),
]  # fmt: skip


@pytest.mark.parametrize(("shell", "reason", "words"), FAILING)
def test_a_benchmark_model_that_fails(
    shell: str, reason: str, words: str, phone: Phone, net: Path
) -> None:
    phone.benchmark_model(shell)
    with pytest.raises(WorkerError, match=words) as caught:
        _benchmark(net)
    assert (caught.value.reason_code, caught.value.exit_code) == (reason, 3)
    assert str(caught.value).startswith(f"{net}: adb:{SERIAL}: ")
    assert phone.leftovers() == []


@pytest.mark.parametrize("moment", ["--graph=", "dumpsys", "sha256sum"])
def test_a_phone_that_is_unplugged_at_work_may_keep_its_folder(
    moment: str, phone: Phone, net: Path
) -> None:
    phone.say("unplug", moment)
    with pytest.raises(WorkerError, match="may remain there") as caught:
        _benchmark(net)
    assert (caught.value.reason_code, caught.value.exit_code) == ("connection-lost", 3)
    [left] = phone.leftovers()
    assert f"/data/local/tmp/{left} may remain" in str(caught.value)


def test_a_phone_that_is_unplugged_at_the_end_is_not_passed_over(phone: Phone, net: Path) -> None:
    phone.say("unplug", "^rm -rf")
    with pytest.raises(WorkerError, match="may remain there"):
        _benchmark(net)


def test_an_error_says_what_remains_where_tidying_up_failed(phone: Phone, net: Path) -> None:
    phone.say("unplug", "^rm -rf")
    phone.benchmark_model("echo broken; exit 1")
    with pytest.raises(WorkerError, match=r"broken; /data/local/tmp/edgekit\.\w+ may remain"):
        _benchmark(net)


def test_a_benchmark_that_takes_too_long_is_ended(phone: Phone, net: Path) -> None:
    phone.benchmark_model(f"echo $$ > {phone.folder / 'pid'}; while :; do sleep 0.05; done")
    with pytest.raises(WorkerError, match="no answer within"):
        _benchmark(net)
    assert phone.leftovers() == []
    assert has_ended(int((phone.folder / "pid").read_text()))


def test_a_benchmark_ends_with_an_edgekit_that_is_killed(phone: Phone, net: Path) -> None:
    phone.benchmark_model(f"echo $$ > {phone.folder / 'pid'}; while :; do sleep 0.05; done")
    command = [sys.executable, "-m", "edgekit", "latency", "--target", "adb:", str(net)]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    pid = phone.folder / "pid"
    while not (pid.exists() and pid.read_text()):
        assert process.poll() is None
        time.sleep(0.05)
    process.kill()
    process.wait()
    assert has_ended(int(pid.read_text()))
    assert phone.leftovers() == []


def test_what_needs_samples_is_refused(phone: Phone, net: Path) -> None:
    place = devices.resolve_target("adb:")
    with pytest.raises(RefusedError, match="keeps no samples"):
        devices.measure(MeasureRequest((ModelFile(net),), (BRIEF,), place))
    assert run(["compare", str(net), str(net), "--target", "adb:"]) == 4
    assert run(["latency", str(net), "--target", "adb:", "--sustained", "2s"]) == 4
    assert run(["latency", str(net), "--target", "adb:", "--profile"]) == 4
    assert not (phone.folder / "ran").exists()
    assert phone.leftovers() == []


def test_other_files_than_tflite_are_refused(phone: Phone, tmp_path: Path) -> None:
    assert run(["latency", "--target", "adb:", str(tiny_onnx(tmp_path / "net.onnx"))]) == 2
    with pytest.raises(UsageError, match=r"runs \.tflite files only"):
        _benchmark(tmp_path / "net.onnx")
    assert run(["latency", "--target", "adb:", "--backend", "ort", "micronet-m0"]) == 2
    assert not (phone.folder / "ran").exists()


def test_addresses() -> None:
    assert devices.resolve_target("adb").name == "adb:"
    assert devices.resolve_target("adb:10.0.0.5:5555").name == "adb:10.0.0.5:5555"
    for wrong in ("adb:-x", "adb:a b"):
        with pytest.raises(UsageError, match="takes a serial number"):
            devices.resolve_target(wrong)


def test_a_fleet_file_names_the_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / fleet.FILE
    path.write_text('[pixel]\ntarget = "adb:A"\nbenchmark_model = "~/bench"\n')
    assert devices.resolve_target("pixel").program == "~/bench"  # type: ignore[attr-defined]
    path.write_text('[pixel]\ntarget = "adb:A"\npython = "python3"\n')
    with pytest.raises(UsageError, match="python goes with an ssh target only, not with adb:A"):
        devices.resolve_target("pixel")
    path.write_text('[pi]\ntarget = "ssh:pi"\nbenchmark_model = "b"\n')
    with pytest.raises(UsageError, match="benchmark_model goes with an adb target only"):
        devices.resolve_target("pi")


# --- a real adbd ---------------------------------------------------------------------------------


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
            _benchmark(net, target[2])
        assert phone.leftovers() == []
