"""Instruction sets and their emulators: what there is, and setting them up."""

from __future__ import annotations

import platform
from pathlib import Path

import pytest

from edgekit.emulation import arm_cores, debian, isa, setup
from edgekit.errors import (
    EnvironmentMissingError,
    StorageError,
    UnknownNameError,
)
from edgekit.files.made_folder import MadeFolder
from tests.evaluate.isa.made import ARM, EMULATED, program


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
    program(old, "qemu-x86_64 version 6.2.0 (Debian 1:6.2)")
    assert isa.missing("avx2") is not None
    program(new, "qemu-x86_64 version 10.0.2")
    start = isa.launcher("avx2")
    assert start.prefix[0] == str(new)
    assert start.is_emulated
    program(bare / "qemu-aarch64", "qemu-aarch64 version 7.2.0")
    with pytest.raises(EnvironmentMissingError, match="an aarch64 Python"):
        isa.launcher("cortex-a53")


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
    program(bare / "apt-get", "W: Failed to fetch http://host/InRelease Could not connect")
    program(bare / "dpkg-deb", "")
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
