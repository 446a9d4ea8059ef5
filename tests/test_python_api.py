"""The Python interface: what `import edgekit` costs, and docs/python.md run as printed."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import edgekit
from edgekit import evaluate, export, quantize
from edgekit.errors import CheckFailedError, EdgekitError

RUNTIMES = ("torch", "onnxruntime", "ai_edge_litert.interpreter")
HEAVY = ("torch", "numpy", "onnx", "onnx_ir", "onnxruntime", "ai_edge_litert", "click", "rich")


def _child(script: str) -> str:
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_importing_edgekit_imports_nothing_else() -> None:
    script = "import sys; before = set(sys.modules); import edgekit; print(*sys.modules)"
    loaded = set(_child(script).split())
    assert loaded.isdisjoint(HEAVY)
    assert {name for name in loaded if name.startswith("edgekit")} == {"edgekit"}


def test_the_rooms_are_there_when_they_are_used_and_bring_no_torch_and_no_runtime() -> None:
    script = textwrap.dedent("""
        import sys, edgekit
        doors = (
            edgekit.export.run, edgekit.quantize.run, edgekit.quantize.sensitivity,
            edgekit.evaluate.run, edgekit.evaluate.verify, edgekit.devices.compare,
        )
        assert all(map(callable, doors))
        print(*sys.modules)
    """)
    assert set(_child(script).split()).isdisjoint(RUNTIMES)
    assert {"export", "quantize", "evaluate", "devices", "models"} <= set(dir(edgekit))
    with pytest.raises(AttributeError, match="nonsense"):
        edgekit.nonsense  # noqa: B018


def test_every_name_of_a_room_is_there() -> None:
    script = textwrap.dedent("""
        import edgekit
        for room in (edgekit.export, edgekit.quantize, edgekit.evaluate, edgekit.devices):
            for name in room.__all__:
                assert getattr(room, name) is not None, name
        import edgekit.export.door
        assert callable(edgekit.export.run)
    """)
    _child(script)


def test_reading_a_file_needs_no_writers() -> None:
    script = "import sys, edgekit.export.sources.onnx_file.pipeline; print(*sys.modules)"
    loaded = set(_child(script).split())
    assert loaded.isdisjoint({"edgekit.export.tflite", "edgekit.export.files", "flatbuffers"})


def test_the_page_runs_as_printed(repository: Path, tmp_path: Path) -> None:
    """Block by block; an expression at the end of one is shown, as a notebook does."""
    page = (repository / "docs" / "python.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```", page, flags=re.M | re.S)
    assert len(blocks) >= 5
    script = textwrap.dedent("""
        import ast, json, sys
        names = {"__name__": "page"}
        for block in json.loads(sys.stdin.read()):
            tree = ast.parse(block)
            last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
            exec(compile(tree, "page", "exec"), names)
            if last is not None:
                print(repr(eval(compile(ast.Expression(last.value), "page", "eval"), names)))
    """)
    done = subprocess.run(
        [sys.executable, "-c", script],
        input=json.dumps(blocks),
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    written = {path.name for path in (tmp_path / "files").iterdir()}
    for name in ("float32.onnx", "float32.tflite", "int8.onnx", "int8.tflite"):
        assert f"micronet-m0-cifar10_{name}" in written
        assert f"files/micronet-m0-cifar10_{name}" in done.stdout, "the tables name the files"
    assert "same top-1" in done.stdout


def test_every_function_of_the_page_is_there(repository: Path) -> None:
    page = (repository / "docs" / "python.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `edgekit\.(\w+)\.(\w+)` \| `(\w+)` \| `(\w+)`", page, flags=re.M)
    assert len(rows) >= 7
    for room, function, request, result in rows:
        module = getattr(edgekit, room)
        for name in (function, request, result):
            assert hasattr(module, name), f"edgekit.{room}.{name}"


def test_a_request_finds_its_slips_before_any_work() -> None:
    for make, says in (
        (lambda: export.ExportRequest("x", formats=("tf",)), "unknown format"),
        (lambda: export.ExportRequest("x", precisions=("int8",)), "edgekit quantize"),
        (lambda: export.ExportRequest("x", lowering=("onnx",)), "--lowering takes"),
        (lambda: export.ExportRequest("x", input_shapes=("a,b",)), "is no input shape"),
        (lambda: quantize.QuantizeRequest("x", recipe="fats"), "did you mean fast"),
        (lambda: quantize.QuantizeRequest("x", precision="int9"), "unknown precision"),
        (lambda: quantize.QuantizeRequest("x", formats=("ort-format",)), "integer files are"),
        (lambda: quantize.SensitivityRequest("x", samples=0), "1 or more"),
        (lambda: evaluate.EvaluateRequest("x", limit=0), "1 image or more"),
        (lambda: evaluate.VerifyRequest(("x.onnx",)), "nothing to be compared with"),
        (lambda: evaluate.VerifyRequest(("x", "y"), isas=("avx9",)), "unknown instruction set"),
    ):
        with pytest.raises(EdgekitError, match=says):
            make()


def test_a_broken_budget_is_a_failed_check_that_has_the_result() -> None:
    step = quantize.TraceStep("start", "minmax", True, 2.5, True, 97.0, 20.0, 100, 1000, {})
    result = quantize.QuantizeResult((), "minmax", "images", (step,), 1.0, False, ())
    with pytest.raises(CheckFailedError, match=r"budget of 1 points is not kept.*2\.5") as caught:
        result.check()
    error = caught.value
    assert (error.exit_code, error.reason_code, error.result) == (1, "budget", result)
