"""The rules of the house: sizes, surfaces, imports, languages."""

from __future__ import annotations

import ast
import importlib
import os
import re
import statistics
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from edgekit import errors
from edgekit.errors import EdgekitError, UnknownNameError
from edgekit.processes import worker_archive

ROOMS = (
    "files", "data", "runtimes", "emulation", "processes", "models", "export", "modelfile",
    "evaluate", "lint", "quantize", "devices", "bundle", "study",
)  # fmt: skip
SURFACES = (
    "models", "data", "runtimes", "export", "evaluate", "lint", "quantize", "devices",
    "bundle", "study",
)  # fmt: skip
HEAVY = ("torch", "onnx", "onnxruntime", "ai_edge_litert", "numpy", "rich", "onnxsim", "scipy")


def _sources(repository: Path) -> list[Path]:
    return sorted((repository / "edgekit").rglob("*.py"))


def test_files_stay_small(repository: Path) -> None:
    lines = {path: len(path.read_text().splitlines()) for path in _sources(repository)}
    assert {path.name: n for path, n in lines.items() if n > 400} == {}
    assert statistics.median(lines.values()) < 150


def test_folders_stay_small(repository: Path) -> None:
    files = Counter(path.parent for path in _sources(repository))
    crowded = {str(folder.relative_to(repository)) for folder, n in files.items() if n > 12}
    assert crowded <= {
        # One kind of thing each: rewrite rules, emitters, key maps, the commands.
        "edgekit/export/lowering", "edgekit/export/tflite/emit", "edgekit/models/keymaps",
        "edgekit/cli", "edgekit/lint/rules", "edgekit/study/claims/papers",
    }  # fmt: skip


def test_names_do_not_stutter(repository: Path) -> None:
    paths = [path.relative_to(repository) for path in _sources(repository)]
    assert [str(path) for path in paths if path.stem == path.parent.name] == []


def test_every_public_function_and_class_has_a_docstring(repository: Path) -> None:
    bare = [
        f"{path.name}:{node.name}"
        for path in _sources(repository)
        for node in ast.parse(path.read_text()).body
        if isinstance(node, (ast.FunctionDef, ast.ClassDef))
        if not node.name.startswith("_") and not ast.get_docstring(node)
    ]
    assert bare == []


def test_rooms_never_print_or_exit(repository: Path) -> None:
    offenders = [
        f"{path.name}:{node.lineno}"
        for room in ROOMS
        for path in (repository / "edgekit" / room).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("print", "sys.exit", "exit")
    ]
    assert offenders == []


@pytest.mark.parametrize("room", SURFACES)
def test_surface_is_what_all_says(room: str) -> None:
    module = importlib.import_module(f"edgekit.{room}")
    for name in module.__all__:
        assert getattr(module, name) is not None
    assert sorted(module.__all__, key=lambda n: (not n.isupper(), n.islower(), n)) == list(
        module.__all__
    )


@pytest.mark.parametrize(
    ("code", "forbidden"),
    [
        ("import edgekit.cli; edgekit.cli.run(['--help'])", HEAVY),
        ("import edgekit.cli; edgekit.cli.run(['--version'])", HEAVY),
        ("import edgekit.cli; edgekit.cli.run(['list'])", ("torch", "onnx", *HEAVY[2:4])),
        ("import edgekit.devices, edgekit.cli.latency.command", ("torch", "onnxruntime", HEAVY[3])),
    ],
)
def test_light_commands_import_nothing_heavy(code: str, forbidden: tuple[str, ...]) -> None:
    script = f"import sys; {code}; sys.stderr.write(' '.join(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert set(forbidden) & set(done.stderr.split()) == set()


def test_onnx_runtime_sends_no_reports(tmp_path: Path) -> None:
    home = {**os.environ, "HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    home.pop("ORT_DISABLE_TELEMETRY", None)
    code = "import edgekit, onnxsim, onnxruntime, time; time.sleep(1)"
    subprocess.run([sys.executable, "-c", code], env=home, check=True)
    job = b'{"task": "describe", "runtime": "onnxruntime", "path": "none.onnx", "threads": 1}\n'
    (tmp_path / "worker.pyz").write_bytes(worker_archive.build())
    command = [sys.executable, "-P", str(tmp_path / "worker.pyz")]
    with subprocess.Popen(
        command, env=home, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as worker:
        assert worker.stdin is not None
        assert worker.stdout is not None
        worker.stdin.write(job)
        worker.stdin.flush()
        assert b"no such file" in worker.stdout.readline()
    assert [path.name for path in tmp_path.iterdir()] == ["worker.pyz"]


def _all_errors() -> list[type[EdgekitError]]:
    return [c for c in vars(errors).values() if isinstance(c, type) and issubclass(c, EdgekitError)]


def test_error_tree_is_drawn_as_it_is() -> None:
    drawing = errors.__doc__ or ""
    for kind in _all_errors():
        line = next(line for line in drawing.splitlines() if f" {kind.__name__} " in f"{line} ")
        parent_code = {c.exit_code for c in kind.__mro__ if c in _all_errors()}
        assert f"exit {kind.exit_code}" in line or len(parent_code) >= 1
        assert kind.exit_code in (1, 2, 3, 4)
    reasons = [kind.reason_code for kind in _all_errors()]
    assert len(set(reasons)) == len(reasons)


def test_unknown_names_get_help() -> None:
    known = ["micronet-m0", "micronet-m1", "shiftnet-a"]
    assert "did you mean micronet-m0" in str(UnknownNameError("model", "MicroNet-m0s", known))
    assert "known: micronet-m0, micronet-m1" in str(UnknownNameError("model", "zzz", known))
    many = [f"net{i}" for i in range(40)]
    assert "net10, net11 and 28 more" in str(UnknownNameError("model", "zzz", many))
    listing = "`edgekit list` shows all there are"
    assert listing in str(UnknownNameError("model", "zzz", many, listing=listing))


def test_messages_are_one_line() -> None:
    assert str(EdgekitError("two\n   lines\n")) == "two lines"


def test_nothing_names_a_place_it_was_made_in(repository: Path) -> None:
    listed = subprocess.run(
        ["git", "ls-files"], cwd=repository, capture_output=True, text=True, check=True
    )
    parent = rf"(?<!\w){re.escape(str(repository.parent))}/"  # not the end of another path
    suspicious = (parent, "index" + "-url", "find" + "-links")
    offenders = [
        (name, word)
        for name in listed.stdout.split()
        for word in suspicious
        if (repository / name).suffix in (".py", ".md", ".toml", ".txt", ".yml", ".json", "")
        and re.search(word, (repository / name).read_text(encoding="utf-8", errors="ignore"))
    ]
    assert offenders == []
