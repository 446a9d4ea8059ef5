"""A device to reach over ssh: this machine's own sshd on the loopback, with a key of the test's.

What the device is like (its PATH, its temporary folder, its limits) is a shell script, which
runs before every command.
"""

from __future__ import annotations

import getpass
import os
import shlex
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from edgekit import devices
from edgekit.runtimes.jobs import DescribeJob
from tests.runtimes.test_worker import FAKE_INTERPRETER, stub_package

SSH = shutil.which("ssh")  # before a test puts another first on PATH


def find_sshd() -> str | None:
    return shutil.which("sshd", path=os.pathsep.join([os.environ["PATH"], "/usr/sbin"]))


class Device:
    """The sshd, the client's configuration, and a program ``ssh`` on PATH that uses it."""

    def __init__(self, folder: Path, sshd: str) -> None:
        self.folder = folder
        self.temporary = folder / "tmp"
        self.programs = folder / "programs"
        self.client = folder / "client"
        self.preface = folder / "preface.sh"
        for each in (self.temporary, self.programs, self.client):
            each.mkdir(parents=True)
        for name in ("host", "user", "other"):
            path = str(folder / name)
            generate = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path]
            subprocess.run(generate, check=True)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self._write_server()
        self.trust("host")
        self.use_key("user")
        self.be()
        self._server = subprocess.Popen(
            [sshd, "-D", "-e", "-f", str(folder / "sshd_config")], stderr=subprocess.PIPE
        )

    def _write_server(self) -> None:
        shutil.copy(self.folder / "user.pub", self.folder / "authorized_keys")
        force = self.folder / "force.sh"
        force.write_text(
            f'#!/bin/sh\n. {shlex.quote(str(self.preface))}\nexec sh -c "$SSH_ORIGINAL_COMMAND"\n'
        )
        force.chmod(0o755)
        lines = [
            "ListenAddress 127.0.0.1", f"Port {self.port}", f"HostKey {self.folder / 'host'}",
            f"AuthorizedKeysFile {self.folder / 'authorized_keys'}", "StrictModes no",
            "UsePAM no", "PasswordAuthentication no", "KbdInteractiveAuthentication no",
            "PermitRootLogin prohibit-password", "PidFile none", f"ForceCommand {force}",
        ]  # fmt: skip
        (self.folder / "sshd_config").write_text("\n".join(lines) + "\n")

    def trust(self, key: str | None) -> None:
        """Let the client know this host key; None: no key at all."""
        public = "" if key is None else (self.folder / f"{key}.pub").read_text()
        known = f"[127.0.0.1]:{self.port} {public}" if public else ""
        (self.client / "known_hosts").write_text(known)

    def use_key(self, key: str, port: int | None = None) -> None:
        """Let the client log in with this key."""
        lines = [
            "Host device", "HostName 127.0.0.1", f"Port {port or self.port}",
            f"User {getpass.getuser()}", f"IdentityFile {self.folder / key}",
            "IdentitiesOnly yes", "IdentityAgent none", "GlobalKnownHostsFile none",
            f"UserKnownHostsFile {self.client / 'known_hosts'}",
        ]  # fmt: skip
        (self.client / "config").write_text("\n".join(lines) + "\n")
        shim = self.client / "ssh"
        shim.write_text(f'#!/bin/sh\nexec {SSH} -F {self.client / "config"} "$@"\n')
        shim.chmod(0o755)

    def be(self, shell: str = "", python: str | None = None) -> None:
        """Say what the device does first, and what its python3 is."""
        temporary, programs = (shlex.quote(str(p)) for p in (self.temporary, self.programs))
        self.preface.write_text(f"export TMPDIR={temporary} PATH={programs}:$PATH\n{shell}\n")
        shim = self.programs / "python3"
        shim.write_text(f'#!/bin/sh\n{python or f"exec {shlex.quote(sys.executable)}"} "$@"\n')
        shim.chmod(0o755)

    def leftovers(self, within_s: float = 10.0) -> list[str]:
        """Return what stays in the device's temporary folder once all has had time to end."""
        deadline = time.monotonic() + within_s
        while time.monotonic() < deadline and any(self.temporary.iterdir()):
            time.sleep(0.05)
        return [path.name for path in self.temporary.iterdir()]

    def wait_until_up(self) -> str | None:
        """Return None once the sshd listens, or what it said when it did not."""
        for _ in range(100):
            with socket.socket() as attempt:
                if attempt.connect_ex(("127.0.0.1", self.port)) == 0:
                    return None
            if self._server.poll() is not None:
                return (self._server.stderr.read() or b"").decode().strip()
            time.sleep(0.05)
        return "it does not listen"

    def stop(self) -> None:
        self._server.terminate()
        self._server.communicate(timeout=10)


def start(folder: Path) -> Device:
    """Start a device, or skip the test where this machine cannot."""
    sshd = find_sshd()
    missing = [name for name in ("ssh", "ssh-keygen") if shutil.which(name) is None]
    if sshd is None or missing:
        pytest.skip("OpenSSH's sshd is not installed here")
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)  # sshd refuses to start without it
    device = Device(folder, sshd)
    reason = device.wait_until_up()
    if reason is not None:
        device.stop()
        pytest.skip(f"sshd does not start here: {reason}")
    return device


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Device]:
    device = start(tmp_path_factory.mktemp("device"))
    yield device
    device.stop()


@pytest.fixture
def device(running: Device, monkeypatch: pytest.MonkeyPatch) -> Device:
    """A device in good order, known to the client."""
    running.trust("host")
    running.use_key("user")
    running.be()
    monkeypatch.setenv("PATH", str(running.client), prepend=os.pathsep)
    return running


@pytest.fixture
def target(device: Device) -> devices.Target:
    assert device.leftovers() == []
    return devices.resolve_target("ssh:device")


@pytest.fixture
def fake(device: Device, tmp_path: Path) -> Callable[[str], Path]:
    """Return a function that writes a model file which makes a fake runtime misbehave."""
    site = tmp_path / "site"
    stub_package(site, "ai_edge_litert", "raise ModuleNotFoundError(name=__name__)")
    stub_package(site, "tflite_runtime", "")
    (site / "tflite_runtime" / "interpreter.py").write_text(FAKE_INTERPRETER)
    device.be(f"export PYTHONPATH={shlex.quote(str(site))}")

    def write(order: str) -> Path:
        path = tmp_path / "fake.tflite"
        path.write_text(order)
        return path

    return write


def describe(path: Path) -> DescribeJob:
    return DescribeJob("tflite", str(path), 1)


def ancestor(pid: int, name: str) -> int:
    """Return the nearest process above whose name begins so."""
    while True:
        fields = Path(f"/proc/{pid}/stat").read_text()
        pid = int(fields.rpartition(")")[2].split()[1])
        if Path(f"/proc/{pid}/comm").read_text().startswith(name):
            return pid


def pid_on(device: Device) -> int:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        for file in device.temporary.glob("edgekit.*/*.pid"):
            if file.read_text():
                return int(file.read_text())
        time.sleep(0.02)
    raise AssertionError("the worker never started")
