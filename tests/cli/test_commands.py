"""The command line as its users meet it: what is printed where, and the exit codes."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import click
import numpy as np
import onnx
import pytest

from edgekit import models
from edgekit.cli import COMMANDS
from edgekit.cli import cli as cli_group
from edgekit.cli.shared.command.helping import Command
from edgekit.devices import latency_from_json
from tests.specimens import graphs
from tests.specimens.commands import Cli
from tests.specimens.graphs import weights

SMALL = "shiftresnet20-e1"
QUICK = ["--min-secs", "0", "--num-runs", "30", "--warmup-runs", "1"]


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """A user's own .onnx with one convolution, and the .tflite made of it."""
    model = graphs.proto(
        "g (float[1,3,8,8] x) => (float[1,4,8,8] y) { a = Conv(x, w)\n y = Relu(a) }",
        w=weights(4, 3, 1, 1),
    )
    onnx.save(model, tmp_path / "tiny.onnx")
    (tmp_path / "tiny.tflite").write_bytes(graphs.to_tflite(model))
    return tmp_path / "tiny.onnx"


def _one_error_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.startswith("error: ")]
    assert len(lines) == 1, text
    assert "Traceback" not in text
    return lines[0]


# --- help ---------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help(command: str, cli: Cli) -> None:
    code, out, err = cli(*filter(None, [command]), "--help")
    assert (code, err) == (0, "")
    assert out.startswith("Usage: edgekit")


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_examples_that_the_command_takes(command: str) -> None:
    context = click.Context(cli_group, info_name="edgekit")
    found = cli_group.get_command(context, command)
    assert isinstance(found, Command)
    assert found.examples
    for each in found.examples:
        name, *words = shlex.split(each)
        assert name == command
        found.make_context(name, words, parent=context)
    shown = found.get_help(click.Context(found, info_name=command, parent=context))
    assert all(f"  edgekit {each}\n" in f"{shown}\n" for each in found.examples)
    for option in (each for each in found.params if isinstance(each, click.Option)):
        assert re.search(rf"^  .*{option.opts[0]}\b", shown, flags=re.M)


def test_version(cli: Cli) -> None:
    code, out, _ = cli("--version")
    assert code == 0
    assert out.startswith("edgekit, version ")


def test_unknown_command(cli: Cli) -> None:
    code, out, err = cli("exprot")
    assert (code, out) == (2, "")
    assert "did you mean export" in _one_error_line(err)
    assert "edgekit --help" in _one_error_line(cli("frobnicate")[2])


def test_module_can_be_run() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "edgekit", "list", "micronet*"], capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "micronet-m0" in done.stdout


# --- list and info ------------------------------------------------------------------------


def test_list(cli: Cli) -> None:
    code, out, err = cli("list")
    assert (code, err) == (0, "")
    shown = [line.split()[0] for line in out.splitlines()[1:]]
    assert shown == models.names()


def test_list_pattern_alias_and_json(cli: Cli) -> None:
    _, out, _ = cli("list", "micronet-m?", "--json")
    document = json.loads(out)
    assert (document["schema"], document["schema_version"]) == ("edgekit.models", 1)
    assert [entry["name"] for entry in document["models"]] == models.names("micronet-m?")
    alias, name = next(iter(models.aliases().items()))
    assert name in cli("list", alias)[1]
    code, _, err = cli("list", "nothing*")
    assert code == 2
    assert "unknown model 'nothing*'" in _one_error_line(err)


def test_info_of_every_card(cli: Cli) -> None:
    for name in models.names():
        code, out, _ = cli("info", name)
        assert code == 0
        assert f"{models.get(name).params:,}" in out
    document = json.loads(cli("info", SMALL, "--json")[1])
    assert (document["schema"], document["name"]) == ("edgekit.model", SMALL)


def test_info_of_files(cli: Cli, tiny: Path) -> None:
    code, out, err = cli("info", tiny)
    assert (code, err) == (0, "")
    assert "1 Conv, 1 Relu" in out
    code, out, _ = cli("info", tiny.with_suffix(".tflite"))
    assert code == 0
    assert "1 partition" in out
    document = json.loads(cli("info", tiny.with_suffix(".tflite"), "--json")[1])
    assert document["runtime"]["operators"] == {"CONV_2D": 1}
    assert document["artifact"] is None


# --- export -------------------------------------------------------------------------------


def test_export_prints_one_table_and_progress_apart(cli: Cli, tmp_path: Path) -> None:
    code, out, err = cli("export", "--model", SMALL, "-o", tmp_path)
    assert code == 0
    spec = models.get(SMALL)
    assert f"{SMALL}: {spec.params:,} params" in out
    assert "untrained (seed 0)" in out
    for suffix in ("onnx", "tflite"):
        assert f"{SMALL}_float32.{suffix}" in out
        assert (tmp_path / f"{SMALL}_float32.{suffix}.json").is_file()
    assert "tracing" in err
    assert "tracing" not in out
    code, out, _ = cli("info", tmp_path / f"{SMALL}_float32.onnx")
    assert f"{spec.macs:,}" in out
    code, out, err = cli("export", SMALL, "--format", "onnx", "--seed", 1, "-o", tmp_path, "--json")
    assert code == 4
    assert "--force" in _one_error_line(err)
    assert json.loads(out)["reason_code"] == "file-exists"


def test_export_json(cli: Cli, tiny: Path, tmp_path: Path) -> None:
    code, out, _ = cli(
        "export", tiny, "--target-runtime", "litert,ort", "-o", tmp_path / "out", "--json",
        "--no-verify", "--precision", "fp32",
    )  # fmt: skip
    document = json.loads(out)
    assert (code, document["schema"]) == (0, "edgekit.export")
    assert [entry["format"] for entry in document["artifacts"]] == ["tflite", "onnx"]
    assert {entry["verified"] for entry in document["artifacts"]} == {"skipped"}


BAD_REQUESTS = {
    "no model": (["export"], 2, "no model is given"),
    "two models": (["export", "a", "--model", "b"], 2, "two models are given"),
    "unknown model": (["export", "micronet-m9"], 2, "did you mean micronet-m"),
    "unknown format": (["export", SMALL, "--format", "tf"], 2, "unknown format 'tf'"),
    "unknown precision": (["export", SMALL, "--precision", "int4"], 2, "unknown precision"),
    "a precision that needs data": (
        ["export", SMALL, "--precision", "int8"],
        2,
        "edgekit quantize",
    ),
    "data that no precision needs": (["export", SMALL, "--calibration-data", "x"], 2, "int16x8"),
    "a .tflite to quantize": (["quantize", "x.tflite"], 2, "is a .tflite already"),
    "missing weights": (["export", SMALL, "--weights", "no.pt"], 2, "no.pt"),
    "missing file": (["export", "absent.onnx"], 2, "absent.onnx"),
    "unknown backend": (["latency", SMALL, "--backend", "tflight"], 2, "did you mean tflite"),
    "unknown target": (["latency", SMALL, "--target", "lokal"], 2, "did you mean local"),
    "unknown model in latency": (["latency", "micronet"], 2, "unknown model"),
    "missing file in latency": (["latency", "absent.tflite"], 2, "absent.tflite"),
    "missing file in info": (["info", "absent.tflite"], 2, "absent.tflite"),
    "threads": (["latency", SMALL, "--threads", "two"], 2, "whole numbers"),
    "input size": (["latency", SMALL, "--input-size", "big"], 2, "160x320"),
    "input size of a file": (["latency", "net.onnx", "--input-size", "96"], 2, "exported with"),
    "input size of nothing": (["latency", SMALL, "--input-size", "0"], 2, "below 1"),
    "no threads": (["latency", SMALL, "--threads", "0"], 2, "threads"),
    "too few children": (["latency", SMALL, "--children", "2"], 2, "children"),
}


@pytest.mark.parametrize("case", BAD_REQUESTS)
def test_bad_requests(case: str, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    arguments, expected, words = BAD_REQUESTS[case]
    monkeypatch.chdir(tmp_path)
    code, out, err = cli(*arguments)
    assert (code, out) == (expected, "")
    assert words in _one_error_line(err)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", ["export", "info", "latency"])
@pytest.mark.parametrize("suffix", [".onnx", ".tflite"])
@pytest.mark.parametrize("damage", ["truncated", "text", "empty"])
def test_damaged_files(command: str, suffix: str, damage: str, cli: Cli, tiny: Path) -> None:
    expected = 2 if (command, suffix) == ("export", ".tflite") else 4  # export reads no .tflite
    path = tiny.with_suffix(suffix)
    whole = path.read_bytes()
    content = {"truncated": whole[: len(whole) // 2], "text": b"hello\n", "empty": b""}[damage]
    path.write_bytes(content)
    before = set(tiny.parent.iterdir())
    code, out, err = cli(command, path)
    assert (code, out) == (expected, "")
    assert path.name in _one_error_line(err)
    assert set(tiny.parent.iterdir()) == before


def test_float_and_integer_files_by_one_command(cli: Cli, tiny: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "samples.npy", weights(9, 3, 8, 8, seed=3))
    code, out, err = cli(
        "export", tiny, "--precision", "float32,int8", "--calibration-data",
        tmp_path / "samples.npy", "-o", tmp_path / "out", "--json",
    )  # fmt: skip
    assert code == 0, err
    made = [(each["precision"], each["format"]) for each in json.loads(out)["artifacts"]]
    assert made == [
        ("float32", "onnx"), ("float32", "tflite"), ("int8", "onnx"), ("int8", "tflite"),
    ]  # fmt: skip
    assert {each["verified"] for each in json.loads(out)["artifacts"]} == {"passed"}
    assert (tmp_path / "out" / "tiny_int8.encodings.json").is_file()


def test_unsupported_operator(cli: Cli, tmp_path: Path) -> None:
    model = graphs.proto("g (float[1,3,4,4] x) => (float[1,3] y) { y = Det(x) }")
    onnx.save(model, tmp_path / "det.onnx")
    code, out, err = cli("export", tmp_path / "det.onnx", "-o", tmp_path / "out", "--json")
    assert code == 4
    assert json.loads(out)["reason_code"] == "unsupported-operator"
    line = _one_error_line(err)
    assert "Det (node" in line
    assert "--format onnx" in line
    assert not (tmp_path / "out").exists()


def test_output_that_is_no_folder(cli: Cli, tiny: Path) -> None:
    code, _, err = cli("export", tiny, "-o", tiny / "below")
    assert code == 2
    assert "choose another -o folder" in _one_error_line(err)


# --- latency ------------------------------------------------------------------------------


def test_latency_of_files(cli: Cli, tiny: Path) -> None:
    code, out, err = cli("latency", tiny, tiny.with_suffix(".tflite"), *QUICK)
    assert code == 0
    assert "tiny.onnx" in out
    assert "tiny.tflite" in out
    assert "1 partition" in out
    assert "n runs in 3 processes each" in out
    assert "(6/6)" in err


def test_latency_json_round_trips(cli: Cli, cache: Path) -> None:
    code, out, _ = cli("latency", SMALL, "--backend", "ort,litert", *QUICK, "--json")
    document = json.loads(out)
    assert (code, document["schema"]) == (0, "edgekit.latencies")
    reports = [latency_from_json(json.dumps(report)) for report in document["reports"]]
    assert [report.info.runtime for report in reports] == ["onnxruntime", "tflite"]
    for report in reports:
        assert (report.model, report.precision) == (SMALL, "float32")
        assert report.macs == models.get(SMALL).macs
        assert all(len(run.wall_ms) >= 30 for run in report.runs)
    assert cache.is_dir()


def test_latency_sweeps_input_sizes(cli: Cli, cache: Path) -> None:  # noqa: ARG001
    sizes = ["--input-size", "16,24x32", "--cool-down", "0s"]
    code, out, _ = cli("latency", SMALL, "--backend", "tflite", *sizes, *QUICK, "--json")
    assert code == 0
    reports = [latency_from_json(json.dumps(each)) for each in json.loads(out)["reports"]]
    assert [report.model for report in reports] == [f"{SMALL} 16", f"{SMALL} 24x32"]
    shapes = [report.info.inputs[0].shape for report in reports]
    assert shapes == [(1, 16, 16, 3), (1, 24, 32, 3)]
    first, second = reports
    assert first.macs is not None
    assert second.macs is not None
    assert second.macs > first.macs


def test_latency_sweeps_threads(cli: Cli, tiny: Path) -> None:
    _, out, _ = cli("latency", tiny, "--threads", "1,2", *QUICK, "--json")
    reports = json.loads(out)["reports"]
    assert [report["settings"]["threads"] for report in reports] == [1, 2]


# --- doctor -------------------------------------------------------------------------------


def test_doctor(cli: Cli) -> None:
    code, out, _ = cli("doctor")
    assert code == 0
    assert "onnxruntime" in out
    document = json.loads(cli("doctor", "--json")[1])
    assert {package["verdict"] for package in document["packages"]} <= {
        "as tested",
        "differs from the tested set",
    }
    assert document["machine"]["cores"] == os.cpu_count()


def test_doctor_prints_for_people(cli: Cli) -> None:
    _, out, _ = cli("doctor")
    assert re.search(r"^memory +\d+\.\d GB$", out, flags=re.M)
    assert "unix_time_s" not in out
    assert "_bytes" not in out


def test_info_of_a_tflite_of_others_counts_it(cli: Cli, tiny: Path) -> None:
    _, out, _ = cli("info", tiny.with_suffix(".tflite"))
    assert re.search(r"^params +12$", out, flags=re.M) or re.search(
        r"^params +16$", out, flags=re.M
    )
    assert re.search(r"^MACs +768$", out, flags=re.M)


def test_info_of_a_file_without_its_sidecar_counts_the_same_macs(cli: Cli, tmp_path: Path) -> None:
    name = "mobilenet-v1-0.25-cifar10"
    assert cli("export", name, "--format", "tflite", "-o", tmp_path)[0] == 0
    path = tmp_path / f"{name}_float32.tflite"
    (tmp_path / f"{path.name}.json").unlink()
    _, out, _ = cli("info", path)
    assert re.search(rf"^MACs +{models.get(name).macs:,}$", out, flags=re.M)


def test_doctor_misses_a_package(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    from importlib import metadata

    whole = metadata.version

    def without_onnxsim(name: str) -> str:
        if name == "onnxsim":
            raise metadata.PackageNotFoundError(name)
        return whole(name)

    monkeypatch.setattr(metadata, "version", without_onnxsim)
    code, out, err = cli("doctor")
    assert code == 3
    assert "not installed" in out
    assert "pip install onnxsim" in _one_error_line(err)
    code, out, _ = cli("doctor", "--json")
    assert (code, json.loads(out)["schema"]) == (3, "edgekit.doctor")


def test_missing_package_is_named(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxsim", None)
    code, out, err = cli("export", SMALL)
    assert (code, out) == (3, "")
    assert "pip install onnxsim" in _one_error_line(err)


# --- whole processes ----------------------------------------------------------------------


def _start(*arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "edgekit", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize(
    "moment", ["making the weights", "tracing", "writing onnx", "writing tflite"]
)
def test_ctrl_c_in_the_middle(moment: str, tmp_path: Path) -> None:
    process = _start("export", SMALL, "-o", tmp_path / "out")
    assert process.stderr is not None
    for line in process.stderr:
        if moment in line:
            break
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "")
    assert err.splitlines()[-1] == "interrupted"
    assert "Traceback" not in err
    assert list(tmp_path.iterdir()) == []


def _worker_of(parent: int) -> int | None:
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rsplit(")", 1)[1].split()
            command = path.with_name("cmdline").read_text()
        except OSError:
            continue  # it ended meanwhile
        if int(fields[1]) == parent and "worker.pyz" in command:
            return int(path.parent.name)
    return None


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="finds the child in /proc")
def test_worker_that_is_killed(tiny: Path) -> None:
    process = _start("latency", tiny, "--min-secs", "20")
    deadline = time.monotonic() + 60
    worker = None
    while worker is None and time.monotonic() < deadline:
        worker = _worker_of(process.pid)
        time.sleep(0.02)
    assert worker is not None
    os.kill(worker, signal.SIGKILL)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (3, "")
    line = _one_error_line(err)
    assert "SIGKILL" in line
    assert "tiny.onnx" in line


def test_disk_full(tmp_path: Path) -> None:
    folder = tmp_path / "small"
    folder.mkdir()
    script = (
        f"mount -t tmpfs -o size=200k tmpfs {folder} || exit 77\n"
        f"{sys.executable} -m edgekit export {SMALL} -o {folder}/out\n"
        f"code=$?; ls -A {folder}; exit $code"
    )
    done = subprocess.run(
        ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script],
        capture_output=True,
        text=True,
    )
    if done.returncode == 77 or "unshare" in done.stderr:
        pytest.skip(f"no private mount here: {done.stderr.strip()}")
    assert (done.returncode, done.stdout) == (3, "")
    assert "No space left on device" in _one_error_line(done.stderr)


def test_reader_that_stops_early() -> None:
    script = f"{sys.executable} -m edgekit list | head -1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True)
    assert done.stdout.startswith("model")
    assert "Traceback" not in done.stderr
    assert "BrokenPipe" not in done.stderr
