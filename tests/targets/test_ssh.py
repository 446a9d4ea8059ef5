"""ssh targets against a real sshd on the loopback: end to end, every fault, and nothing left."""

from __future__ import annotations

import ast
import os
import shlex
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from edgekit import devices
from edgekit.cli import run
from edgekit.devices import MeasureRequest, MeasureSettings, ModelFile, Step
from edgekit.devices.targets import fleet, opened
from edgekit.devices.targets.ssh import connection, device_agent
from edgekit.devices.targets.ssh.failures import explain, lost
from edgekit.emulation import aarch64_root, isa, qemu
from edgekit.errors import (
    EdgekitError,
    EnvironmentMissingError,
    MissingPackageError,
    StorageError,
    UnknownNameError,
    UnreadableModelError,
    UsageError,
    WorkerError,
)
from edgekit.runtimes.jobs import CompareJob, JobFile
from tests.runtimes.test_worker import has_ended, stub_package
from tests.specimens.files import OPS, tiny_onnx, tiny_tflite
from tests.specimens.machines import sshd
from tests.specimens.machines.sshd import Device, describe, pid_on

running, device, target, fake = sshd.running, sshd.device, sshd.target, sshd.fake
BRIEF = MeasureSettings(num_runs=20, min_secs=0.01, max_secs=5, warmup_runs=2, warmup_secs=0.01)


# --- what works --------------------------------------------------------------------------------


def test_files_are_measured_over_ssh_and_nothing_stays(
    device: Device, target: devices.Target, tmp_path: Path
) -> None:
    files = [tiny_tflite(tmp_path / "net.tflite", [OPS.ABS]), tiny_onnx(tmp_path / "net.onnx")]
    with opened(target):
        reports = devices.measure(
            MeasureRequest(tuple(ModelFile(path) for path in files), (BRIEF,), target)
        )
    assert [report.info.runtime for report in reports] == ["tflite", "onnxruntime"]
    for report in reports:
        assert report.target == "ssh:device"
        assert len(report.runs) == 3
    assert device.leftovers() == []


def test_a_device_says_what_it_is(
    target: devices.Target, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["doctor", "--target", target.name]) == 0
    lines = [line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines()]
    shown = {line[0]: line[-1] for line in lines}
    assert shown["architecture"] == os.uname().machine
    assert shown["tflite"].startswith("ai-edge-litert ")


def test_each_content_is_sent_once(
    target: devices.Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = []
    ask = connection.Connection._ask

    def asking(self: object, request: dict[str, object], content: bytes = b"") -> object:
        sent.append(request.get("put"))
        return ask(self, request, content)  # type: ignore[arg-type]

    monkeypatch.setattr(connection.Connection, "_ask", asking)
    path = tiny_tflite(tmp_path / "net.tflite", [OPS.ABS])
    with opened(target):
        for _ in range(2):
            assert target.run(describe(path), 60)["model"]["operators"] == {"ABS": 1}
        tiny_tflite(path, [OPS.NEG])
        assert target.run(describe(path), 60)["model"]["operators"] == {"NEG": 1}
    names = [name for name in sent if name is not None]
    assert len(names) == len(set(names)) == 3
    assert sent.count(None) == 3


def test_what_a_login_prints_does_no_harm(device: Device, target: devices.Target) -> None:
    device.be("echo Welcome; echo '[1, 2]'; echo careful >&2")
    assert target.probe().runtimes["tflite"]
    assert device.leftovers() == []


def test_a_job_on_two_files_finds_both(target: devices.Target, tmp_path: Path) -> None:
    one = tiny_tflite(tmp_path / "a.tflite", [OPS.ABS])
    two = tiny_tflite(tmp_path / "b.tflite", [OPS.NEG])
    job = CompareJob(
        files=tuple(JobFile("tflite", str(path)) for path in (one, two)),
        threads=1, order_seed=0, seed=0, num_runs=2, min_secs=0, max_secs=1, warmup_runs=1,
        warmup_secs=0,
    )  # fmt: skip
    assert [model["operators"] for model in target.run(job, 60)["models"]] == [
        {"ABS": 1},
        {"NEG": 1},
    ]


# --- what goes wrong ---------------------------------------------------------------------------


def _fails(target: devices.Target) -> EdgekitError:
    with pytest.raises(EdgekitError) as caught:
        target.probe()
    assert caught.value.exit_code == 3
    assert str(caught.value).startswith("ssh:device: ")
    return caught.value


def test_a_wrong_key(device: Device, target: devices.Target) -> None:
    device.use_key("other")
    error = _fails(target)
    assert error.reason_code == "ssh-permission"
    assert "`ssh device` must work without" in str(error)


def test_an_unknown_host_key_is_never_accepted(device: Device, target: devices.Target) -> None:
    device.trust(None)
    assert _fails(target).reason_code == "ssh-unknown-host-key"
    assert (device.client / "known_hosts").read_text() == ""


def test_another_host_key(device: Device, target: devices.Target) -> None:
    device.trust("other")
    assert _fails(target).reason_code == "ssh-host-key-changed"


def test_nobody_answers(device: Device, target: devices.Target) -> None:
    device.use_key("user", port=1)
    error = _fails(target)
    assert error.reason_code == "ssh-unreachable"
    assert "Connection refused" in str(error)


def test_no_ssh_here(target: devices.Target, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(EnvironmentMissingError, match="needs the program ssh"):
        target.probe()


def test_no_python_there(device: Device, target: devices.Target) -> None:
    device.be(python="exit 127 #")
    assert _fails(target).reason_code == "device-python"


def test_no_numpy_there(device: Device, target: devices.Target) -> None:
    device.be(python=f"exec {shlex.quote(sys.executable)} -S")
    assert "has no numpy" in str(_fails(target))
    assert device.leftovers() == []


def test_no_runtime_there(
    device: Device, target: devices.Target, tmp_path: Path, fake: Callable[[str], Path]
) -> None:
    for name in ("tflite_runtime", "tensorflow"):
        stub_package(tmp_path / "site", name, "raise ModuleNotFoundError(name=__name__)")
    with pytest.raises(MissingPackageError, match=r"ssh:device: .*not installed there"):
        target.run(describe(fake("ok")), 60)
    assert device.leftovers() == []


def test_a_full_disk(device: Device, target: devices.Target) -> None:
    device.be("ulimit -f 1")  # no file may be longer than a block
    with pytest.raises(StorageError, match=r"cannot write 0\.\d MB to .*edgekit\.\w+ there: File"):
        target.probe()
    assert device.leftovers() == []


def test_no_temporary_folder(device: Device, target: devices.Target) -> None:
    device.be("export TMPDIR=/nowhere")
    with pytest.raises(StorageError, match="no temporary folder can be made there: mktemp"):
        target.probe()


def test_a_killed_worker_and_a_bad_file(
    device: Device, target: devices.Target, fake: Callable[[str], Path], tmp_path: Path
) -> None:
    with opened(target):
        with pytest.raises(WorkerError, match="ssh:device: the worker was killed by SIGKILL"):
            target.run(describe(fake("SIGKILL")), 60)
        with pytest.raises(WorkerError, match="no answer within 1 s"):
            target.run(describe(fake("hang")), 1)
        assert target.run(describe(fake("ok")), 60)["model"]["operators"] == {"COPY": 1}
    device.be()
    bad = tmp_path / "bad.tflite"
    bad.write_bytes(b"no model")
    with pytest.raises(UnreadableModelError):
        target.run(describe(bad), 60)
    assert device.leftovers() == []


@pytest.mark.parametrize(("number", "returncode"), [(signal.SIGINT, 130), (signal.SIGKILL, -9)])
def test_a_command_that_is_stopped_leaves_nothing_on_the_device(
    number: int,
    returncode: int,
    device: Device,
    target: devices.Target,
    fake: Callable[[str], Path],
) -> None:
    assert target.name == "ssh:device"
    code = "import sys; from edgekit.cli import run; sys.exit(run(sys.argv[1:]))"
    argv = ["latency", str(fake("hang")), "--target", "ssh:device"]
    with subprocess.Popen([sys.executable, "-c", code, *argv], stderr=subprocess.PIPE) as command:
        worker = pid_on(device)
        command.send_signal(number)
        command.communicate(timeout=30)
    assert command.returncode == returncode
    assert has_ended(worker)
    assert device.leftovers() == []


def test_two_clients_take_turns(device: Device, target: devices.Target) -> None:
    other, said = devices.resolve_target("ssh:device"), []
    waiting, done = threading.Event(), threading.Event()

    def tell(step: Step) -> None:
        said.append(step.activity)
        waiting.set()

    def second() -> None:
        with opened(other, tell):
            done.set()

    thread = threading.Thread(target=second)
    with opened(target):
        thread.start()
        assert waiting.wait(30)
        assert not done.is_set()
    thread.join(30)
    assert done.is_set()
    (line,) = said
    assert line.startswith("ssh:device is in use by ")
    assert ", since " in line
    assert device.leftovers() == []


def test_who_waits_and_gives_up_leaves_nothing(device: Device, target: devices.Target) -> None:
    class GaveUpError(Exception):
        pass

    def give_up(_: Step) -> None:
        raise GaveUpError

    other = devices.resolve_target("ssh:device")
    with opened(target):
        with pytest.raises(GaveUpError), opened(other, give_up):
            pass
        assert len(list(device.temporary.glob("edgekit.*"))) == 2  # the lock and one folder
    assert device.leftovers() == []


def test_an_emulated_arm_device_end_to_end(
    device: Device, target: devices.Target, tmp_path: Path
) -> None:
    reason = isa.missing("cortex-a76")
    root, emulator = aarch64_root.find(), qemu.find("qemu-aarch64")
    if reason or root is None or emulator is None:
        pytest.skip(reason or "no aarch64 root")
    start = isa.launcher("cortex-a76")
    argv = [*start.prefix, "-E", f"PYTHONPATH={root.packages}", start.interpreter]
    device.be(python=f"exec {shlex.join(argv)}")
    path = tiny_tflite(tmp_path / "net.tflite", [OPS.ABS])
    with opened(target):
        (report,) = devices.measure(MeasureRequest((ModelFile(path),), (BRIEF,), target))
    assert report.machine.architecture == "aarch64"
    assert device.leftovers() == []


def test_the_program_on_the_device_parses_on_old_pythons() -> None:
    text = Path(device_agent.__file__).read_text()
    ast.parse(text, "device_agent.py", feature_version=(3, 9))
    imported = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ImportFrom)]
    assert not any((node.module or "").startswith("edgekit") for node in imported)


# --- addresses, failures, fleets ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "arguments"),
    [
        ("pi@10.0.0.7", ("pi@10.0.0.7",)),
        ("lab", ("lab",)),
        ("pi@lab.example:2222", ("-p", "2222", "pi@lab.example")),
        ("pi@[fe80::1]:22", ("-p", "22", "pi@fe80::1")),
        ("[::1]", ("::1",)),
    ],
)
def test_addresses(address: str, arguments: tuple[str, ...]) -> None:
    target = devices.resolve_target(f"ssh:{address}")
    assert (target.name, target.arguments) == (f"ssh:{address}", arguments)  # type: ignore[attr-defined]


@pytest.mark.parametrize("address", ["", "-oProxyCommand=x", "a b", "h:0", "h:70000", "h:x", "@h"])
def test_no_addresses(address: str) -> None:
    with pytest.raises(UsageError, match=r"takes \[user@\]host\[:port\]"):
        devices.resolve_target(f"ssh:{address}")


FAILURES = [
    (255, "No ED25519 host key is known for [127.0.0.1]:2222 and you have requested strict "
     "checking.\nHost key verification failed.\n", "ssh-unknown-host-key"),
    (255, "@@@@\n@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\n@@@@\n"
     "Host key verification failed.\n", "ssh-host-key-changed"),
    (255, "pi@10.0.0.7: Permission denied (publickey,password).\n", "ssh-permission"),
    (255, "ssh: Could not resolve hostname pi5: Name or service not known\n", "ssh-unreachable"),
    (255, "ssh: connect to host pi port 22: Connection timed out\n", "ssh-unreachable"),
    (255, "ssh: connect to host pi port 22: No route to host\n", "ssh-unreachable"),
    (255, "/h/.ssh/config: line 3: Bad configuration option: hst\n", "ssh-configuration"),
    (255, "kex_exchange_identification: Connection closed by remote host\n", "ssh-failed"),
    (93, "", "device-python"),
    (94, "mktemp: No space left on device\n", "storage"),
    (127, "sh: 1: mktemp: not found\n", "ssh-failed"),
    (255, "", "ssh-failed"),
]  # fmt: skip


@pytest.mark.parametrize(("returncode", "stderr", "reason"), FAILURES)
def test_each_failure_of_ssh_is_one_clear_line(returncode: int, stderr: str, reason: str) -> None:
    error = explain("ssh:pi", "ssh pi", returncode, stderr)
    assert (error.reason_code, error.exit_code) == (reason, 3)
    assert "\n" not in str(error)
    assert str(error).startswith("ssh:pi: ")
    if reason == "ssh-failed" and stderr:
        assert stderr.strip() in str(error)


def test_a_lost_connection_names_what_may_remain() -> None:
    said = str(lost("ssh:pi", "/run/edgekit.abc", "client_loop: send disconnect: Broken pipe\n"))
    assert "Broken pipe" in said
    assert "/run/edgekit.abc" in said


@pytest.fixture
def fleets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder; the user's file is in config/edgekit below it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    (tmp_path / "config" / "edgekit").mkdir(parents=True)
    return tmp_path


def test_a_fleet_file_names_targets(fleets: Path) -> None:
    user, here = fleets / "config" / "edgekit" / fleet.FILE, fleets / fleet.FILE
    user.write_text('[lab-pi5]\ntarget = "ssh:pi@old"\n[a53]\ntarget = "qemu:cortex-a53"\n')
    here.write_text('[lab-pi5]\ntarget = "ssh:pi@new"\npython = "/v/bin/python"\n')
    pi = devices.resolve_target("lab-pi5")
    assert (pi.name, pi.python) == ("ssh:pi@new", "/v/bin/python")  # type: ignore[attr-defined]
    assert devices.resolve_target("a53").name == "qemu:cortex-a53"
    with pytest.raises(UnknownNameError, match="did you mean lab-pi5"):
        devices.resolve_target("lab-pi4")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[pi", "cannot be read"),
        ("[pi]\nhost = 'x'", r"\[pi\] takes texts for target, python"),
        ("[pi]\ntarget = 3", "takes texts"),
        ("pi = 'ssh:x'", "takes texts"),
        ("[pi]\ntarget = 'local'\npython = 'x'", "python goes with an ssh target only"),
        ("[pi]\ntarget = 'telnet:x'", "unknown target 'telnet'"),
    ],
)
def test_damaged_fleet_files(text: str, words: str, fleets: Path) -> None:
    (fleets / fleet.FILE).write_text(text)
    with pytest.raises(UsageError, match=words):
        devices.resolve_target("pi")
