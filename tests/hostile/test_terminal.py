"""Nothing commands the user's terminal, and whoever reads the output may leave."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from edgekit import cli
from edgekit.cli.shared import output, terminal
from edgekit.errors import RefusedError, StorageError, shortened

COMMANDS = ["\x1b[31m", "\x9b31m", "\x1b]0;title\x07", "a\rb", "\x00", "\u202egnp.exe", "\ud800"]


@pytest.mark.parametrize("text", COMMANDS)
def test_commands_are_spelled_out(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with terminal.plain():
        print(text)  # noqa: T201
        output.print_table(["name"], [[text]])
        print(text, file=sys.stderr)  # noqa: T201
    printed = "".join(capsys.readouterr())
    assert printed.count("\\u") >= 3
    assert all(each.isprintable() or each == "\n" for each in printed)


def test_a_command_line_with_commands_in_it(capsys: pytest.CaptureFixture[str]) -> None:
    name = "\x1b[2J" * 3000
    assert cli.run(["info", name]) == 2
    assert cli.run(["info", name + ".tflite"]) == 2
    said = capsys.readouterr()
    assert "\x1b" not in said.out + said.err
    assert max(len(line) for line in said.err.splitlines()) <= 4096


def test_documents_stay_documents(capsys: pytest.CaptureFixture[str]) -> None:
    with terminal.plain():
        print(json.dumps({"name": "\x7f\x1b"}))  # noqa: T201
    assert json.loads(capsys.readouterr().out) == {"name": "\x7f\x1b"}


def test_long_messages_lose_their_middle() -> None:
    for text in ("a" * 10_000, "\x00" * 10_000, "\u4e2d" * 10_000, "\ud83d\ude00" * 5000):
        message = str(RefusedError(f"begin {text} end"))
        assert message.startswith("begin")
        assert message.endswith("end")
        assert len(json.dumps(message)) <= 4000
    assert shortened("short") == "short"


class _Full(io.StringIO):
    def write(self, _text: str) -> int:
        raise OSError(28, "No space left on device")


def test_a_full_output_is_an_error_and_a_full_log_is_none() -> None:
    with pytest.raises(StorageError, match="No space left"):
        terminal.PlainStream(_Full()).write("x")
    terminal.PlainStream(_Full(), messages=True).write("x")


def _shell(command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    script = f'edgekit() {{ {sys.executable} -m edgekit "$@"; }}\n{command}'
    root = str(Path(__file__).parents[2])
    given = {**os.environ, "PYTHONPATH": root, **environment}
    given.pop("EDGEKIT_TRACEBACK", None)
    return subprocess.run(
        ["bash", "-c", script], capture_output=True, text=True, timeout=120, env=given
    )


@pytest.mark.parametrize(
    ("command", "status"),
    [
        ("set -o pipefail; edgekit list | head -1 >/dev/null", 0),
        ("edgekit list >/dev/full", 3),
        ("edgekit list >&-", 0),
        ("edgekit info nothing 2>&-", 2),
        ("edgekit info nothing 2>/dev/full", 2),
        ("edgekit list <&- >&- 2>&-", 0),
    ],
)
def test_closed_and_full_streams(command: str, status: int) -> None:
    done = _shell(command)
    assert (done.returncode, "Traceback" in done.stderr, "Exception" in done.stderr) == (
        status, False, False,
    )  # fmt: skip


def test_a_defect_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from edgekit import models

    def broken(_name: str) -> None:
        raise KeyError("x")

    monkeypatch.delenv("EDGEKIT_TRACEBACK")
    monkeypatch.setattr(models, "get", broken)
    assert cli.run(["info", "net"]) == 1
    assert "[internal-error]" in capsys.readouterr().err


def test_no_home_and_no_name() -> None:
    """A container's user whom nobody knows: what needs a home says so, all else works."""
    if os.getuid() != 0 or not Path("/usr/bin/setpriv").exists():
        pytest.skip("only root can be somebody whom nobody knows")
    base = "env -u HOME -u XDG_CACHE_HOME setpriv --reuid 54321 --clear-groups"
    listed = _shell(f"{base} {sys.executable} -m edgekit list")
    assert "Traceback" not in listed.stderr
    code = "from edgekit.files import cache_folder; cache_folder.folder()"
    refused = _shell(f"{base} {sys.executable} -c '{code}'", EDGEKIT_CACHE="")
    assert "set EDGEKIT_CACHE" in refused.stderr or "Permission" in refused.stderr
