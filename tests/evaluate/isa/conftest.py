"""An instruction set that does not saturate, and a machine without emulators."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgekit.emulation import isa
from tests.evaluate.isa.made import require


@pytest.fixture
def sound() -> str:
    """An instruction set that does not saturate: this processor's own, or an emulated one."""
    if not isa.pairs_saturate(isa.NATIVE):
        return isa.NATIVE
    require("cortex-a76")
    return "cortex-a76"


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with nothing set up; returns the folder that is its PATH."""
    monkeypatch.setenv("EDGEKIT_CACHE", str(tmp_path / "cache"))
    programs = tmp_path / "programs"
    programs.mkdir()
    monkeypatch.setenv("PATH", str(programs))
    return programs
