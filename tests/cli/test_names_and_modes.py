"""Patterns wherever a network's name goes, options that belong to a mode, completion, the cache."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.shell_completion import ShellComplete

from edgekit import models
from edgekit.cli import COMMANDS, cli, run
from edgekit.cli.latency import modes
from edgekit.cli.latency.command import command as latency
from edgekit.cli.shared.names import expanded, only
from edgekit.errors import UnknownNameError, UsageError
from tests.specimens.files import OPS, tiny_tflite
from tests.specimens.networks import SMALL


def test_patterns_become_names_and_nothing_else_does() -> None:
    assert expanded(["micronet-m?", "a*.onnx", "timm:res*", "plain"]) == [
        *models.names("micronet-m?"), "a*.onnx", "timm:res*", "plain",
    ]  # fmt: skip
    assert expanded([SMALL, f"{SMALL}*"]).count(SMALL) == 1
    assert only(f"{SMALL[:-1]}[1]") == SMALL
    with pytest.raises(UnknownNameError, match="unknown model 'nothing"):
        expanded(["nothing*"])
    with pytest.raises(UsageError, match="matches 4 networks, micronet-m0, micronet-m1"):
        only("micronet-m?")


def test_info_of_a_pattern(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["info", "micronet-m?"]) == 0
    out = capsys.readouterr().out
    assert all(f"{models.get(name).params:,}" in out for name in models.names("micronet-m?"))
    assert run(["info", "micronet-m?", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert [each["name"] for each in document["models"]] == models.names("micronet-m?")


def test_export_of_a_pattern(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pattern = "shiftresnet20-e[13]"
    names = models.names(pattern)
    assert len(names) == 2
    assert run(["export", pattern, "--format", "onnx", "-o", str(tmp_path), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["schema"] == "edgekit.exports"
    assert [each["artifacts"][0]["model"] for each in document["exports"]] == names
    assert {path.stem for path in tmp_path.glob("*.onnx")} == {f"{name}_float32" for name in names}


def test_predict_takes_a_name(
    cache: Path,  # noqa: ARG001
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["predict", SMALL, "--device", "pi4", "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)["predictions"]
    assert Path(found["file"]).name == f"{SMALL}_float32.tflite"
    assert run(["predict", SMALL]) == 2
    assert "no --device is given: " in capsys.readouterr().err
    assert run(["predict", SMALL, "--device", "pie4"]) == 2


MODES = {
    "plain": ([], modes.TIMES),
    "profile": (["--profile"], modes.PROFILE),
    "sustained": (["--sustained", "2s"], modes.SUSTAINED),
    "counts": (["--target", "qemu:cortex-a76"], modes.COUNTS),
}
VALUES = {
    "--threads": "1", "--num-runs": "30", "--warmup-runs": "1", "--min-secs": "0", "--cpus": "0",
    "--max-secs": "1", "--children": "3", "--cool-down": "1s", "--sustained": "2s",
    "--profile": None, "--plots": "plots",
}  # fmt: skip


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("option", VALUES)
def test_a_mode_refuses_the_options_of_others(
    mode: str, option: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked, kind = MODES[mode]
    taken = {each.opts[0] for each in latency.params if each.name in kind.takes}
    if option in taken or (
        option in ("--sustained", "--profile") and mode in ("plain", "sustained")
    ):
        return  # asks for another mode, which then refuses this one
    value = VALUES[option]
    given = [option] if value is None else [option, value]
    assert run(["latency", str(tmp_path / "absent.tflite"), *asked, *given]) == 2
    err = capsys.readouterr().err
    assert f"{option} does not go with {kind.asked}" in err or "--plots goes with --profile" in err


@pytest.mark.parametrize("command", ["export", "quantize"])
def test_a_way_to_print_is_no_format_of_files(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for form in ("json", "csv", "markdown"):
        assert run([command, SMALL, "--format", form]) == 2
        assert f"how to print is --table-format {form}" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["info", "export", "quantize", "latency", "compare"])
def test_what_is_there_and_no_model_is_called_so(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    picture = tmp_path / "cat.png"
    picture.touch()
    for subject, words in ((tmp_path, "is a folder"), (picture, "is no model file")):
        subjects = [str(subject)] * (2 if command == "compare" else 1)
        assert run([command, *subjects]) == 2
        assert f"{subject} {words}" in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize("command", ["latency", "compare", "bench"])
def test_times_have_intervals_everywhere(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One process gives none, so it is refused, with one reason."""
    net = str(tiny_tflite(tmp_path / "net.tflite", [OPS.ABS]))
    for children in ("1", "2"):
        arguments = [command, *[net] * (2 if command == "compare" else 1), "--children", children]
        assert run(arguments) == 2
        assert "children must be at least 3" in capsys.readouterr().err


def test_the_help_of_latency_says_what_each_mode_takes(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["latency", "--help"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    for kind in (modes.TIMES, modes.PROFILE, modes.SUSTAINED, modes.COUNTS):
        assert all(option in text for option in kind.options(latency))
    assert "--sustained --threads, --cpus qemu: --children" in text
    assert "--device" not in text


def test_every_parameter_of_latency_belongs_to_a_mode_or_to_all() -> None:
    known = modes.TIMES.takes | modes.PROFILE.takes | modes.SUSTAINED.takes | modes.COUNTS.takes
    assert {each.name for each in latency.params} == known | modes.ALWAYS


def _completions(*words: str) -> list[str]:
    found = ShellComplete(cli, {}, "edgekit", "_EDGEKIT_COMPLETE").get_completions(
        list(words[:-1]), words[-1]
    )
    return [each.value for each in found]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("lat",), "latency"),
        (("info", "micronet-m"), "micronet-m0"),
        (("export", "--model", "shiftnet"), "shiftnet-b"),
        (("predict", "--device", "pi"), "pi4"),
        (("latency", "--target", "qemu:"), "qemu:cortex-a76"),
        (("export", "--format", "onnx,tf"), "onnx,tflite"),
        (("quantize", "--recipe", "d"), "default"),
        (("verify", "--isa", "armv8"), "armv8-i8mm"),
        (("latency", "--backend", "onnx"), "onnxruntime"),
        (("list", "--format", "mark"), "markdown"),
    ],
)
def test_completion(words: tuple[str, ...], expected: str) -> None:
    assert expected in _completions(*words)


def test_completion_imports_no_torch() -> None:
    code = (
        "import sys, os; os.environ.update(_EDGEKIT_COMPLETE='bash_complete', "
        "COMP_WORDS='edgekit quantize --recipe d', COMP_CWORD='3')\n"
        "from edgekit.cli import main\n"
        "try: main()\n"
        "finally: sys.stderr.write(' '.join(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "plain,default" in done.stdout
    assert {"torch", "onnxruntime"} & set(done.stderr.split()) == set()


def test_the_script_for_a_shell() -> None:
    code = "from edgekit.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True, text=True, env={"_EDGEKIT_COMPLETE": "zsh_source", "PATH": ""},
    )  # fmt: skip
    assert "#compdef edgekit" in done.stdout


def test_the_cache_is_shown_and_cleared(cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["cache"]) == 0
    assert f"{cache}: 0.0 kB in 0 entries" in capsys.readouterr().out
    (cache / "net").mkdir(parents=True)
    (cache / "net" / "net.onnx").write_bytes(bytes(12_000))
    (cache / "file").write_bytes(bytes(500))
    outside = cache.parent / "outside"
    outside.write_text("stays")
    (cache / "link").symlink_to(outside)
    assert run(["cache", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert {each["name"]: each["size_bytes"] for each in document["entries"]}["net"] == 12_000
    assert not document["cleared"]
    assert run(["cache", "--clear"]) == 0
    assert "deleted 12." in capsys.readouterr().out
    assert list(cache.iterdir()) == []
    assert outside.read_text() == "stays"


def test_every_command_is_a_command() -> None:
    context = click.Context(cli)
    for name in COMMANDS:
        assert cli.get_command(context, name) is not None


@pytest.mark.parametrize(
    "arguments", [["run", SMALL, "cat.png"], ["lint", SMALL], ["verify", SMALL]]
)
def test_commands_of_files_say_so_of_networks(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == 2
    assert f"`edgekit export {SMALL}` writes them" in capsys.readouterr().err


def test_a_bundle_is_of_files_and_is_found_in_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["bundle"]) == 2
    assert "no MODEL or FILE is given" in capsys.readouterr().err
    assert run(["bundle", str(tmp_path)]) == 2
    assert "is a folder" in capsys.readouterr().err
    (tmp_path / "net.edgekit").mkdir()
    (tmp_path / "net.edgekit" / "edgekit.json").touch()
    assert run(["check", str(tmp_path)]) == 2
    assert f"{tmp_path / 'net.edgekit'} is one" in " ".join(capsys.readouterr().err.split())
