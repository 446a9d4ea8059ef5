"""``edgekit doctor --install``: what a device's pip is asked for, and what it may refuse."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import pytest

from edgekit import devices, runtimes
from edgekit.cli import run
from edgekit.errors import EnvironmentMissingError
from tests.specimens.machines import sshd
from tests.specimens.machines.sshd import Device

running, device, target = sshd.running, sshd.device, sshd.target

PIP = """#!/bin/sh
case "$*" in *"-m pip install"*) ;; *) exec PYTHON "$@" ;; esac
echo "$@" > LOG
echo "$TMPDIR" >> LOG
SAYS
"""


def _pip(device: Device, tmp_path: Path, says: str) -> Path:
    """Let the device's Python have a pip that only says so; return the file with its arguments."""
    log, script = tmp_path / "pip.log", tmp_path / "python"
    text = PIP.replace("PYTHON", shlex.quote(sys.executable)).replace("LOG", str(log))
    script.write_text(text.replace("SAYS", says))
    script.chmod(0o755)
    device.be(python=f"exec {shlex.quote(str(script))}")
    return log


def test_install_asks_pip_there_for_the_versions_of_here(
    device: Device, target: devices.Target, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = _pip(device, tmp_path, "exit 0")
    assert run(["doctor", "--target", target.name, "--install"]) == 0
    arguments, temporary = log.read_text().splitlines()
    assert " numpy " in f"{arguments} "
    for version in runtimes.installed().values():
        assert version is not None
        assert version.replace(" ", "==") in arguments
    assert temporary.startswith(str(device.temporary / "edgekit."))
    out, err = capsys.readouterr()
    assert "ai-edge-litert" in out
    assert "-m pip install numpy" in err
    assert device.leftovers() == []


@pytest.mark.parametrize(
    ("says", "words"),
    [
        ("echo 'error: externally-managed-environment' >&2; exit 1", "make a virtual environment"),
        (
            "echo 'ERROR: No matching distribution' >&2; echo bye; exit 1",
            "No matching distribution",
        ),
        ("exit 1", "pip says nothing"),
    ],
)
def test_a_pip_that_fails(
    says: str, words: str, device: Device, target: devices.Target, tmp_path: Path
) -> None:
    _pip(device, tmp_path, says)
    assert isinstance(target, devices.InstallingTarget)
    with pytest.raises(EnvironmentMissingError, match=words) as caught:
        target.install(lambda _: None)
    assert caught.value.reason_code == "pip-failed"
    assert device.leftovers() == []


def test_only_another_machine_is_installed_on(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["doctor", "--install"]) == 2
    assert run(["doctor", "--target", "local", "--install"]) == 2
    assert "--install is for ssh: targets; local is none" in capsys.readouterr().err
