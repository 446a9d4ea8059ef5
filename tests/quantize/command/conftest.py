"""The small network as a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.quantize.command.made import save


@pytest.fixture
def net(tmp_path: Path) -> Path:
    return save(tmp_path / "net.onnx")
