"""How closely a file must answer: as float32 holds the network."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from edgekit import export
from edgekit.errors import ParityError
from edgekit.export.sources import source
from tests.export.reading.foreign_files import MAP, write


@pytest.mark.parametrize(
    ("spread", "error", "passes"),
    [(0.0, 5e-5, True), (0.0, 5e-4, False), (2e-4, 5e-4, True), (1.0, 0.02, False)],
    ids=["as-others", "float32-holds-more", "float32-holds-less", "never-above-one-percent"],
)
def test_the_tolerance_is_what_float32_holds_of_the_network(
    spread: float, error: float, passes: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path, 18, f"{MAP} {{ y = Relu(x) }}")
    prepared = source.resolve(str(path))
    assert prepared.original is not None
    assert not any(prepared.original.spreads(prepared.feeds, prepared.answers))
    held = [spread] * len(prepared.feeds)
    monkeypatch.setattr(type(prepared.original), "spreads", lambda *_: held)
    moved = tuple(
        {"y": y + error * np.ptp(y)} for answer in prepared.answers for y in [answer["y"]]
    )
    written = dataclasses.replace(prepared, answers=moved)
    if passes:
        export.to_files(written, ["onnx"], tmp_path / "out")
        return
    with pytest.raises(ParityError):
        export.to_files(written, ["onnx"], tmp_path / "out")
