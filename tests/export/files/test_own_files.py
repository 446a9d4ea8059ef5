"""A user's own .onnx files: exported, refused, mutated."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgekit import export
from edgekit.errors import (
    EdgekitError,
    InvalidPathError,
    RefusedError,
    UnreadableModelError,
    UnsupportedOperatorError,
    UsageError,
)
from edgekit.export.sources import source
from edgekit.export.sources.onnx_file import parse
from tests.export.files.made import BOTH, tiny
from tests.specimens import graphs


@pytest.mark.parametrize("batch", ["1", "N"])
def test_own_onnx_exports(batch: str, tmp_path: Path) -> None:
    path = tiny(tmp_path, batch=batch)
    prepared = source.resolve(str(path))
    assert (prepared.params, prepared.macs) == (12, 12 * 64)
    for entry in export.to_files(prepared, BOTH, tmp_path / "out"):
        assert entry.verified == "passed"
        assert entry.weights.startswith("tiny.onnx sha256:")


def test_ort_format_stands_beside_the_portable_file(tmp_path: Path) -> None:
    prepared = source.resolve(str(tiny(tmp_path)))
    plain, ort = export.to_files(prepared, ("onnx", "ort-format"), tmp_path / "out")
    assert (plain.path.name, ort.path.name) == ("tiny_float32.onnx", "tiny_float32.ort")
    assert ort.verified == "passed"
    assert ort.path.read_bytes()[4:8] == b"ORTM"
    assert {node.domain for node in onnx.load(plain.path).graph.node} == {""}


def test_older_opset_is_raised(tmp_path: Path) -> None:
    model = onnx.load(tiny(tmp_path))
    model.opset_import[0].version = 13
    onnx.save(model, tmp_path / "old.onnx")
    written = export.to_files(source.resolve(str(tmp_path / "old.onnx")), ["onnx"], tmp_path / "o")
    assert onnx.load(written[0].path).opset_import[0].version == 18


def test_unsupported_operator_names_itself_and_writes_nothing(tmp_path: Path) -> None:
    onnx.save(
        graphs.proto("g (float[1,4,4] x) => (float[1] y) { y = Det(x) }"), tmp_path / "det.onnx"
    )
    prepared = source.resolve(str(tmp_path / "det.onnx"))
    with pytest.raises(UnsupportedOperatorError, match=r"Det \(node .*--format onnx"):
        export.to_files(prepared, BOTH, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert export.to_files(prepared, ["onnx"], tmp_path / "out")


def test_bad_onnx_files_are_refused(tmp_path: Path) -> None:
    good = tiny(tmp_path).read_bytes()
    for name, content in {
        "truncated": good[: len(good) // 2],
        "text": b"this is not a model\n",
        "empty": b"",
        "zeros": bytes(1000),
    }.items():
        path = tmp_path / f"{name}.onnx"
        path.write_bytes(content)
        with pytest.raises(UnreadableModelError, match="not a valid ONNX model"):
            source.from_file(path)
    with pytest.raises(InvalidPathError):
        source.from_file(tmp_path / "absent.onnx")
    with pytest.raises(InvalidPathError):
        source.from_file(tmp_path)


def test_open_sizes_and_foreign_types_are_refused(tmp_path: Path) -> None:
    open_size = "g (float[1,3,H,8] x) => (float[1,3,H,8] y) { y = Relu(x) }"
    texts = "g (string[1,3] x) => (string[1,3] y) { y = Identity(x) }"
    for text, reason in ((open_size, "dynamic-shape"), (texts, "input-dtype")):
        onnx.save(graphs.proto(text), tmp_path / "model.onnx")
        with pytest.raises(RefusedError) as caught:
            source.from_file(tmp_path / "model.onnx")
        assert caught.value.reason_code == reason


def test_external_weights_are_refused(tmp_path: Path) -> None:
    model = onnx.load(tiny(tmp_path))
    onnx.external_data_helper.convert_model_to_external_data(model, size_threshold=0)
    model.graph.initializer[0].external_data[0].value = "../../etc/passwd"
    (tmp_path / "split.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(RefusedError) as caught:
        source.from_file(tmp_path / "split.onnx")
    assert caught.value.reason_code == "external-data"


def test_weights_do_not_go_with_a_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds its own weights"):
        source.resolve(str(tiny(tmp_path)), weights=tmp_path / "w.pt")


def test_mutated_onnx_is_read_or_refused(tmp_path: Path) -> None:
    path = tiny(tmp_path)
    whole, seen = path.read_bytes(), set()

    @settings(max_examples=150, deadline=None)
    @given(
        st.lists(
            st.tuples(st.integers(0, 10_000), st.integers(0, 4), st.binary(max_size=4)),
            min_size=1,
            max_size=4,
        )
    )
    def mutate(edits: list[tuple[int, int, bytes]]) -> None:
        content = bytearray(whole)
        for position, removed, added in edits:
            start = position % len(content)
            content[start : start + removed] = added
        if bytes(content) in seen:
            return
        seen.add(bytes(content))
        path.write_bytes(content)
        with suppress(EdgekitError):
            parse.parse(path)  # most end here, and would in the child that all the others go to
            source.from_file(path)

    mutate()
