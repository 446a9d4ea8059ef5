"""What programs of edgekit's own do not import."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest


def _said(script: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_rooms_do_without_what_onnx_ir_seldom_needs() -> None:
    said = _said("""
        import sys
        from edgekit.processes import deferred_imports
        deferred_imports.defer()
        import edgekit.quantize, edgekit.export.sources.onnx_file.pipeline
        print("sympy.core" in sys.modules)
    """)
    assert said.strip() == "False"


@pytest.mark.parametrize("first", ["", "import sympy.core.expr", "from sympy import Max"])
def test_what_is_deferred_is_there_when_it_is_asked_for(first: str) -> None:
    said = _said(f"""
        import importlib.util
        from edgekit.processes import deferred_imports
        deferred_imports.defer()
        import onnx_ir as ir
        {first}
        assert importlib.util.find_spec("sympy") is not None
        print(ir.SymbolicDim("N") + 1, ir.SymbolicDim("2*N").evaluate({{"N": 3}}))
    """)
    assert said.split("\n")[0] == "N + 1 6"
