"""A device may answer anything: what comes of it is a report or one line."""

from __future__ import annotations

import copy
import dataclasses
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from edgekit import devices
from edgekit.cli.latency import times
from edgekit.devices import MeasureRequest, ModelFile
from edgekit.devices.targets import fleet
from edgekit.errors import EdgekitError, UsageError, WorkerError
from edgekit.processes import answers, spawning
from edgekit.processes.spawning import Limits
from tests.specimens.printed.reports import INFO, MACHINE, quiet

VALUES: list[Any] = [
    None, True, -1, 0, 2**62, 1e308, float("nan"), float("inf"), "", "x\x1b[31m" * 2000, [], {},
    [[]],
]  # fmt: skip


def sound() -> dict[str, Any]:
    parts = {"model": INFO, "machine": MACHINE, "run": quiet()[0]}
    found: dict[str, Any] = json.loads(
        json.dumps({key: dataclasses.asdict(value) for key, value in parts.items()})
    )
    for key in ("wall_ns", "cpu_ns", "involuntary_switches"):
        found["run"]["samples"][key] = found["run"]["samples"][key][:12]
    return found


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of everything in an answer."""
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value[:1] if isinstance(
        value, list) else [])  # fmt: skip
    for key, each in items:
        yield from places(each, (*path, key))


def changed(path: tuple[Any, ...], value: Any) -> Any:
    answer = copy.deepcopy(sound())
    if not path:
        return value
    place = answer
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return answer


class Device:
    """A target that answers what it is told to."""

    name = "device"

    def __init__(self, answer: Any) -> None:
        self.stdout = json.dumps(answer)

    def run(self, _job: Any, _timeout_s: float) -> dict[str, Any]:
        return answers.read(0, self.stdout, "")


@pytest.mark.parametrize("path", list(places(sound())), ids=str)
def test_measurements(path: tuple[Any, ...], tmp_path: Path, capsys: Any) -> None:
    (tmp_path / "a.tflite").write_text("x")
    for value in VALUES:
        target: Any = Device(changed(path, value))
        try:
            reports = devices.measure(
                MeasureRequest((ModelFile(tmp_path / "a.tflite"),), target=target)
            )
            times.show(reports, as_json=False)
            json.loads(reports[0].to_json())
        except EdgekitError:
            continue
        assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize(
    "stdout",
    [
        "", "\x00", "[" * 100_000, "[]", "7", '"x"', "null", '{"error": 5}', '{"error": {}}',
        '{"error": {"type": "SystemExit", "message": 1, "reason_code": []}}',
        '{"error": {"type": "annotations", "message": null, "reason_code": "a\\u001b"}}',
        '{"error": {"type": "RefusedError", "message": "' + "a" * 100_000 + '", "reason_code": 0}}',
        '{"error": {"type": "UnsupportedOperatorError", "message": "x", "reason_code": ""}}',
        '{"a": ' + "9" * 5000 + "}",
    ],
)  # fmt: skip
def test_lines(stdout: str) -> None:
    with pytest.raises(EdgekitError) as error:
        answers.decoded(devices.Probe, answers.read(0, stdout, ""))
    assert len(json.dumps(str(error.value))) < 4096
    json.dumps(error.value.reason_code)


def test_a_long_last_word_is_cut() -> None:
    with pytest.raises(WorkerError) as error:
        answers.read(1, "", "x" * 3_000_000)
    assert len(str(error.value)) < 4096


def _spawn(code: str, limits: Limits) -> tuple[int, str, str]:
    """Run a program that begins its work, as a worker does, when it has its job and its limits."""
    begun = f"input()\n{code}"
    return spawning.run([sys.executable, "-c", begun], None, "", limits)


def test_a_flood_is_stopped() -> None:
    for stream in ("stderr", "stdout"):
        with pytest.raises(WorkerError, match="more than it may"):
            _spawn(f"import sys\nwhile True: sys.{stream}.write('x' * 10_000_000)", Limits(300))


def test_only_the_end_of_stderr_is_kept() -> None:
    code = "import sys; sys.stderr.write('x' * 1_000_000 + 'end'); print('{}')"
    _, stdout, stderr = _spawn(code, Limits(60))
    assert stdout == "{}\n"
    assert stderr.endswith("xend")
    assert len(stderr) <= 1 << 16


@pytest.mark.skipif(sys.platform != "linux", reason="limits are set from outside on Linux alone")
def test_limits_of_memory_time_and_files(tmp_path: Path) -> None:
    status, _, said = _spawn("bytearray(4 << 30)", Limits(60, memory_bytes=1 << 30))
    assert (status, "MemoryError" in said) == (1, True)
    status, _, _ = _spawn("while True: pass", Limits(300, cpu_s=1))
    assert answers._signal_words(-status)[1] == "it computed longer than it may"
    code = f"open({str(tmp_path / 'x')!r}, 'wb').write(bytes(9 << 20))"
    status, _, said = _spawn(code, Limits(60, file_bytes=1 << 20))
    assert (status, "File too large" in said) == (1, True)


def test_a_worker_without_an_end_is_killed() -> None:
    with pytest.raises(WorkerError, match=r"within 0\.5 s"):
        _spawn("import time; time.sleep(100)", Limits(0.5))


# --- what a target's name may be ---------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "ssh:[-oProxyCommand=touch x]", "ssh:[-oProxyCommand=x]", "ssh:-oProxyCommand=x",
        "ssh:u@-oProxyCommand=x", "ssh:-l@h", "ssh:u@[-oX]", "ssh:h;touch x", "ssh:$(id)",
        "ssh:h\x00", "ssh:h\n", "ssh:h|x", "ssh:u'@h", "ssh:h:22222222", "ssh:h:\u0661\u0662",
        "ssh:`id`",
        "adb:-s", "adb:--help", "adb:a b", "adb:a;b", "adb:\x00",
    ],
)  # fmt: skip
def test_no_option_and_no_command_in_a_target(text: str) -> None:
    with pytest.raises(UsageError):
        devices.resolve_target(text)


@pytest.mark.parametrize(
    "entry",
    [
        'target = "ssh:[-oProxyCommand=x]"',
        'target = "ssh:h"\npython = "a\\u0000b"',
        'target = "ssh:h"\npython = "a\\nb"',
        'target = "adb:-x"',
        'target = "ssh:h"\noptions = "-oProxyCommand=x"',
        'target = "local"\nbenchmark_model = "x"',
    ],
)
def test_no_option_in_a_fleet_file(
    entry: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / fleet.FILE).write_text(f"[a]\n{entry}\n")
    with pytest.raises(UsageError):
        devices.resolve_target("a")


def test_the_destination_stands_behind_all_options(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "log"
    (tmp_path / "ssh").write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {log}\nexit 255\n')
    (tmp_path / "ssh").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    with pytest.raises(EdgekitError):
        devices.resolve_target("ssh:pi@lab:2222").probe()
    given = log.read_text().split("\n")
    assert given[given.index("--") + 1] == "pi@lab"
    assert given.index("-p") < given.index("--")
