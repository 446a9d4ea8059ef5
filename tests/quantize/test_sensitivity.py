"""Layers and tensors that lose most are found, drawn and printed."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from PIL import Image

from edgekit import cli
from edgekit.data import folder as image_folder
from edgekit.errors import MissingPackageError, RefusedError, UsageError
from edgekit.export.judging.sqnr import EXACT_DB, Noise
from edgekit.models import preprocessing_choice
from edgekit.quantize import Draft, Recipe
from edgekit.quantize.analysis import layer_accuracy, plots, sensitivity, tensor_errors
from edgekit.quantize.analysis.sensitivity import Sensitivity
from tests.specimens import graphs, integers
from tests.specimens.graphs import weights

# With one scale for all its weights, the second layer loses those of seven of its eight inputs.
BAD = "Conv_2"
NET = """g (float[1,3,8,8] x) => (float[1,10] y) <int64[2] flat = {1,8}> {
  a = Conv<pads=[1,1,1,1]>(x, first, b8)
  ar = Relu(a)
  b = Conv(ar, scaled, b8)
  br = Relu(b)
  c = Conv<pads=[1,1,1,1]>(br, last, b8)
  p = GlobalAveragePool(c)
  r = Reshape(p, flat)
  y = Gemm<transB=1>(r, head, b10) }"""


def _net() -> onnx.ModelProto:
    first, scaled = weights(8, 3, 3, 3, seed=1), weights(8, 8, 1, 1, seed=2)
    first[0] /= 1000
    scaled[:, 0] *= 1000
    return graphs.proto(
        NET,
        first=first,
        scaled=scaled,
        last=weights(8, 8, 3, 3, seed=3),
        head=weights(10, 8, seed=4),
        b8=np.zeros(8, np.float32),
        b10=np.zeros(10, np.float32),
    )


@pytest.fixture(scope="module")
def samples() -> list[integers.Feed]:
    return integers.noise(integers.of_proto(_net()), 4)


@pytest.fixture(scope="module")
def draft(samples: list[integers.Feed]) -> Draft:
    return integers.drafted(integers.of_proto(_net()), samples, Recipe("t", per_channel=False))


@pytest.fixture(scope="module")
def rows(draft: Draft, samples: list[integers.Feed]) -> list[Sensitivity]:
    return sensitivity.by_layer(draft, samples, lambda _: None)


@pytest.fixture
def file(tmp_path: Path) -> str:
    onnx.save(_net(), tmp_path / "net.onnx")
    return str(tmp_path / "net.onnx")


def _images(folder: Path, labels: bool = True) -> Path:
    folder.mkdir()
    lines = ["file,label"]
    for number in range(4):
        pixels = np.random.default_rng(number).integers(0, 256, (8, 8, 3), np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.png")
        lines.append(f"{number}.png,{number}")
    if labels:
        (folder / "labels.csv").write_text("\n".join(lines))
    return folder


def test_the_bad_layer_ranks_first(rows: list[Sensitivity], draft: Draft) -> None:
    assert {row.layer for row in rows} == set(draft.encodings.layers)
    assert rows[0].layer == BAD
    assert rows[0].alone_db < 6 < rows[-1].alone_db
    assert [row.alone_db for row in rows] == sorted(row.alone_db for row in rows)
    # It is what the whole network loses, so leaving it out helps more than any other.
    assert max(rows, key=lambda row: row.without_db) is rows[0]


def test_one_layer_alone_is_what_the_whole_graph_says(
    rows: list[Sensitivity], draft: Draft, samples: list[integers.Feed]
) -> None:
    from edgekit.quantize import GraphSession

    nodes = {str(node.name): node for node in draft.floating().graph}
    floating = GraphSession(draft.floating())
    for row in rows:
        alone, noise = GraphSession(sensitivity.alone(draft, nodes[row.layer])), Noise()
        without, rest = GraphSession(draft.with_float([row.layer]).simulation()), Noise()
        for sample in samples:
            (wanted,) = floating.run(sample).values()
            noise.add(wanted, *alone.run(sample).values())
            rest.add(wanted, *without.run(sample).values())
        assert row.alone_db == pytest.approx(noise.sqnr_db, abs=0.1)
        assert row.without_db == pytest.approx(rest.sqnr_db, abs=0.1)


def test_a_ratio_without_noise_or_signal_has_a_number() -> None:
    ones, zeros = np.ones(3, np.float32), np.zeros(3, np.float32)
    for wanted, given, db in ((ones, ones, EXACT_DB), (zeros, ones, -EXACT_DB), (ones, zeros, 0)):
        noise = Noise()
        noise.add(wanted, given)
        assert noise.sqnr_db == db


def test_both_files_hold_what_the_simulation_says(
    draft: Draft, samples: list[integers.Feed]
) -> None:
    found = tensor_errors.by_tensor(draft, samples, lambda _: None)
    assert [row.tensor for row in found][:2] == ["x", "ar"]
    assert found[-1].tensor == "y"
    for row in found:
        for db in (row.onnxruntime_db, row.tflite_db):
            # LiteRT flattens within a layer, so one of two equal values may not exist.
            assert db is None or db == pytest.approx(row.simulated_db, abs=0.5), row
    assert all(row.onnxruntime_db is not None for row in found)
    assert sum(row.tflite_db is not None for row in found) >= len(found) - 1


def test_a_requantized_value_is_found_in_both_files() -> None:
    graph = integers.network(
        """g (float[1,2,4,4] x) => (float[1,2,4,4] y) {
  a = Conv(x, w)
  m = MaxPool<kernel_shape=[3,3],pads=[1,1,1,1]>(a)
  r = Relu(m)
  y = Conv(r, w) }""",
        w=weights(2, 2, 1, 1),
    )
    samples = integers.noise(graph, 2)
    found = tensor_errors.by_tensor(integers.drafted(graph, samples), samples, lambda _: None)
    assert "r" in {row.tensor for row in found}
    for row in found:
        assert row.onnxruntime_db == pytest.approx(row.simulated_db, abs=0.5), row
        assert row.tflite_db == pytest.approx(row.simulated_db, abs=0.5), row


def test_images_tell_what_a_layer_costs(draft: Draft, tmp_path: Path) -> None:
    names = list(draft.encodings.layers)[:2]
    preset = preprocessing_choice.read("cifar10").over(None, 8, "net")
    labelled, plain = _images(tmp_path / "l"), _images(tmp_path / "p", labels=False)
    for root, has_labels in ((labelled, True), (plain, False)):
        images = image_folder.read(root)
        costs = layer_accuracy.of_layers(draft, names, images, preset, lambda _: None)
        assert [cost.layer for cost in costs] == names
        for cost in costs:
            assert cost.images == 4
            assert 0 <= cost.agreement <= 1
            assert (cost.top1_difference is not None) == has_labels
    with pytest.raises(UsageError, match="--preprocessing"):
        layer_accuracy.of_layers(draft, names, image_folder.read(plain), None, lambda _: None)


def test_only_a_classifier_has_an_accuracy(tmp_path: Path) -> None:
    graph = integers.network(
        "g (float[1,3,8,8] x) => (float[1,2,8,8] y) { y = Conv(x, w) }", w=weights(2, 3, 1, 1)
    )
    draft = integers.drafted(graph, integers.noise(graph))
    images = image_folder.read(_images(tmp_path / "i"))
    preset = preprocessing_choice.read("cifar10").over(None, 8, "net")
    with pytest.raises(RefusedError, match="classifier"):
        layer_accuracy.of_layers(draft, [], images, preset, lambda _: None)


def test_plots_are_pictures(
    rows: list[Sensitivity], draft: Draft, samples: list[integers.Feed], tmp_path: Path
) -> None:
    paths = plots.write(tmp_path / "new", draft, rows, samples, 2)
    assert [path.name for path in paths] == ["sensitivity.png", "weights.png", "activations.png"]
    for path in paths:
        with Image.open(path) as picture:
            assert picture.format == "PNG"
            assert min(picture.size) > 200
            assert len(picture.convert("RGB").getcolors(1 << 24) or []) > 3


def test_without_matplotlib_plots_say_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(MissingPackageError, match="matplotlib"):
        plots.require()
    assert cli.run(["sensitivity", "micronet-m0", "--plots", "nowhere"]) == 3
    assert "missing-package" in capsys.readouterr().err


def test_command_prints_one_document(
    file: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, drawn = _images(tmp_path / "data"), tmp_path / "plots"
    options = ["--preprocessing", "cifar10", "--data", str(data), "--samples", "2"]
    options += ["--worst", "1", "--plots", str(drawn), "--per-tensor"]
    assert cli.run(["sensitivity", file, "--json", *options]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["schema"], document["schema_version"]) == ("edgekit.sensitivity", 1)
    assert len(document["layers"]) == 4
    assert [row["layer"] for row in document["accuracy"]] == [document["layers"][0]["layer"]]
    assert document["accuracy"][0]["top1_points"] is not None
    assert document["tensors"][-1]["tensor"] == "y"
    assert sorted(document["plots"]) == sorted(map(str, drawn.glob("*.png")))


def test_command_prints_tables(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["sensitivity", file, "--top", "2", "--calibration-samples", "4"]) == 0
    printed = capsys.readouterr().out
    assert "all but it" in printed
    assert "2 less sensitive layers are not shown: --top 4" in printed


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["gone.onnx"], "invalid-path"),
        (["micronet-m0", "--recipe", "minmix"], "unknown-name"),
        ([], "usage"),
    ],
)
def test_faults_of_the_command(
    arguments: list[str], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["sensitivity", *arguments]) == 2
    assert f"[{reason}]" in capsys.readouterr().err
