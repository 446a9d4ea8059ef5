"""Metadata in the file: what is written is read, by us and by others, and changes no answer."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from ai_edge_litert import schema_py_generated as schema

from edgekit.bundle import metadata as writing
from edgekit.errors import RefusedError, UnreadableModelError
from edgekit.modelfile import metadata
from edgekit.modelfile.metadata import FileDescription, Normalization, TensorDescription
from edgekit.modelfile.metadata.description import normalization_of
from edgekit.modelfile.metadata.tables import Table
from edgekit.models import preprocessing
from edgekit.processes import child
from tests.specimens import classifiers
from tests.specimens.classifiers import LABELS

WRITERS = {"tflite": writing.to_tflite, "onnx": writing.to_onnx}


def _described(labels: tuple[str, ...] = LABELS) -> FileDescription:
    return FileDescription(
        "brightest", "tells colours", "1", "someone", "Apache-2.0",
        (TensorDescription("image", "pixels", Normalization((127.5,), (64.0,)), "RGB"),),
        (TensorDescription("scores", "", None, "", "labels.txt", 0.25),),
        labels,
    )  # fmt: skip


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return classifiers.brightest(tmp_path_factory.mktemp("plain"), classifiers.PLAIN)


@pytest.mark.parametrize("form", WRITERS)
def test_what_is_written_is_read_and_changes_no_answer(
    form: str, files: dict[str, Path], tmp_path: Path
) -> None:
    original = files[form]
    written = tmp_path / f"described.{form}"
    written.write_bytes(WRITERS[form](original.read_bytes(), _described()))
    assert metadata.read(original) is None
    assert metadata.read(written) == _described()
    tensor = child.describe(original).inputs[0]
    feeds = [{tensor.name: np.random.default_rng(0).random(tensor.shape, np.float32)}]
    before, after = (child.run(path, feeds)[1][0] for path in (original, written))
    for name, values in before.items():
        np.testing.assert_array_equal(values, after[name])


@pytest.mark.parametrize("form", WRITERS)
def test_writing_repeats_and_replaces(form: str, files: dict[str, Path], tmp_path: Path) -> None:
    write, content = WRITERS[form], files[form].read_bytes()
    once = write(content, replace(_described(), name="before", labels=("a", "b", "c")))
    assert write(once, _described()) == write(write(content, _described()), _described())
    path = tmp_path / f"twice.{form}"
    path.write_bytes(write(once, _described()))
    assert metadata.read(path) == _described()


def test_metadata_that_another_library_packed(files: dict[str, Path], repository: Path) -> None:
    """The golden buffer is MediaPipe's own schema's; we read it, and write the same in ours."""
    golden = (repository / "tests" / "golden" / "tflite_metadata.bin").read_bytes()
    content = writing.to_tflite(files["tflite"].read_bytes(), _described())
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(content))
    held = model.buffers[model.metadata[0].buffer]
    assert held.data.tobytes()[4:8] == golden[4:8] == b"M001"
    held.data = np.frombuffer(golden, np.uint8)
    import flatbuffers

    builder = flatbuffers.Builder()
    builder.Finish(model.Pack(builder), b"TFL3")
    archive = io.BytesIO(bytes(builder.Output()))
    with zipfile.ZipFile(archive, "a") as labels:
        labels.writestr("labels.txt", "".join(f"{label}\n" for label in LABELS))
    path = files["tflite"].with_name("golden.tflite")
    path.write_bytes(archive.getvalue())
    found = metadata.read(path)
    assert found is not None
    assert (found.name, found.license) == ("specimen", "Apache-2.0")
    assert (found.inputs, found.outputs) == (_described().inputs, _described().outputs)


def test_labels_are_a_zip_at_the_end(files: dict[str, Path]) -> None:
    content = writing.to_tflite(files["tflite"].read_bytes(), _described())
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.read("labels.txt") == b"red\ngreen\nblue\n"
        assert archive.infolist()[0].compress_type == zipfile.ZIP_STORED


def test_the_simplifiers_notes_go_and_others_stay(files: dict[str, Path]) -> None:
    model = onnx.load(files["onnx"])
    model.metadata_props.add(key="onnxsim.changed_nodes", value="x")
    model.metadata_props.add(key="theirs", value="y")
    kept = onnx.load_model_from_string(writing.to_onnx(model.SerializeToString(), _described()))
    keys = {entry.key for entry in kept.metadata_props}
    assert keys == {"theirs", "edgekit.description"}


@pytest.mark.parametrize("position", range(0, 400, 3))
def test_damaged_metadata_are_refused_or_read(position: int, repository: Path) -> None:
    """No damage may end in anything but a table or a ValueError."""
    golden = bytearray((repository / "tests" / "golden" / "tflite_metadata.bin").read_bytes())
    golden[position % len(golden)] ^= 0xFF
    try:
        root = Table.root(bytes(golden), b"M001")
        for graph in root.tables(3):
            for tensor in graph.tables(2):
                for unit in tensor.tables(4):
                    assert isinstance(unit.byte(0), int)
                tensor.text(0)
    except ValueError:
        pass


def test_a_cut_archive_is_an_unreadable_file(files: dict[str, Path], tmp_path: Path) -> None:
    content = writing.to_tflite(files["tflite"].read_bytes(), _described())
    path = tmp_path / "cut.tflite"
    path.write_bytes(content[:-30])
    with pytest.raises(UnreadableModelError, match=r"cut\.tflite: its metadata are damaged"):
        metadata.read(path)


@pytest.mark.parametrize("wanted", [classifiers.PER_CHANNEL, classifiers.BGR])
def test_folding_keeps_the_answers(wanted: preprocessing.Preprocessing, tmp_path: Path) -> None:
    original = classifiers.brightest(tmp_path, wanted)["tflite"]
    content, plain = writing.fold(original.read_bytes(), wanted, "x")
    folded = tmp_path / "folded.tflite"
    folded.write_bytes(content)
    assert (content, plain) == writing.fold(original.read_bytes(), wanted, "x")
    assert not normalization_of(plain).per_channel
    pixels = np.random.default_rng(0).integers(0, 256, (1, 8, 8, 3), np.uint8)
    outputs = []
    for path, each in ((original, wanted), (folded, plain)):
        (tensor,) = child.describe(path).inputs
        feed = {tensor.name: np.ascontiguousarray(each.apply(pixels).transpose(0, 2, 3, 1))}
        (answer,) = child.run(path, [feed])[1][0].values()
        outputs.append(answer)
    np.testing.assert_allclose(outputs[0], outputs[1], rtol=0, atol=2e-6)
    assert child.describe(folded).partitions == 1


def test_only_a_float_image_can_be_folded(files: dict[str, Path]) -> None:
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(files["tflite"].read_bytes()))
    model.subgraphs[0].tensors[model.subgraphs[0].inputs[0]].type = schema.TensorType.UINT8
    import flatbuffers

    builder = flatbuffers.Builder()
    builder.Finish(model.Pack(builder), b"TFL3")
    with pytest.raises(RefusedError, match="--fold-preprocessing"):
        writing.fold(bytes(builder.Output()), classifiers.PER_CHANNEL, "x")


def test_normalization_in_pixels() -> None:
    assert normalization_of(preprocessing.minus_one_to_one(8, 8)) == Normalization(
        (127.5,), (127.5,)
    )
    found = normalization_of(preprocessing.imagenet())
    assert found.per_channel
    assert found.mean == pytest.approx((123.675, 116.28, 103.53))
    assert found.std == pytest.approx((58.395, 57.12, 57.375))
