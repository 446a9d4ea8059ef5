"""Networks by name: PyTorch and both files answer alike, with seeded and with real weights."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from edgekit import evaluate, models
from edgekit.evaluate import EvaluateRequest
from edgekit.export import cache as export_cache
from edgekit.export import to_files
from edgekit.export.sources import source
from tests.specimens.networks import SMALL, one_thread

__all__ = ["one_thread"]  # torch computes the reference on one thread


def test_torch_onnx_and_tflite_answer_alike(photographs: Path, cache: Path) -> None:
    for entry in export_cache.exported(SMALL, ["onnx", "tflite"]):
        result = evaluate.run(EvaluateRequest(str(entry.path), photographs, against=SMALL))
        assert result.against is not None
        assert result.distance is not None
        assert result.answers.top1 == result.against.top1
        assert result.answers.ranks == result.against.ranks
        assert result.distance.max_rel_error < 1e-4
        assert (result.distance.sqnr_db or 999) > 80
        subject = result.answers.subject
        assert (subject.model, subject.sha256) == (SMALL, entry.sha256)
        assert subject.preprocessing_from == "sidecar"
        assert subject.preprocessing == result.against.subject.preprocessing
    assert cache.is_dir()


def test_weights_of_a_network(tmp_path: Path, photographs: Path) -> None:
    module = models.initialize(models.get(SMALL), 7)
    torch.save(module.state_dict(), tmp_path / "seven.pt")
    result = evaluate.run(EvaluateRequest(SMALL, photographs, weights=tmp_path / "seven.pt"))
    subject = result.answers.subject
    assert subject.weights == f"seven.pt sha256:{subject.sha256}"
    assert subject.preprocessing_from == "card"
    assert not any("untrained" in note for note in result.notes)
    other = evaluate.run(EvaluateRequest(SMALL, photographs))
    assert other.answers.top1 != result.answers.top1


def test_real_weights_and_photographs(data_dir: Path, tmp_path: Path) -> None:
    name = "mobilenet-v1-1.0-224"
    weights = data_dir / "weights" / "mobilenet_v1_1.0_224_float.pt"
    images = data_dir / "demo_ccby_100"
    prepared = source.resolve(name, weights=weights)
    in_onnx, in_tflite = to_files(prepared, ["onnx", "tflite"], tmp_path)
    in_torch = evaluate.run(EvaluateRequest(name, images, weights=weights)).answers
    both = evaluate.run(EvaluateRequest(str(in_onnx.path), images, against=str(in_tflite.path)))
    assert both.against is not None
    assert in_torch.top1 == both.answers.top1 == both.against.top1
    share = in_torch.top(1)
    assert share is not None
    assert share.value == pytest.approx(0.79, abs=0.01)
