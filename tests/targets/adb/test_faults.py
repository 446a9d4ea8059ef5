"""What can be wrong with a phone, its programs, and what is asked of it."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from edgekit import devices
from edgekit.cli import run
from edgekit.devices import (
    MeasureRequest,
    ModelFile,
)
from edgekit.devices.targets import fleet
from edgekit.errors import EdgekitError, RefusedError, StorageError, UsageError, WorkerError
from tests.runtimes.test_worker import has_ended
from tests.specimens.files import tiny_onnx
from tests.specimens.machines.phones import SERIAL, Phone
from tests.targets.adb.asked import BRIEF, benchmark

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
        benchmark(net, target)
    assert (caught.value.reason_code, caught.value.exit_code) == (reason, 3)
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith("adb:")


def test_a_machine_without_adb(net: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EdgekitError, match="needs the program adb") as caught:
        benchmark(net)
    assert (caught.value.reason_code, caught.value.exit_code) == ("adb-program", 3)


def test_an_adb_that_does_not_start_its_server(phone: Phone, net: Path) -> None:
    phone.say("broken")
    with pytest.raises(EdgekitError, match="Address already in use") as caught:
        benchmark(net)
    assert (caught.value.reason_code, caught.value.exit_code) == ("adb-failed", 3)


def test_an_android_without_exit_statuses_is_too_old(phone: Phone, net: Path) -> None:
    phone.say("features", "cmd\nstat_v2")
    with pytest.raises(EdgekitError, match="Android 7 or newer") as caught:
        benchmark(net)
    assert (caught.value.reason_code, caught.value.exit_code) == ("adb-too-old", 3)


def test_a_phone_without_benchmark_model(phone: Phone, net: Path) -> None:
    (phone.storage / "benchmark_model").chmod(0o644)
    with pytest.raises(EdgekitError, match="push it to /data/local/tmp/benchmark_model") as caught:
        benchmark(net)
    assert (caught.value.reason_code, caught.value.exit_code) == ("no-benchmark-model", 3)
    assert phone.leftovers() == []


def test_a_full_phone_refuses_the_file(phone: Phone, net: Path) -> None:
    phone.say("full")
    with pytest.raises(StorageError, match=r"cannot copy .*No space left on device"):
        benchmark(net)
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
        benchmark(net)
    assert (caught.value.reason_code, caught.value.exit_code) == (reason, 3)
    assert str(caught.value).startswith(f"{net}: adb:{SERIAL}: ")
    assert phone.leftovers() == []


@pytest.mark.parametrize("moment", ["--graph=", "dumpsys", "sha256sum"])
def test_a_phone_that_is_unplugged_at_work_may_keep_its_folder(
    moment: str, phone: Phone, net: Path
) -> None:
    phone.say("unplug", moment)
    with pytest.raises(WorkerError, match="may remain there") as caught:
        benchmark(net)
    assert (caught.value.reason_code, caught.value.exit_code) == ("connection-lost", 3)
    [left] = phone.leftovers()
    assert f"/data/local/tmp/{left} may remain" in str(caught.value)


def test_a_phone_that_is_unplugged_at_the_end_is_not_passed_over(phone: Phone, net: Path) -> None:
    phone.say("unplug", "^rm -rf")
    with pytest.raises(WorkerError, match="may remain there"):
        benchmark(net)


def test_an_error_says_what_remains_where_tidying_up_failed(phone: Phone, net: Path) -> None:
    phone.say("unplug", "^rm -rf")
    phone.benchmark_model("echo broken; exit 1")
    with pytest.raises(WorkerError, match=r"broken; /data/local/tmp/edgekit\.\w+ may remain"):
        benchmark(net)


def test_a_benchmark_that_takes_too_long_is_ended(phone: Phone, net: Path) -> None:
    phone.benchmark_model(f"echo $$ > {phone.folder / 'pid'}; while :; do sleep 0.05; done")
    with pytest.raises(WorkerError, match="no answer within"):
        benchmark(net)
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
        benchmark(tmp_path / "net.onnx")
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
