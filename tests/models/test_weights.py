"""Weights load safely: all of them or none, and no code from the file."""

from __future__ import annotations

import csv
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch
from PIL import Image
from torch import Tensor

from edgekit import models
from edgekit.errors import InvalidPathError, RefusedError
from tests.specimens.networks import SMALL, one_thread  # noqa: F401 (an autouse fixture)


@pytest.fixture
def state() -> dict[str, Tensor]:
    return models.initialize(models.get(SMALL), seed=3).state_dict()


@pytest.mark.parametrize(
    ("file", "save"),
    [
        ("w.safetensors", lambda state, path: safetensors.torch.save_file(state, path)),
        ("w.pt", torch.save),
        ("w.pth", lambda state, path: torch.save({"epoch": 3, "state_dict": state}, path)),
        ("w.pt", lambda s, path: torch.save({f"module.{k}": v for k, v in s.items()}, path)),
        (
            "w.safetensors",
            lambda state, path: safetensors.torch.save_file(
                {k: v for k, v in state.items() if "num_batches" not in k}, path
            ),
        ),
    ],
    ids=["safetensors", "torch", "wrapped", "prefixed", "without-counters"],
)
def test_weights_make_the_round_trip(
    tmp_path: Path,
    state: dict[str, Tensor],
    file: str,
    save: Callable[[dict[str, Tensor], Path], None],
) -> None:
    save(state, tmp_path / file)
    before = torch.get_rng_state()
    module = models.load(models.get(SMALL), tmp_path / file).module
    assert torch.equal(torch.get_rng_state(), before)
    assert all(torch.equal(value, state[key]) for key, value in module.state_dict().items())
    assert not module.training
    assert not any(parameter.requires_grad for parameter in module.parameters())


def test_load_names_what_does_not_fit(tmp_path: Path, state: dict[str, Tensor]) -> None:
    del state["fc.bias"]
    state["fc.weight"] = torch.zeros(11, 64)
    state.update({f"extra.{i}": torch.zeros(1) for i in range(5)})
    torch.save(state, tmp_path / "w.pt")
    with pytest.raises(RefusedError) as caught:
        models.load(models.get(SMALL), tmp_path / "w.pt")
    assert caught.value.reason_code == "weights-mismatch"
    message = str(caught.value)
    assert "1 missing (fc.bias)" in message
    assert "5 unexpected (extra.0, extra.1, extra.2, ...)" in message
    assert "1 misshapen (fc.weight (11, 64) for (10, 64))" in message
    assert "\n" not in message


class _Bomb:
    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.marker,)


@pytest.mark.parametrize("how", ["torch", "pickle", "inside"])
def test_load_runs_no_code_from_the_file(tmp_path: Path, how: str) -> None:
    marker, path = tmp_path / "marker", tmp_path / "w.pt"
    if how == "pickle":
        path.write_bytes(pickle.dumps(_Bomb(marker)))
    else:
        torch.save(_Bomb(marker) if how == "torch" else {"fc.bias": _Bomb(marker)}, path)
    with pytest.raises(RefusedError) as caught:
        models.load(models.get(SMALL), path)
    assert caught.value.reason_code == "unsafe-or-unreadable-weights"
    assert "holds more than tensors" in str(caught.value)
    assert "weights_only" not in str(caught.value)
    assert not marker.exists()


@pytest.mark.parametrize("file", ["w.safetensors", "w.pt"])
@pytest.mark.parametrize("content", [b"", b"not weights at all", b"PK\x03\x04 cut off"])
def test_load_refuses_damaged_files(tmp_path: Path, file: str, content: bytes) -> None:
    (tmp_path / file).write_bytes(content)
    with pytest.raises(RefusedError) as caught:
        models.load(models.get(SMALL), tmp_path / file)
    assert caught.value.reason_code == "unsafe-or-unreadable-weights"


@pytest.mark.parametrize("content", [[1, 2], {}, {"fc.bias": 3}, {1: torch.zeros(1)}])
def test_load_refuses_what_is_no_state_dict(tmp_path: Path, content: object) -> None:
    torch.save(content, tmp_path / "w.pt")
    with pytest.raises(RefusedError, match="state dict") as caught:
        models.load(models.get(SMALL), tmp_path / "w.pt")
    assert caught.value.reason_code == "unsafe-or-unreadable-weights"


def test_load_wants_a_file(tmp_path: Path) -> None:
    for path in (tmp_path / "missing.pt", tmp_path):
        with pytest.raises(InvalidPathError, match="no weights file"):
            models.load(models.get(SMALL), path)


def test_a_trained_checkpoint_recognises_photographs(data_dir: Path) -> None:
    weights = data_dir / "weights" / "mobilenet_v1_1.0_224_float.pt"
    photographs = data_dir / "demo_ccby_100"
    if not (weights.is_file() and photographs.is_dir()):
        pytest.skip(f"no MobileNetV1 checkpoint and photographs under {data_dir}")
    spec = models.get("mobilenet-v1-1.0-224")
    module = models.load(spec, weights).module
    with (photographs / "labels.csv").open() as file:
        rows = list(csv.DictReader(file))
    correct = 0
    for start in range(0, len(rows), 10):
        batch = rows[start : start + 10]
        pixels = np.stack(
            [np.asarray(Image.open(photographs / row["file"]).convert("RGB")) for row in batch]
        )
        top = module(torch.from_numpy(spec.preprocessing.apply(pixels))).argmax(dim=1)
        correct += sum(int(row["label"]) == int(t) for row, t in zip(batch, top, strict=True))
    assert correct / len(rows) == pytest.approx(0.79, abs=0.011)
