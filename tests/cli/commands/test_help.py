"""Help, version, and commands that there are not."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys

import click
import pytest

from edgekit.cli import COMMANDS
from edgekit.cli import cli as cli_group
from edgekit.cli.shared.command.helping import Command
from tests.cli.commands.made import one_error_line
from tests.specimens.commands import Cli


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
    assert "did you mean export" in one_error_line(err)
    assert "edgekit --help" in one_error_line(cli("frobnicate")[2])


def test_module_can_be_run() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "edgekit", "list", "micronet*"], capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "micronet-m0" in done.stdout
