"""A bundle: whole, repeatable, described by documents that others' validators accept."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from edgekit import bundle, devices, models
from edgekit.bundle import Built, BundleRequest, known
from edgekit.bundle.about import ADDRESSES, About
from edgekit.bundle.contents import bill_of_materials
from edgekit.bundle.manifest import check_path
from edgekit.cli import run as run_cli
from edgekit.errors import RefusedError, UsageError, WouldOverwriteError
from edgekit.modelfile import metadata
from tests.bundle.conftest import request_of
from tests.devices.compare.made import counts
from tests.specimens import classifiers
from tests.specimens.printed import documents

Files = dict[str, bytes]


def _files(folder: Path) -> Files:
    return {
        each.relative_to(folder).as_posix(): each.read_bytes()
        for each in folder.rglob("*")
        if each.is_file()
    }


def test_the_same_inputs_give_the_same_bytes(
    built: Built, exported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = _files(exported)
    again = bundle.build(request_of(exported, tmp_path / "elsewhere", as_zip=True))
    assert _files(again.path) == _files(built.path)
    assert built.archive is not None
    assert again.archive is not None
    assert again.archive.read_bytes() == built.archive.read_bytes()
    assert _files(exported) == before  # metadata go into copies
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    dated = bundle.build(request_of(exported, tmp_path / "dated"))
    assert dated.bundle.created == "2023-11-14T22:13:20Z"
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "yesterday")
    with pytest.raises(UsageError, match="SOURCE_DATE_EPOCH"):
        bundle.build(request_of(exported, tmp_path / "never"))


def test_what_is_in_it(built: Built) -> None:
    document = json.loads((built.path / "edgekit.json").read_text())
    documents.check(document)
    assert {each["path"] for each in document["contents"]} | {"edgekit.json"} == set(
        _files(built.path)
    )
    for entry in built.bundle.models:
        described = metadata.read(built.path / entry.path)
        assert described is not None
        assert described.labels == classifiers.LABELS
    assert built.archive is not None
    with zipfile.ZipFile(built.archive) as archive:
        assert len(archive.namelist()) == len(_files(built.path))


def test_the_bill_of_materials_is_valid(built: Built) -> None:
    text = (built.path / "sbom" / "bom.cdx.json").read_text()
    assert JsonStrictValidator(SchemaVersion.V1_7).validate_str(text) is None
    card = json.loads(text)["components"][0]["modelCard"]
    assert card["modelParameters"]["task"] == "image-classification"


@pytest.fixture(scope="module")
def accurate(exported: Path, tmp_path_factory: pytest.TempPathFactory) -> Built:
    """A bundle with accuracy on pictures of which every fourth is labelled wrongly."""
    from PIL import Image

    folder = tmp_path_factory.mktemp("pictures")
    rows = ["file,label"]
    for index in range(8):
        Image.new("RGB", (9, 9), classifiers.COLOURS[index % 3]).save(folder / f"{index}.png")
        rows.append(f"{index}.png,{(index + (index % 4 == 0)) % 3}")
    (folder / "labels.csv").write_text("\n".join(rows))
    request = request_of(
        exported, tmp_path_factory.mktemp("accurate"), "*float32.onnx", data=folder
    )
    return bundle.build(request)


def test_measured_accuracy_is_in_every_document(accurate: Built) -> None:
    (row,) = accurate.bundle.accuracy
    assert (row.images, row.top1) == (8, 0.75)
    assert row.interval[0] < 0.75 < row.interval[1]
    card = (accurate.path / "README.md").read_text()
    assert "75.0 %" in card
    assert card.startswith("---\nlicense: other\n")
    text = (accurate.path / "sbom" / "bom.cdx.json").read_text()
    assert JsonStrictValidator(SchemaVersion.V1_7).validate_str(text) is None
    component = json.loads(text)["components"][0]
    (metric,) = component["modelCard"]["quantitativeAnalysis"]["performanceMetrics"]
    assert float(metric["confidenceInterval"]["lowerBound"]) == row.interval[0]


@pytest.mark.parametrize("name", models.names())
def test_a_registered_network_is_stated_with_its_paper_and_training(
    name: str, built: Built
) -> None:
    spec = models.get(name)
    other = known.of(name, "checkpoint other.pth")
    assert other.paper.rpartition("/")[2] in spec.paper
    assert replace(other, paper="") == About() == known.of(f"no-{name}", "")
    if spec.trained is None:
        return
    weights = f"trained on {spec.trained.trained_on}"
    stated = known.completed(About(supplier="somebody else"), name, weights)
    text = bill_of_materials.text(replace(built.bundle, model=name), stated)
    assert JsonStrictValidator(SchemaVersion.V1_7).validate_str(text) is None
    component = json.loads(text)["components"][0]
    assert component["supplier"] == {"name": "somebody else"}
    (dataset,) = component["modelCard"]["modelParameters"]["datasets"]
    assert dataset["name"] == spec.trained.trained_on
    assert f"{spec.trained.top1_percent:.2f} %" in text
    assert spec.trained.recipe.endswith(stated.hyperparameters)


def test_what_people_state_is_in_card_and_bill(exported: Path, tmp_path: Path) -> None:
    stated = tmp_path / "about.toml"
    names = [each.name for each in fields(About)]
    many = ("datasets", "intended_use", "limitations", "ethics")
    said = {n: f"https://example.org/{n}" if n in ADDRESSES else f"a {n}" for n in names}
    rows = [f"{n} = {json.dumps([said[n]] if n in many else said[n])}" for n in names]
    stated.write_text("\n".join(rows))
    made = bundle.build(request_of(exported, tmp_path, "*float32.onnx", about=stated))
    text = (made.path / "sbom" / "bom.cdx.json").read_text()
    assert JsonStrictValidator(SchemaVersion.V1_7).validate_str(text) is None
    card = (made.path / "README.md").read_text()
    for name in names:
        assert said[name] in text
        assert said[name] in card
    stated.write_text("suplier = 'me'")
    with pytest.raises(RefusedError, match="suplier") as caught:
        bundle.build(request_of(exported, tmp_path / "b", "*float32.onnx", about=stated))
    assert caught.value.reason_code == "bad-about"
    stated.write_text("paper = 'a title'")
    with pytest.raises(RefusedError, match="address"):
        bundle.build(request_of(exported, tmp_path / "b", "*float32.onnx", about=stated))


def test_folding_makes_mediapipes_kind_of_file(exported: Path, tmp_path: Path) -> None:
    request = request_of(exported, tmp_path, "*float32.tflite", fold_preprocessing=True)
    (entry,) = bundle.build(request).bundle.models
    described = metadata.read(tmp_path / "brightest.source.edgekit" / entry.path)
    assert entry.preprocessing_in_graph
    assert described is not None
    assert described.inputs[0].color_space == "RGB"
    normalization = described.inputs[0].normalization
    assert normalization is not None
    assert not normalization.per_channel


def test_instructions_are_evidence_under_no_folders_name(
    exported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counted by a stand-in for the emulator; tests/targets counts with the emulator itself."""

    def counted(
        request: devices.CountRequest, _progress: object
    ) -> tuple[devices.CountReport, ...]:
        assert request.target.name == "qemu:cortex-a76"
        return tuple(replace(counts(1000), file=str(each.path)) for each in request.files)

    monkeypatch.setattr(devices, "count", counted)
    request = request_of(exported, tmp_path, "*float32.onnx", instructions="cortex-a76")
    made = bundle.build(request)
    path = "evidence/instructions.json"
    (row,) = json.loads((made.path / path).read_text()).items()
    assert row[0] == row[1]["file"] == made.bundle.models[0].path
    documents.check(row[1])
    assert path in {each.path for each in made.bundle.contents}


def test_a_clock_is_read_only_on_request(built: Built, exported: Path, tmp_path: Path) -> None:
    made = bundle.build(request_of(exported, tmp_path, "*float32.onnx", measure=True))
    index = json.loads((made.path / "measured.json").read_text())
    documents.check(index)
    for row in index["files"]:
        content = (made.path / row["path"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == row["sha256"]
    assert {row["path"] for row in index["files"]} == {
        "measured/latency.json",
        "measured/memory.json",
    }
    (memory,) = json.loads((made.path / "measured" / "memory.json").read_text())
    assert all(each["peak_bytes"] >= each["before_load_bytes"] > 0 for each in memory["processes"])
    assert not any(each.path.startswith("measured") for each in made.bundle.contents)
    assert not (built.path / "measured").exists()
    assert bundle.check(bundle.CheckRequest(made.path)).failed == ()


def test_what_is_refused(exported: Path, built: Built, tmp_path: Path) -> None:
    with pytest.raises(WouldOverwriteError, match="--force"):
        bundle.build(request_of(exported, built.path.parent))
    with pytest.raises(UsageError, match="no sidecar"):
        bundle.build(BundleRequest((str(exported / "brightest.source.onnx"),), tmp_path))
    (tmp_path / "two.txt").write_text("a\nb\n")
    file = str(next(exported.glob("*float32.onnx")))
    with pytest.raises(RefusedError, match="2 labels for the 3 classes"):
        bundle.build(BundleRequest((file,), tmp_path, labels=tmp_path / "two.txt"))
    assert [each.name for each in tmp_path.iterdir()] == ["two.txt"]


@pytest.mark.parametrize("path", ["/etc/passwd", "../x", "a/../../x", "a\\b", "c:/x", "", "a//b"])
def test_paths_that_leave_the_folder(path: str) -> None:
    with pytest.raises(ValueError, match=r"leads out|plain"):
        check_path(path)


# --- app code --------------------------------------------------------------------------------


def _golden(place: Path) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = json.loads((place / "golden" / "golden.json").read_text())[
        "answers"
    ]
    return rows


@pytest.mark.parametrize("form", ["onnx", "tflite"])
def test_the_python_code_gives_the_golden_answers(form: str, built: Built) -> None:
    (choice,) = [each for each in built.bundle.choice if each.format == form]
    script = built.path / "app" / "python" / f"classify_{form}.py"
    rows = [row for row in _golden(built.path) if row["file"] == choice.file]
    pictures = [str(built.path / "golden" / "images" / f"{row['image']}.ppm") for row in rows]
    done = subprocess.run(
        [sys.executable, script, *pictures], capture_output=True, text=True, check=True
    )
    lines = [line.split() for line in done.stdout.splitlines()]
    assert len(lines) == 3 * len(rows)
    for row, first in zip(rows, lines[::3], strict=True):
        top = row["top"][0]  # type: ignore[index]
        assert first[1:] == [str(top["index"]), classifiers.LABELS[top["index"]]]
        assert float(first[0]) == pytest.approx(top["score"], abs=1e-3)


def _library(form: str, folder: Path) -> Path:
    """The shared library that the runtime's wheel carries, under its plain name."""
    package, pattern = {
        "litert": ("ai_edge_litert", "libLiteRt.so"),
        "onnxruntime": ("onnxruntime", "capi/libonnxruntime.so.*"),
    }[form]
    spec = importlib.util.find_spec(package)
    assert spec is not None
    (found,) = sorted(Path(spec.submodule_search_locations[0]).glob(pattern)) or [None]  # type: ignore[index]
    if found is None:
        pytest.skip(f"this wheel of {package} carries no shared library")
    for name in (found.name.partition(".so")[0] + ".so", "libonnxruntime.so.1"):
        (folder / name).symlink_to(found)
    return folder


@pytest.mark.parametrize(
    ("pattern", "runtime", "library"),
    [
        ("*float32.tflite", "litert", "LiteRt"),
        ("*int8.tflite", "litert", "LiteRt"),
        ("*float32.onnx", "onnxruntime", "onnxruntime"),
    ],
)
def test_the_c_program_gives_the_golden_answers(
    pattern: str, runtime: str, library: str, exported: Path, tmp_path: Path
) -> None:
    """Compiled against the library that the runtime's wheel carries."""
    made = bundle.build(request_of(exported, tmp_path, pattern))
    (entry,) = made.bundle.models
    (tmp_path / "lib").mkdir()
    folder = _library(runtime, tmp_path / "lib")
    program = tmp_path / "classify"
    sources = [made.path / "app" / "c" / runtime / name for name in ("main.c", "classifier.c")]
    subprocess.run(
        ["cc", "-std=c11", "-Wall", "-Wextra", "-Werror", *sources, "-o", program,
         f"-L{folder}", f"-l{library}", f"-Wl,-rpath,{folder}", "-lm"],
        check=True,
    )  # fmt: skip
    for row in _golden(made.path):
        picture = made.path / "golden" / "images" / f"{row['image']}.ppm"
        command = [program, made.path / entry.path, picture]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        lines = [line.split() for line in done.stdout.splitlines()]
        found = [float(line[1]) for line in lines if len(line) == 2]
        expected = np.fromfile(made.path / str(row["output"]), "<f8")
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)
        named = subprocess.run(
            [*command, made.path / "labels" / "labels.txt"], capture_output=True, text=True
        )
        best = int(expected.argmax())
        assert named.stdout.split()[1:3] == [str(best), classifiers.LABELS[best]]
        assert len(named.stdout.splitlines()) == 3
    assert subprocess.run([program, "absent", "absent"], capture_output=True).returncode == 2
    picture = made.path / "golden" / "images" / "00.ppm"
    absent = subprocess.run([program, "absent", picture], capture_output=True, text=True)
    assert absent.returncode == 1
    assert "cannot run absent" in absent.stderr


def _kotlin() -> object:
    import tree_sitter_kotlin

    return tree_sitter_kotlin.language()


def _swift() -> object:
    import tree_sitter_swift

    return tree_sitter_swift.language()


@pytest.mark.parametrize("pattern", ["*float32.tflite", "*int8.tflite"])
@pytest.mark.parametrize(
    ("path", "language"),
    [("kotlin/Classifier.kt", _kotlin), ("swift/Classifier.swift", _swift)],
)
def test_kotlin_and_swift_parse(
    path: str, language: Callable[[], object], pattern: str, exported: Path, tmp_path: Path
) -> None:
    import tree_sitter

    made = bundle.build(request_of(exported, tmp_path, pattern))
    source = (made.path / "app" / path).read_bytes()
    parser = tree_sitter.Parser(tree_sitter.Language(language()))
    assert not parser.parse(source).root_node.has_error
    assert parser.parse(source[:-3]).root_node.has_error  # so an error would be seen
    assert b"CompiledModel" in source
    assert b"Interpreter" in source


def test_the_command(exported: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = next(exported.glob("*float32.onnx"))
    assert run_cli(["bundle", str(file), "-o", str(tmp_path), "--name", "mine", "--json"]) == 0
    documents.check(json.loads(capsys.readouterr().out))
    assert (tmp_path / "mine.edgekit" / "README.md").is_file()
