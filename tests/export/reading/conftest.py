"""Most files are read in this process, where coverage sees it, and as fast as that is."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import pytest

from edgekit.export.sources.onnx_file import isolated, worker

IN_CHILDREN = ("test_external_weights", "test_inputs", "test_refused", "test_tolerance")
"""The files of tests that read as users do, in a child with limits."""


@pytest.fixture(autouse=True)
def read_here(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.path.stem in IN_CHILDREN:
        return

    def called(module: str, job: Mapping[str, Any], limits: object) -> dict[str, Any]:
        assert (module, limits is None) == (worker.__name__, False)
        torch = {name: sys.modules[name] for name in ("torch",) if name in sys.modules}
        try:
            return worker.read(job)
        finally:
            del sys.modules["torch"]  # which the child does without
            sys.modules.update(torch)

    monkeypatch.setattr(isolated.limited, "call", called)
