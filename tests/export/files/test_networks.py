"""Every network is exported to both formats and answers alike."""

from __future__ import annotations

from pathlib import Path

import onnx
import pytest

from edgekit import export, models
from edgekit.export.graph import macs
from edgekit.export.sources import source
from tests.export.files.made import BOTH
from tests.specimens.networks import each_kind, quickly_initialized


@pytest.mark.no_cover  # tracing doubles the time that torch's exporter takes
@pytest.mark.parametrize("name", each_kind())
def test_network_exports_to_both_formats(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edgekit.models.weights.initialize", quickly_initialized)
    prepared = source.resolve(name)
    spec = models.get(name)
    # The canonical graph is a third, independent count: convolutions and Gemms of the file.
    assert macs.macs(prepared.graph) == spec.macs
    onnx_file, tflite_file = export.to_files(prepared, BOTH, tmp_path)
    for entry in (onnx_file, tflite_file):
        assert entry.parity is not None
        assert entry.parity.max_rel_error <= 1e-4
        assert entry.parity.top1_agreement == entry.parity.inputs >= 4
        assert (entry.params, entry.macs) == (spec.params, spec.macs)
    assert tflite_file.partitions == 1
    assert tflite_file.operators_outside == ()
    assert "GATHER" not in tflite_file.operators
    assert tflite_file.operators.get("TRANSPOSE", 0) <= _most_transposes(spec)
    if spec.family == models.get("mobilenet-v1-1.0-224").family:
        assert not {"PAD", "TRANSPOSE", "RESHAPE"} & set(tflite_file.operators)
    assert {node.domain for node in onnx.load(onnx_file.path).graph.node} == {""}


def _most_transposes(spec: models.ModelSpec) -> int:
    """One a shuffle in ShuffleNet's 16 units; MicroNet shuffles and rolls in every block."""
    if spec.family == models.get("shufflenet-v1-1.0x-g3").family:
        return 16
    return 60 if spec.family == models.get("micronet-m0").family else 0


def test_real_weights_export_and_classify(data_dir: Path, tmp_path: Path) -> None:
    checkpoint = data_dir / "weights" / "mobilenet_v1_1.0_224_float.pt"
    prepared = source.resolve("mobilenet-v1-1.0-224", weights=checkpoint)
    for entry in export.to_files(prepared, BOTH, tmp_path):
        assert entry.verified == "passed"
        assert "untrained" not in entry.weights
