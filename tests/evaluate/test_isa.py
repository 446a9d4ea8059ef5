"""Instruction sets: what can be run here, equal int8 answers, and layers that saturate.

Emulated runs are skipped where the emulators are not set up; EDGEKIT_SETUP_QEMU=1 sets them up.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper

from edgekit.emulation import arm_cores, debian, isa, setup
from edgekit.errors import (
    CheckFailedError,
    EnvironmentMissingError,
    StorageError,
    UnknownNameError,
    UnreadableModelError,
    WorkerError,
)
from edgekit.evaluate.distance import Distance
from edgekit.evaluate.verification import isa_check, quantized_step, saturation
from edgekit.evaluate.verification.isa_check import IsaReport
from edgekit.evaluate.verification.saturation import SaturatingLayer
from edgekit.files.made_folder import MadeFolder
from edgekit.modelfile import onnx_cut
from edgekit.processes import child
from edgekit.runtimes import ModelInfo, TensorInfo
from edgekit.runtimes.jobs import Job
from edgekit.runtimes.worker import seeded_inputs
from tests.specimens import qdq
from tests.specimens.files import OPS, tiny_onnx, tiny_tflite

ARM = [name for name in isa.names() if isa.get(name).core is not None]
EMULATED = ["avx2", *ARM]


def require(name: str) -> None:
    """Skip the test where an instruction set cannot be run."""
    if isa.missing(name) and os.environ.get("EDGEKIT_SETUP_QEMU") == "1":
        setup.set_up(lambda _: None)
    reason = isa.missing(name)
    if reason:
        pytest.skip(reason)


@pytest.fixture
def sound() -> str:
    """An instruction set that does not saturate: this processor's own, or an emulated one."""
    if not isa.pairs_saturate(isa.NATIVE):
        return isa.NATIVE
    require("cortex-a76")
    return "cortex-a76"


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with nothing set up; returns the folder that is its PATH."""
    monkeypatch.setenv("EDGEKIT_CACHE", str(tmp_path / "cache"))
    programs = tmp_path / "programs"
    programs.mkdir()
    monkeypatch.setenv("PATH", str(programs))
    return programs


def _program(path: Path, prints: str) -> None:
    path.write_text(f"#!/bin/sh\necho '{prints}'\n")
    path.chmod(0o755)


# --- what there is ----------------------------------------------------------------------------


def test_names() -> None:
    assert isa.names()[0] == isa.NATIVE
    assert isa.get("Cortex-A53").name == "cortex-a53"
    with pytest.raises(UnknownNameError, match="did you mean cortex-a7") as caught:
        isa.launcher("cortex-a75")
    assert caught.value.exit_code == 2


def test_native_starts_this_python_plainly() -> None:
    start = isa.launcher(isa.NATIVE)
    assert (start.prefix, start.environment, start.is_emulated) == ((), None, False)
    assert isa.missing(isa.NATIVE) is None


def test_the_emulated_core_and_the_one_shown_are_the_same() -> None:
    for name in ARM:
        known = isa.get(name)
        assert known.core is not None
        model, *features = known.cpu.split(",")
        if model == "max":  # emulated wrongly with SME by QEMU 7.2, and no phone has its SVE
            assert set(features) == {"sme=off", "sve=off"}
        else:
            assert model == known.core.name
        assert known.core in arm_cores.ALL


def test_a_core_shows_itself_and_its_count(tmp_path: Path) -> None:
    arm_cores.A72.write(tmp_path)
    text = (tmp_path / "proc" / "cpuinfo").read_text()
    assert text.count("CPU part\t: 0xd08\n") == text.count("processor\t: ") == 4
    assert "asimddp" not in text
    assert (tmp_path / "sys/devices/system/cpu/present").read_text() == "0-3\n"


def test_who_saturates(monkeypatch: pytest.MonkeyPatch) -> None:
    assert isa.pairs_saturate("avx2")
    assert not any(isa.pairs_saturate(name) for name in ARM)
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")
    assert not isa.pairs_saturate(isa.NATIVE)


@pytest.mark.parametrize("name", EMULATED)
def test_nothing_set_up(name: str, bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    with pytest.raises(EnvironmentMissingError, match=r"`edgekit doctor --setup-qemu`") as caught:
        isa.launcher(name)
    assert caught.value.exit_code == 3
    assert isa.missing(name) == str(caught.value)
    assert list(bare.iterdir()) == []


def test_avx2_needs_an_x86_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")
    with pytest.raises(EnvironmentMissingError, match="x86-64 Linux machine"):
        isa.launcher("avx2")


def test_emulators_on_the_path_are_used_if_new_enough(
    bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    old, new = bare / "qemu-x86_64", bare / "qemu-x86_64-static"
    _program(old, "qemu-x86_64 version 6.2.0 (Debian 1:6.2)")
    assert isa.missing("avx2") is not None
    _program(new, "qemu-x86_64 version 10.0.2")
    start = isa.launcher("avx2")
    assert start.prefix[0] == str(new)
    assert start.is_emulated
    _program(bare / "qemu-aarch64", "qemu-aarch64 version 7.2.0")
    with pytest.raises(EnvironmentMissingError, match="an aarch64 Python"):
        isa.launcher("cortex-a53")


# --- setting up -------------------------------------------------------------------------------


def test_setting_up_without_debian(bare: Path) -> None:
    if platform.system() != "Linux":
        pytest.skip("emulation needs Linux")
    with pytest.raises(EnvironmentMissingError, match="apt-get is not on this machine"):
        setup.set_up(lambda _: None)
    assert not list((bare.parent / "cache").rglob("stamp.json"))


@pytest.mark.parametrize(
    ("said", "kind", "words"),
    [
        ("E: Unable to locate package qemu-user", EnvironmentMissingError, "E: Unable to locate"),
        ("E: You don't have enough free space in /x", StorageError, "the disk is full"),
        ("tar: x: Cannot write: No space left on device", StorageError, "the disk is full"),
    ],
)
def test_a_failing_program_is_one_line(
    said: str, kind: type[Exception], words: str, tmp_path: Path
) -> None:
    program = tmp_path / "apt-get"
    program.write_text(f'#!/bin/sh\necho "reading"\necho "{said}" >&2\necho ""\nexit 100\n')
    program.chmod(0o755)
    with pytest.raises(kind, match=words) as caught:
        debian.run([str(program)], "download it")
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith("cannot download it: ")


def test_no_package_list_is_no_network(bare: Path, tmp_path: Path) -> None:
    _program(bare / "apt-get", "W: Failed to fetch http://host/InRelease Could not connect")
    _program(bare / "dpkg-deb", "")
    (tmp_path / "root").mkdir()
    with pytest.raises(EnvironmentMissingError, match="Could not connect; check the network"):
        debian.unpack(["p"], "arm64", tmp_path / "root", lambda _: None)
    assert [each.name for each in tmp_path.glob("apt-*")] == []


def test_a_made_folder_is_complete_or_absent(tmp_path: Path) -> None:
    old, new = (MadeFolder(tmp_path / "c", "root", {"numpy": v}) for v in ("1", "2"))
    with pytest.raises(RuntimeError), old.making():
        raise RuntimeError
    assert old.facts() is None
    assert list((tmp_path / "c").iterdir()) == []
    for folder in (old, new):
        with folder.making() as path:
            (path / "file").write_text("content")
            folder.write_facts(path, {"python": "python3.11"})
            assert folder.facts() is None
        assert folder.facts() == {"python": "python3.11"}
    assert old.facts() is None  # the newer one took its place
    assert [each.name for each in (tmp_path / "c").iterdir()] == [new.path.name]
    (new.path / "stamp.json").write_text("{")
    assert new.facts() is None
    with new.making() as path:
        new.write_facts(path, {})
    assert new.facts() == {}


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="EDGEKIT_CACHE"):  # noqa: SIM117
        with MadeFolder(tmp_path / "file", "root", {}).making():
            pass


# --- emulated runs ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", EMULATED)
def test_int8_answers_are_equal(name: str, tmp_path: Path) -> None:
    require(name)
    onnx_file = qdq.chain(tmp_path / "q.onnx", {"a": 60, "b": qdq.QUIET})
    for path in (onnx_file, qdq.tflite_conv(tmp_path / "q.tflite")):
        info = child.describe(path)
        inputs = [seeded_inputs(info.inputs, seed) for seed in range(3)]
        (report,) = isa_check.check(str(path), info, inputs, [name])
        assert (report.isa, report.sets) == (name, 3)
        assert report.bit_equal
        assert report.same
        assert report.largest_steps == 0
        assert report.distance.signal > 0


def test_the_same_worker_describes_a_file(tmp_path: Path) -> None:
    require("cortex-a53")
    path = tiny_tflite(tmp_path / "t.tflite", [OPS.RELU, OPS.ABS])
    assert child.describe(path, isa="cortex-a53") == child.describe(path)


class NonsenseJob(Job):
    task = "nonsense"


def test_errors_cross_the_emulator(tmp_path: Path) -> None:
    require("avx2")
    (tmp_path / "bad.onnx").write_bytes(b"no model")
    with pytest.raises(UnreadableModelError, match=r"bad\.onnx"):
        child.describe(tmp_path / "bad.onnx", isa="avx2")
    with pytest.raises(WorkerError, match=r"^under avx2: KeyError"):
        child.call(NonsenseJob(), isa="avx2")


# --- saturation -------------------------------------------------------------------------------


@pytest.mark.parametrize(("dtype", "operator"), [("int8", "Conv"), ("uint8", "MatMul")])
def test_the_saturating_layer_is_named_and_no_other(
    dtype: str, operator: str, tmp_path: Path, sound: str
) -> None:
    require("avx2")
    weights = {"first": qdq.QUIET, "loud": qdq.LOUD, "after": qdq.QUIET}
    path = qdq.chain(tmp_path / "loud.onnx", weights, dtype, operator)
    shape = () if operator == "Conv" else (1, qdq.CHANNELS)
    inputs = qdq.feeds(2, *shape)
    (layer,) = saturation.find(str(path), inputs, "avx2", sound)
    assert (layer.name, layer.operator, layer.isa) == ("loud", operator, "avx2")
    assert layer.share == 1
    assert layer.largest_steps is not None
    assert layer.largest_steps > 20


def test_seven_bit_weights_do_not_saturate(tmp_path: Path, sound: str) -> None:
    require("avx2")
    path = qdq.chain(tmp_path / "quiet.onnx", dict.fromkeys("ab", qdq.QUIET))
    assert saturation.find(str(path), qdq.feeds(2), "avx2", sound) == ()


@pytest.mark.parametrize("operator", ["Conv", "MatMul"])
def test_exact_sums_do_not_saturate(operator: str, tmp_path: Path, sound: str) -> None:
    """What `evaluate` and the parity check ask for, on processors that would saturate."""
    saturating = isa.NATIVE if isa.pairs_saturate(isa.NATIVE) else "avx2"
    require(saturating)
    shape = () if operator == "Conv" else (1, qdq.CHANNELS)
    path = qdq.chain(tmp_path / "loud.onnx", {"loud": qdq.LOUD}, "int8", operator)
    inputs = qdq.feeds(1, *shape)

    def answer(name: str, *, exact_sums: bool) -> np.ndarray:
        _, (outputs,) = child.run(path, inputs, isa=name, exact_sums=exact_sums)
        return next(iter(outputs.values()))

    right = answer(sound, exact_sums=False)
    np.testing.assert_array_equal(answer(saturating, exact_sums=True), right)
    assert (answer(saturating, exact_sums=False) != right).any()


def test_a_file_without_int8_layers_has_none(tmp_path: Path) -> None:
    path = tiny_onnx(tmp_path / "float.onnx")
    feeds = [{"x": np.ones((1, 3, 8, 8), np.float32)}]
    assert saturation.find(str(path), feeds, "avx2") == ()
    (tmp_path / "bad.onnx").write_bytes(b"no model")
    with pytest.raises(UnreadableModelError, match=r"bad\.onnx"):
        saturation.find(str(tmp_path / "bad.onnx"), feeds, "avx2")


def test_layers_that_differ_are_counted_in_steps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second run is this processor's too, with other answers put in its place."""
    path = qdq.chain(tmp_path / "q.onnx", {"a": 30, "b": 30})
    run = child.run

    def spoilt(
        path: Path,
        feeds: list[dict[str, np.ndarray]],
        threads: int,
        isa: str = isa.NATIVE,
        *,
        exact_sums: bool,
    ) -> tuple[ModelInfo, list[dict[str, np.ndarray]]]:
        info, outputs = run(path, feeds, threads=threads, exact_sums=exact_sums)
        if isa == "avx2":
            changed = outputs[1]["piece1/y"].copy()
            changed.ravel()[:4] += 3 * np.float32(qdq.INPUT_SCALE * qdq.gain(30) ** 2)
            outputs[1]["piece1/y"] = changed
        return info, outputs

    monkeypatch.setattr(child, "run", spoilt)
    found = saturation.find(str(path), qdq.feeds(2), "avx2")
    elements = 2 * qdq.CHANNELS * qdq.SIDE**2
    assert found == (SaturatingLayer(str(path), "b", "Conv", "avx2", 4 / elements, 3.0),)


def _gemm_without_pair(path: Path) -> Path:
    """Float output: ONNX Runtime makes it a MatMulIntegerToFloat or QGemm."""
    weights = np.arange(-32, 32, dtype=np.int8).reshape(qdq.CHANNELS, 4)
    scalars = {"s": np.float32(0.01), "z": np.int8(-128), "w": weights, "ws": np.float32(0.02)}
    make = helper.make_node
    nodes = [
        make("QuantizeLinear", ["x", "s", "z"], ["q"]),
        make("DequantizeLinear", ["q", "s", "z"], ["d"]),
        make("DequantizeLinear", ["w", "ws"], ["wd"]),
        make("Gemm", ["d", "wd"], ["y"], name="last"),
    ]
    return qdq.save(path, nodes, scalars, {"x": ("float32", (1, qdq.CHANNELS))}, ["y"])


def _integer_operators(path: Path) -> Path:
    """QLinearMatMul, and a product of two activations."""
    weights = np.arange(-32, 32, dtype=np.int8).reshape(qdq.CHANNELS, 4)
    scalars = {
        "s": np.float32(0.01), "z": np.uint8(0), "w": weights, "ws": np.float32(0.02),
        "wz": np.int8(0), "ys": np.float32(0.05), "yz": np.uint8(100),
    }  # fmt: skip
    make = helper.make_node
    nodes = [
        make("QuantizeLinear", ["x", "s", "z"], ["q"]),
        make("QLinearMatMul", ["q", "s", "z", "w", "ws", "wz", "ys", "yz"], ["p"], name="linear"),
        make("DequantizeLinear", ["p", "ys", "yz"], ["pd"]),
        make("Transpose", ["pd"], ["t"], perm=[1, 0]),
        make("QuantizeLinear", ["t", "ys", "yz"], ["tq"]),
        make("DequantizeLinear", ["tq", "ys", "yz"], ["td"]),
        make("MatMul", ["td", "pd"], ["m"]),
        make("QuantizeLinear", ["m", "ys", "yz"], ["y"]),
    ]
    return qdq.save(path, nodes, scalars, {"x": ("float32", (1, qdq.CHANNELS))}, ["y"])


CUTS: dict[str, tuple[Callable[[Path], Path], list[str]]] = {
    "int8": (lambda path: qdq.chain(path, {"a": 60, "b": 30}), ["a", "b"]),
    "uint8": (lambda path: qdq.chain(path, {"a": 60, "b": 30}, "uint8"), ["a", "b"]),
    "gemm": (lambda path: qdq.chain(path, {"a": 60}, "uint8", "Gemm"), ["a"]),
    "no pair": (_gemm_without_pair, ["last"]),
    "integer operators": (_integer_operators, ["linear", "m"]),
}


@pytest.mark.parametrize("case", CUTS)
def test_pieces_compute_what_the_whole_does(case: str, tmp_path: Path) -> None:
    make, names = CUTS[case]
    path = make(tmp_path / "whole.onnx")
    model = onnx.load(path)
    pieces = onnx_cut.pieces(model)
    assert [piece.name for piece in pieces] == names
    info = child.describe(path)
    shape = info.inputs[0].shape
    (feeds,) = qdq.feeds(1, *shape)
    targets = [piece.target.partition("/")[2] for piece in pieces]
    sources = [source for piece in pieces for source in piece.sources]
    shown = dict.fromkeys([*sources, *targets])
    onnx.save(onnx_cut.showing(model, shown), tmp_path / "all.onnx")
    whole = feeds | child.run(tmp_path / "all.onnx", [feeds])[1][0]
    onnx.save(onnx_cut.apart(model, pieces, whole), tmp_path / "cut.onnx")
    given = {
        name: whole[source]
        for piece in pieces
        for name, source in zip(piece.inputs, piece.sources, strict=True)
    }
    cut = child.run(tmp_path / "cut.onnx", [given])[1][0]
    for piece, target in zip(pieces, targets, strict=True):
        # A value that is shown is not fused, and then a half may be rounded the other way.
        one_step = 1.01 * (piece.step or 0)
        np.testing.assert_allclose(cut[piece.target], whole[target], rtol=1e-6, atol=one_step)
        assert np.ptp(whole[target].astype(float)) > 3 * one_step


# --- steps and verdicts -----------------------------------------------------------------------


def test_steps_of_outputs(tmp_path: Path) -> None:
    def found(path: Path) -> dict[str, float]:
        return quantized_step.of_outputs(path, child.describe(path))

    chained = qdq.chain(tmp_path / "q.onnx", {"a": 50})
    assert found(chained) == {"y": pytest.approx(qdq.INPUT_SCALE * qdq.gain(50))}
    assert found(tiny_onnx(tmp_path / "float.onnx")) == {}
    assert found(_integer_operators(tmp_path / "i.onnx")) == {"y": 1.0}
    assert found(qdq.tflite_conv(tmp_path / "i.tflite")) == {"y": 1.0}
    real = qdq.tflite_conv(tmp_path / "r.tflite", float_output=True)
    assert found(real) == {"real": pytest.approx(0.25)}
    assert found(tiny_tflite(tmp_path / "t.tflite", [OPS.RELU])) == {}


def test_a_reshape_keeps_the_step(tmp_path: Path) -> None:
    make = helper.make_node
    nodes = [
        make("QuantizeLinear", ["x", "s"], ["q"]),
        make("DequantizeLinear", ["q", "s"], ["d"]),
        make("Flatten", ["d"], ["y"]),
    ]
    path = tmp_path / "f.onnx"
    qdq.save(path, nodes, {"s": np.float32(0.5)}, {"x": ("float32", (1, 2, 2))}, ["y"])
    assert quantized_step.of_outputs(path, child.describe(path)) == {"y": 0.5}


@pytest.mark.parametrize(
    ("largest_steps", "max_rel_error", "same"),
    [
        (0.0, 0.0, True),
        (0.01, 0.5, True),
        (1.0, 1e-9, False),
        (None, 5e-4, True),
        (None, 4e-3, False),
    ],
)
def test_verdicts(largest_steps: float | None, max_rel_error: float, same: bool) -> None:
    distance = Distance(1.0, 1e-9, max_rel_error)
    assert IsaReport("f", "avx2", 1, False, largest_steps, distance, None).same is same
    assert IsaReport("f", "avx2", 1, True, largest_steps, distance, None).same


def test_nan_is_refused(tmp_path: Path) -> None:
    info = child.describe(tiny_onnx(tmp_path / "t.onnx"))
    feeds = [{"x": np.full((1, 3, 8, 8), np.nan, np.float32)}]
    with pytest.raises(CheckFailedError, match="NaN or infinity under native"):
        isa_check.check(str(tmp_path / "t.onnx"), info, feeds, [])


def test_top1_is_compared_where_there_are_scores(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tensor = TensorInfo("y", (1, 3), "int8", 0.5, 0)
    info = ModelInfo("tflite", "v", (), (tensor,), {})
    answers = {
        "native": [[1, 2, 3], [3, 2, 1]],
        "avx2": [[1, 2, 3], [3, 5, 1]],
    }

    def run(*_: object, isa: str, **__: object) -> tuple[ModelInfo, list[dict[str, np.ndarray]]]:
        return info, [{"y": np.array([row], np.int8)} for row in answers[isa]]

    monkeypatch.setattr(child, "run", run)
    (report,) = isa_check.check(str(tmp_path / "m.tflite"), info, [{}, {}], ["avx2"])
    assert (report.same_top1, report.sets, report.largest_steps) == (1, 2, 3.0)
    assert report.agreement is not None
    assert report.agreement.value == 0.5
    assert not report.same
