"""Weights beside the model: read from its folder, and from nowhere else."""

from __future__ import annotations

from pathlib import Path

import onnx
import onnx.parser
import pytest

from edgekit.errors import EdgekitError, RefusedError
from edgekit.export.sources import source
from tests.export.reading.foreign_files import exported, write
from tests.specimens.graphs import weights


def _beside(folder: Path, location: str) -> Path:
    folder.mkdir(exist_ok=True)
    path = write(
        folder, 18, "g (float[1,3] x) => (float[a,b] y) { y = MatMul(x, w) }", w=weights(3, 4)
    )
    model = onnx.load(path)
    tensor = model.graph.initializer[0]
    data = tensor.raw_data
    onnx.external_data_helper.set_external_data(tensor, location)
    tensor.ClearField("raw_data")
    path.write_bytes(model.SerializeToString())
    (folder / Path(location).name).write_bytes(data)
    return path


def test_weights_beside_the_model(tmp_path: Path) -> None:
    path = _beside(tmp_path / "in", "weights.bin")
    assert exported(path, tmp_path) == ["MatMul"]
    (tmp_path / "in" / "weights.bin").unlink()
    with pytest.raises(EdgekitError, match=r"'w' in weights.bin, which is not beside it"):
        source.resolve(str(path))


@pytest.mark.parametrize("location", ["../outside.bin", "/etc/hostname"])
def test_weights_elsewhere_are_not_read(location: str, tmp_path: Path) -> None:
    (tmp_path / "outside.bin").write_bytes(weights(3, 4).tobytes())
    path = _beside(tmp_path / "in", location)
    with pytest.raises(RefusedError, match="outside of its folder") as caught:
        source.resolve(str(path))
    assert caught.value.reason_code == "external-data"


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "outside.bin").write_bytes(weights(3, 4).tobytes())
    path = _beside(tmp_path / "in", "weights.bin")
    (tmp_path / "in" / "weights.bin").unlink()
    (tmp_path / "in" / "weights.bin").symlink_to(tmp_path / "outside.bin")
    with pytest.raises(RefusedError, match="outside of its folder"):
        source.resolve(str(path))
