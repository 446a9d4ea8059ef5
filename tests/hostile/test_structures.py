"""Archives that escape or lie about their size, and graphs that are none."""

from __future__ import annotations

import warnings
import zipfile
from contextlib import suppress
from pathlib import Path

import onnx
import pytest

from edgekit import lint
from edgekit.errors import EdgekitError
from edgekit.export.sources import canonical
from tests.hostile.readers import READERS


def _zip_of(path: Path, names: list[str], declared_bytes: int | None = None) -> Path:
    """Write a zip file of small entries, whose directory may say that they are larger."""
    with warnings.catch_warnings(), zipfile.ZipFile(path, "w") as archive:
        warnings.simplefilter("ignore")  # of names that come twice
        for name in names:
            archive.writestr(name, b"x")
    if declared_bytes is not None:
        content = bytearray(path.read_bytes())
        start = content.index(b"PK\x01\x02")
        while (start := content.find(b"PK\x01\x02", start)) >= 0:
            content[start + 24 : start + 28] = declared_bytes.to_bytes(4, "little")
            start += 4
        path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("names", "declared_bytes"),
    [
        (["net.edgekit/../../out"], None),
        (["/net.edgekit/a"], None),
        (["net.edgekit\\..\\a"], None),
        (["C:/a"], None),
        (["net.edgekit/a", "net.edgekit/a"], None),
        (["net.edgekit/a", "net.edgekit/a/b"], None),
        ([f"net.edgekit/{n}" for n in range(4)], 2**32 - 2),
        (["x" * 40_000], None),
        ([], None),
        (["a", "b"], None),
    ],
)
def test_zip_files_that_escape_lie_or_hold_no_bundle(
    names: list[str], declared_bytes: int | None, tmp_path: Path
) -> None:
    reader = READERS["bundle-zip"]
    path = _zip_of(tmp_path / reader.name, names, declared_bytes)
    assert reader.outcome(path) is not None
    assert [each.name for each in tmp_path.iterdir()] == [reader.name]


def _graph(*nodes: onnx.NodeProto) -> onnx.ModelProto:
    ends = [
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, (1, 4))
        for name in ("x", "y")
    ]
    graph = onnx.helper.make_graph(list(nodes), "g", ends[:1], ends[1:])
    return onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 18)])


GRAPHS = {
    "a circle": _graph(
        onnx.helper.make_node("Add", ["x", "b"], ["a"]),
        onnx.helper.make_node("Relu", ["a"], ["b"]),
        onnx.helper.make_node("Relu", ["b"], ["y"]),
    ),
    "a node of itself": _graph(onnx.helper.make_node("Add", ["x", "y"], ["y"])),
    "a name twice": _graph(
        onnx.helper.make_node("Relu", ["x"], ["y"]), onnx.helper.make_node("Abs", ["x"], ["y"])
    ),
    "no such value": _graph(onnx.helper.make_node("Relu", ["\x1b]0;title\x07"], ["y"])),
}


@pytest.mark.parametrize("kind", GRAPHS)
def test_graphs_that_are_none(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    onnx.save(GRAPHS[kind], path)
    with suppress(EdgekitError):
        lint.run(lint.LintRequest(path))
    with pytest.raises(EdgekitError) as raised:
        canonical.from_proto(GRAPHS[kind], "net")
    assert "\n" not in str(raised.value)
