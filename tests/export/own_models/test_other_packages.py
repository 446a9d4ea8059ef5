"""Networks of libraries, and .onnx files with functions of their own."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import onnx
import pytest

from edgekit import export, models
from edgekit.errors import (
    MissingPackageError,
)
from edgekit.export.sources import shapes, source
from tests.export.own_models.asked import BOTH, SMALL, resolve


def test_local_functions_are_taken_in(tmp_path: Path) -> None:
    text = """<ir_version: 10, opset_import: ["" : 18, "own" : 1]>
        g (float[1,3] x) => (float[1,3] y) { y = own.twice(x) }
        <domain: "own", opset_import: ["" : 18]> twice (a) => (b) { b = Add(a, a) }"""
    onnx.save(onnx.parser.parse_model(text), tmp_path / "net.onnx")
    for entry in export.to_files(resolve("net.onnx"), BOTH, tmp_path / "out"):
        assert entry.verified == "passed"


def test_library_network(tmp_path: Path) -> None:
    pytest.importorskip("pytorchcv")
    what, asked = "pytorchcv:resnet20_cifar10", shapes.parse([], 2)
    prepared = source.resolve(what, asked=asked)
    assert prepared.weights == "untrained (seed 0)"
    assert prepared.preprocessing == models.Preprocessing(**vars(models.get(SMALL).preprocessing))
    again = source.resolve(what, asked=asked)
    assert np.array_equal(prepared.answers[0]["output"], again.answers[0]["output"])
    for entry in export.to_files(prepared, BOTH, tmp_path):
        assert (entry.verified, entry.outputs[0].shape) == ("passed", (2, 10))


def test_absent_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(MissingPackageError, match="pip install timm"):
        source.resolve("timm:resnet18")
