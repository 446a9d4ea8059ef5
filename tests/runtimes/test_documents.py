"""What travels between parent and worker: arrays, documents, and bytes read with distrust."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgekit.files import documents
from edgekit.runtimes import arrays
from edgekit.runtimes.base import ModelInfo
from edgekit.runtimes.ort import onnx_protobuf


@given(st.binary(max_size=200))
def test_counting_operators_survives_any_bytes(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "any.onnx")
        for data in (content, content[:4] + b"ORTM" + content[4:]):
            path.write_bytes(data)
            try:
                counts = onnx_protobuf.operator_counts(path)
            except ValueError:
                continue
            assert all(count > 0 for count in counts.values())


def test_arrays_travel_unchanged(tmp_path: Path) -> None:
    sets = [
        {"serving/x:0": np.arange(6, dtype=np.int8).reshape(2, 3), "file": np.float32(1)},
        {},
        {"": np.zeros((0, 4), np.float16)},
    ]
    arrays.write_sets(tmp_path / "sets", sets)
    for sent, got in zip(sets, arrays.read_sets(tmp_path / "sets"), strict=True):
        assert list(sent) == list(got)
        for name, array in sent.items():
            assert got[name].dtype == array.dtype
            np.testing.assert_array_equal(got[name], array)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"extra": 1}, r"unknown keys \['extra'\]"),
        ({"name": 5}, "ModelInfo.inputs.0.*expected str, got int"),
        ({"shape": 5}, "expected list"),
        ({"scale": True}, "expected float, got bool"),
    ],
)
def test_decoding_is_strict(change: dict[str, Any], message: str) -> None:
    tensor = {"name": "x", "shape": [1], "dtype": "int8", "scale": 0.5, "zero_point": 0}
    document = {
        "runtime": "tflite",
        "runtime_version": "1",
        "inputs": [{**tensor, **change}],
        "outputs": [],
        "operators": {"ABS": 1},
        "partitions": None,
        "delegate": None,
        "operators_outside": [],
    }
    with pytest.raises(ValueError, match=message):
        documents.decode(ModelInfo, document)
