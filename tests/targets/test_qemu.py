"""Emulated targets: what an instruction is, counts that repeat, and no time anywhere.

Counting itself is skipped where the emulator or the aarch64 Python is not set up.
"""

from __future__ import annotations

import ctypes
import dataclasses
import json
import os
import platform
import shutil
from pathlib import Path
from typing import Any

import onnx
import pytest

from edgekit import devices
from edgekit.cli import run
from edgekit.cli.latency import instruction_counts
from edgekit.devices import CountReport, CountRequest, CountSettings, MeasureRequest, ModelFile
from edgekit.devices.targets import Counted
from edgekit.devices.targets.qemu import QemuTarget
from edgekit.emulation import instruction_counts as counting
from edgekit.emulation import isa, qemu
from edgekit.emulation.instruction_counts import Counts
from edgekit.errors import (
    EnvironmentMissingError,
    InvalidPathError,
    RefusedError,
    UnknownNameError,
    UsageError,
    WorkerError,
)
from edgekit.runtimes import count_marks
from edgekit.runtimes.jobs import (
    CompareJob,
    CountJob,
    Job,
    JobFile,
    MeasureJob,
    ProfileJob,
    SustainJob,
)
from tests.specimens import graphs
from tests.specimens.files import OPS, tiny_onnx, tiny_tflite
from tests.specimens.printed.reports import INFO

SOURCE = Path(counting.__file__).with_name("counting_plugin.c")

# --- targets and jobs -------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["cortex-a53", "cortex-a72", "Cortex-A76", "i8mm", "armv8-i8mm"])
def test_each_processor_is_a_target(name: str) -> None:
    target = devices.resolve_target(f"qemu:{name}")
    assert target.name == f"qemu:{name.casefold()}"
    assert isinstance(target, devices.CountingTarget)
    assert not isinstance(devices.resolve_target("local"), devices.CountingTarget)


@pytest.mark.parametrize("name", ["max", "native", "avx2", "cortex-a7"])
def test_no_other_processor_is_one(name: str) -> None:
    with pytest.raises(UnknownNameError, match=r"unknown emulated processor"):
        devices.resolve_target(f"qemu:{name}")
    with pytest.raises(UsageError, match="qemu:cortex-a53"):
        devices.resolve_target("qemu")


TIMES = {
    "seed": 0, "num_runs": 1, "min_secs": 0, "max_secs": 1, "warmup_runs": 1, "warmup_secs": 0,
}  # fmt: skip
TIMING_JOBS = (
    MeasureJob("tflite", "t.tflite", 1, **TIMES),
    CompareJob((JobFile("tflite", "t.tflite"),), 1, order_seed=0, **TIMES),
    ProfileJob("tflite", "t.tflite", 1, operator_secs=1, **TIMES),
    SustainJob("tflite", "t.tflite", 1, seed=0, secs=10, window_secs=1),
    CountJob("tflite", "t.tflite", 1, seed=0, num_runs=1, warmup_runs=1),
)


@pytest.mark.parametrize("job", TIMING_JOBS, ids=lambda job: job.task)
def test_an_emulated_target_takes_no_job_that_times(job: Job) -> None:
    target = devices.resolve_target("qemu:cortex-a76")
    with pytest.raises(RefusedError, match="emulated, so its times say nothing") as caught:
        target.run(job, 1)
    assert caught.value.reason_code == "emulated-time"


def test_measuring_on_an_emulated_target_is_refused(tmp_path: Path) -> None:
    request = ModelFile(tiny_tflite(tmp_path / "t.tflite", [OPS.ABS]))
    target = devices.resolve_target("qemu:cortex-a53")
    with pytest.raises(RefusedError, match="counts instructions instead"):
        devices.measure(MeasureRequest((request,), target=target))


@pytest.mark.parametrize("option", ["--threads", "--num-runs", "--max-secs"])
def test_options_about_time_are_refused(
    option: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tiny_tflite(tmp_path / "t.tflite", [OPS.ABS])
    assert run(["latency", str(path), "--target", "qemu:cortex-a76", option, "2"]) == 2
    assert f"{option} does not go with an emulated target" in capsys.readouterr().err


# --- the classes of instructions ---------------------------------------------------------------

# Words as GNU's assembler writes them for Armv8.6, with what they are.
WORDS = {
    # ldr x, ldr q, ldp q, ld1, ld1r, ldrsw, ldr literal, ldur d, ldxr, prfm
    "loads": "f9400020 3dc00420 acc10440 4cdfa060 4d40c860 b9800020 58000a40 fc5f8023 885f7c20 "
    "f9800000",
    # str w, str q, stp, st1, strb, stlr
    "stores": "b9000020 3d800420 a9bf7bfd 4c9f7060 38226820 889ffc20",
    # b, b.eq, cbz, bl, ret, blr, nop
    "branches": "14000000 54000000 b4000000 94000000 d65f03c0 d63f0060 d503201f",
    # sdot, udot and sdot by element, usdot, sudot and usdot by element, bfdot and by element
    "dot_products": "4e829420 6fa2e020 4fa2e820 4e829c20 4f02f020 4f82f020 6e42fc20 4f62f020",
    # smmla, ummla, usmmla, bfmmla
    "matrix_products": "4e82a420 6e82a420 4e82ac20 6e42ec20",
    # fmla 4s, fmls 2d, fmla and fmls by element, fmla 8h and by element, fmadd s, fmla 2s
    "float_macs": "4e22cc20 4ee2cc20 4fa21820 4f825020 4e420c20 4f121820 1f020c20 0fa21020",
    # mla, mls, mul, smlal, smlal2, umlsl, smull, smull2; by element mla to smull
    "integer_macs": "4ea29420 6e629420 4ea29c20 0e628020 4e228020 2e62a020 0e22c020 4e22c020 "
    "6fa20020 4fa28020 0f522020 4f722820 2f426020 0f52a020",
    # fmul and by element, fadd, sqdmulh, sqrdmulh, sadalp, saddw, dup, movi, sqxtn, smax, tbl,
    # saddl, pmull, sqdmlal, sqdmull, sabal, fcvtns, srshl, add
    "other_vector": "6e22dc20 4fa29020 4e22d420 4ea2b420 4f82d020 4e606820 0e621020 4e040c20 "
    "4f000400 0e614820 4e226420 4e020020 0e620020 0e22e020 0e629020 0e62d020 0e625020 4e21a820 "
    "4ea25420 4ea28420",
    # add, madd, mul, smaddl, lsl, mov, cmp, csel, adrp, ubfx
    "other": "8b020020 9b020c20 9b027c20 9b220c20 d37df020 d28000a0 f100001f 9a820020 90000000 "
    "d3421020",
}


def _compiler() -> None:
    if platform.system() != "Linux" or not any(map(shutil.which, ("cc", "gcc", "clang"))):
        pytest.skip("there is no C compiler")


def test_every_class_knows_its_instructions(tmp_path: Path) -> None:
    _compiler()
    counting.compile_plugin(SOURCE, tmp_path / "counting.so")
    # Lazily, as the functions of QEMU that it calls are not there.
    library = ctypes.CDLL(str(tmp_path / "counting.so"), mode=os.RTLD_LAZY)
    library.class_name.restype = ctypes.c_char_p
    for name, words in WORDS.items():
        for word in words.split():
            assert (word, library.class_name(library.class_of(int(word, 16))).decode()) == (
                word,
                name,
            )


def test_the_worker_and_the_plugin_mean_the_same_mark() -> None:
    assert "MARKER = 0x5EED0;" in SOURCE.read_text()
    assert "_MARKER = 0x5EED0\n" in Path(count_marks.__file__).read_text()


# --- what can be missing -----------------------------------------------------------------------


def test_no_compiler_is_a_missing_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CC", raising=False)
    with pytest.raises(EnvironmentMissingError, match="needs a C compiler, and cc, gcc") as caught:
        counting.compile_plugin(SOURCE, tmp_path / "x.so")
    assert caught.value.exit_code == 3
    monkeypatch.setenv("CC", "no-such-cc")
    with pytest.raises(EnvironmentMissingError, match="and no-such-cc is not on PATH"):
        counting.compile_plugin(SOURCE, tmp_path / "x.so")


def test_a_compiler_that_fails_is_one_line(tmp_path: Path) -> None:
    _compiler()
    source = tmp_path / "bad.c"
    source.write_text("int f(void) { return missing; }\n")
    with pytest.raises(EnvironmentMissingError, match=r"cannot compile the .*miss"):
        counting.compile_plugin(source, tmp_path / "x.so")


@pytest.mark.parametrize(
    ("version", "options", "words"),
    [
        ("10.0.2", "-plugin", r"needs QEMU 7\.2 to 8\.x, but .* is QEMU 10\.0"),
        ("7.2.0", "-strace", "takes none"),
    ],
)
def test_an_emulator_that_cannot_count_is_named(
    version: str, options: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "qemu-aarch64"
    program.write_text(
        f'#!/bin/sh\n[ "$1" = -help ] && echo "{options}" || echo "version {version}"\n'
    )
    program.chmod(0o755)
    monkeypatch.setattr(isa, "launcher", lambda _: None)
    monkeypatch.setattr(qemu, "find", lambda _: (str(program),))
    with pytest.raises(EnvironmentMissingError, match=words):
        counting.setting("cortex-a53", tmp_path / "counts")


# --- counts and reports ------------------------------------------------------------------------


def _counts(number: int) -> Counts:
    return Counts(*range(number, number + 11))


class FakeTarget:
    """Answers at once; the runs of each process execute as many loads more as told."""

    name, processor = "qemu:cortex-a76", "Cortex-A76"

    def __init__(self, *loads: int) -> None:
        self.loads = list(loads)

    def probe(self) -> devices.Probe:
        raise NotImplementedError

    run = probe

    def count(self, job: CountJob, timeout_s: float) -> Counted:
        assert (job.threads, timeout_s) == (1, CountSettings().timeout_s)
        zeros = Counts(*[0] * 11)
        empty = dataclasses.replace(zeros, other=20)
        full = dataclasses.replace(
            zeros, other=20, loads=self.loads.pop(0), load_bytes=64, dot_products=600
        )
        answer = {"model": json.loads(json.dumps(dataclasses.asdict(INFO))), "outputs_sha256": "0"}
        return Counted(answer, (empty,) * 3 + (full,) * job.num_runs)


def _report(tmp_path: Path, target: FakeTarget, **changes: Any) -> CountReport:
    path = tmp_path / "net.tflite"
    path.write_bytes(b"net")
    request = ModelFile(path, model="net", macs=4000)
    (report,) = devices.count(CountRequest((request,), target, CountSettings(**changes)))
    return report


def test_a_report_takes_off_what_python_does(tmp_path: Path) -> None:
    report = _report(tmp_path, FakeTarget(400, 402, 400))
    assert report.instructions == 1000
    assert report.spread == 2 / 1000
    assert report.instructions_per_mac == 0.25
    assert (report.counts.dot_products, report.counts.load_bytes, report.counts.other) == (
        600,
        64,
        0,
    )
    assert devices.counts_from_json(report.to_json()) == report
    document = json.loads(report.to_json())
    assert document["schema"] == "edgekit.instruction-counts"
    label = "executed AArch64 instructions under emulated Cortex-A76, not a time"
    assert document["summary"]["label"] == label


def test_runs_that_are_missing_are_noticed(tmp_path: Path) -> None:
    target = FakeTarget(1)
    whole = target.count
    target.count = lambda job, timeout_s: whole(  # type: ignore[method-assign]
        dataclasses.replace(job, num_runs=job.num_runs - 1), timeout_s
    )
    with pytest.raises(WorkerError, match="7 counts came for 8 runs"):
        _report(tmp_path, target, children=1)


def test_settings_and_files_are_checked(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="children must be at least 1, not 0"):
        CountSettings(children=0)
    with pytest.raises(InvalidPathError):
        devices.count(CountRequest((ModelFile(tmp_path / "no.onnx"),), FakeTarget()))


def test_a_file_of_counts_that_is_cut_short_is_a_worker_error(tmp_path: Path) -> None:
    path = tmp_path / "counts"
    with pytest.raises(WorkerError, match="cannot be read"):
        counting.read(path)
    line = json.dumps({**_counts(1).__dict__})
    path.write_text(f"{line}\n{line}\n{line}\n")
    with pytest.raises(WorkerError, match="cannot be read"):
        counting.read(path)
    path.write_text(f"{line}\n{json.dumps(_counts(3).__dict__)}\n")
    assert counting.read(path) == [Counts(*[2] * 11)]


# --- the emulator ------------------------------------------------------------------------------


def _require(name: str) -> QemuTarget:
    reason = isa.missing(name)
    if reason:
        pytest.skip(reason)
    _compiler()
    try:
        counting.setting(name, Path("unused"))
    except EnvironmentMissingError as error:
        pytest.skip(str(error))
    target = devices.resolve_target(f"qemu:{name}")
    assert isinstance(target, QemuTarget)
    return target


def test_litert_counts_are_identical_and_one_more_operator_is_seen(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = _require("cortex-a76")
    short = tiny_tflite(tmp_path / "short.tflite", [OPS.ABS, OPS.NEG])
    long = tiny_tflite(tmp_path / "long.tflite", [OPS.ABS, OPS.NEG, OPS.ABS])
    (one,) = devices.count(CountRequest((ModelFile(short),), target, CountSettings(children=2)))
    assert [each.outputs_sha256 for each in one.children] == [one.children[0].outputs_sha256] * 2
    assert one.children[0].runs == one.children[1].runs
    assert one.spread == 0
    assert one.counts.load_bytes > 0
    options = ["--target", "qemu:cortex-a76", "--children", "1", "--json"]
    assert run(["latency", str(long), *options]) == 0
    (document,) = json.loads(capsys.readouterr().out)["reports"]
    two = devices.counts_from_json(json.dumps(document))
    assert one.instructions < two.instructions < 2 * one.instructions
    assert "_ms" not in json.dumps(document)


def test_onnxruntime_counts_repeat_within_three_per_mille(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = _require("cortex-a53")
    request = ModelFile(tiny_onnx(tmp_path / "tiny.onnx"))
    (report,) = devices.count(CountRequest((request,), target, CountSettings(children=2)))
    assert report.spread <= 0.003
    assert report.counts.float_macs > 0
    assert report.counts.dot_products == 0
    instruction_counts._print([report])
    printed = capsys.readouterr().out
    assert "under emulated Cortex-A53, not a time" in printed
    assert " ms" not in printed


def test_float16_arithmetic_is_decided_by_what_the_core_executes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _require("cortex-a76")
    model = graphs.proto(
        "g (float[1,32,12,12] x) => (float[1,32,12,12] y) { y = Conv(x, w) }",
        w=graphs.weights(32, 32, 1, 1),
    )
    onnx.save(model, tmp_path / "wide.onnx")
    arguments = ["export", str(tmp_path / "wide.onnx"), "-o", str(tmp_path), "--format", "tflite"]
    assert run([*arguments, "--precision", "auto", "--json"]) == 0
    (made,) = json.loads(capsys.readouterr().out)["artifacts"]
    assert made["precision"] == "float16-compute"
    trying, judging = made["tuning"]
    assert trying["ratio"] < 0.8
    assert 0 < judging["emulated_max_rel_error"] < 0.01
