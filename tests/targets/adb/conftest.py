"""A phone in good order, and a file to measure on it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.specimens.files import OPS, tiny_tflite
from tests.specimens.machines.phones import Phone
from tests.targets.adb.asked import GOLDEN, LAST


@pytest.fixture
def phone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Phone:
    """A phone in good order, with benchmark_model where TFLite's instructions put it."""
    made = Phone(tmp_path / "phone")
    monkeypatch.setenv("PATH", str(made.client), prepend=os.pathsep)
    made.benchmark_model(f"cat {GOLDEN / LAST}.txt")
    return made


@pytest.fixture
def net(tmp_path: Path) -> Path:
    return tiny_tflite(tmp_path / "net.tflite", [OPS.ABS])
