"""Evaluating models over images: what is counted, what is refused, and that it repeats."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import flatbuffers
import numpy as np
import onnx
import pytest
import torch
from ai_edge_litert import schema_py_generated as schema
from PIL import Image

from edgekit import evaluate, models
from edgekit.data import SyntheticImages
from edgekit.errors import CheckFailedError, RefusedError, UsageError, WorkerError
from edgekit.evaluate import EvaluateRequest, Evaluation, PairedDifference, Settings, Share
from edgekit.evaluate.distance import Distance
from edgekit.export import cache as export_cache
from edgekit.export import to_files
from edgekit.export.sources import source
from edgekit.processes import served_model
from tests.runtimes.test_worker import has_ended
from tests.specimens import graphs
from tests.specimens.commands import Cli
from tests.specimens.networks import SMALL, one_thread

__all__ = ["one_thread"]  # torch computes the reference on one thread

RAW = Settings(preprocessing="raw")
SIDE = 8
COLOURS = ((255, 0, 0), (0, 255, 0), (0, 0, 255))  # the brightest channel is the class


def _classifier(path: Path, matrix: np.ndarray, batch: int | str = 1) -> Path:
    """A model file, .onnx or .tflite, whose scores are the channels' means times ``matrix``."""
    model = graphs.proto(
        f"g (float[{batch},3,{SIDE},{SIDE}] x) => (float[{batch},{matrix.shape[1]}] y) "
        "{ p = GlobalAveragePool(x)\n f = Flatten(p)\n y = MatMul(f, w) }",
        w=matrix.astype(np.float32),
    )
    if path.suffix == ".onnx":
        onnx.save(model, path)
    else:
        path.write_bytes(graphs.to_tflite(model))
    return path


@pytest.fixture
def brightest(tmp_path: Path) -> Path:
    """A model that is right about every image of one colour."""
    return _classifier(tmp_path / "brightest.onnx", np.eye(3))


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Four images of one colour each, the last of them with a wrong label."""
    return _pictures(tmp_path / "pictures", (0, 1, 2, 0), (0, 1, 2, 1))


def _pictures(root: Path, colours: tuple[int, ...], labels: tuple[int, ...]) -> Path:
    root.mkdir()
    lines = ["file,label"]
    for number, (colour, label) in enumerate(zip(colours, labels, strict=True)):
        Image.new("RGB", (SIDE + 2, SIDE + 4), COLOURS[colour]).save(root / f"{number}.png")
        lines.append(f"{number}.png,{label}")
    (root / "labels.csv").write_text("\n".join(lines))
    return root


def _run(model: Path, data: Path | None, **options: object) -> Evaluation:
    return evaluate.run(EvaluateRequest(str(model), data, **{"settings": RAW, **options}))  # type: ignore[arg-type]


# --- what is counted --------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".onnx", ".tflite"])
def test_top1_and_the_classes(suffix: str, tmp_path: Path, pictures: Path) -> None:
    result = _run(_classifier(tmp_path / f"m{suffix}", np.eye(3)), pictures)
    assert result.answers.top1 == (0, 1, 2, 0)
    assert result.answers.ranks == (0, 0, 0, 1)
    assert result.answers.top(1) == Share(3, 4)
    assert result.answers.top(5) is None  # three classes
    rows = [(row.label, row.images, row.correct) for row in result.per_class]
    assert rows == [(0, 1, 1), (1, 2, 1), (2, 1, 1)]
    assert result.data.description == "folder pictures, 4 labelled images"
    assert result.against is result.distance is result.agreement is result.top1_difference is None


def test_class_subfolders_name_the_classes(tmp_path: Path, brightest: Path) -> None:
    for name, colour in zip(("a-red", "b-green"), COLOURS, strict=False):
        (tmp_path / "tree" / name).mkdir(parents=True)
        Image.new("RGB", (SIDE, SIDE), colour).save(tmp_path / "tree" / name / "1.png")
    result = _run(brightest, tmp_path / "tree")
    assert [(row.name, row.correct) for row in result.per_class] == [("a-red", 1), ("b-green", 1)]
    assert any("2 class subfolders for 3 classes" in note for note in result.notes)
    assert any("2 of 2 images have the size of the input" in note for note in result.notes)


def test_top5_counts_ties_in_the_order_of_the_classes(tmp_path: Path) -> None:
    model = _classifier(tmp_path / "ties.onnx", np.ones((3, 7)))
    result = _run(model, _pictures(tmp_path / "p", (0, 0, 0, 0), (0, 4, 5, 6)))
    assert result.answers.top1 == (0, 0, 0, 0)
    assert result.answers.ranks == (0, 4, 5, 6)
    assert result.answers.top(5) == Share(2, 4)


def test_comparing_with_a_second_model(tmp_path: Path, brightest: Path, pictures: Path) -> None:
    swapped = _classifier(tmp_path / "swapped.tflite", np.eye(3)[[1, 0, 2]])
    result = _run(swapped, pictures, against=str(brightest))
    assert result.against is not None
    assert result.distance is not None
    assert result.agreement == Share(1, 4)
    assert result.top1_difference == PairedDifference(1, 2, 4)
    # Three images are off by one channel of 255 there and one here, the reference has one channel.
    assert result.distance.sqnr_db == pytest.approx(10 * np.log10(4 / 6))
    assert result.distance.max_rel_error == pytest.approx(1)
    same = _run(brightest, pictures, against=str(brightest))
    assert same.distance == Distance(4 * 255.0**2, 0, 0)
    assert same.distance.sqnr_db is None
    assert same.agreement == Share(4, 4)


def test_unlabelled_images_compare(tmp_path: Path, brightest: Path, pictures: Path) -> None:
    (pictures / "labels.csv").unlink()
    other = _classifier(tmp_path / "other.tflite", 1.01 * np.eye(3))
    result = _run(other, pictures, against=str(brightest))
    assert result.distance is not None
    assert result.distance.sqnr_db == pytest.approx(40, abs=1e-3)
    assert result.answers.top(1) is result.answers.ranks is result.top1_difference is None
    assert result.agreement == Share(4, 4)
    assert result.per_class == ()


def test_synthetic_images_serve_where_there_are_none(tmp_path: Path, brightest: Path) -> None:
    other = _classifier(tmp_path / "other.tflite", np.eye(3))
    result = _run(other, None, against=str(brightest), limit=5)
    assert result.data.source == "synthetic"
    assert result.data.description == "5 synthetic 1/f images, seed 0 (no photographs)"
    assert result.labels is None
    assert result.agreement == Share(5, 5)


def test_an_open_batch_is_one(tmp_path: Path, pictures: Path) -> None:
    model = _classifier(tmp_path / "open.onnx", np.eye(3), batch="n")
    assert _run(model, pictures).answers.top1 == (0, 1, 2, 0)


# --- quantized files --------------------------------------------------------------------------


def _quantized(path: Path, dtype: str, scale: float | None, zero_point: int) -> Path:
    """A .tflite with one average pool, its input and output of the same quantization."""
    model, graph, pool = schema.ModelT(), schema.SubGraphT(), schema.Pool2DOptionsT()
    code, node = schema.OperatorCodeT(), schema.OperatorT()
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.AVERAGE_POOL_2D
    code.version = 2
    pool.strideW = pool.strideH = 1
    pool.filterWidth = pool.filterHeight = SIDE
    pool.padding = schema.Padding.VALID
    node.opcodeIndex, node.inputs, node.outputs = 0, [0], [1]
    node.builtinOptionsType, node.builtinOptions = schema.BuiltinOptions.Pool2DOptions, pool
    graph.tensors, graph.operators, graph.inputs, graph.outputs = [], [node], [0], [1]
    for name, shape in (("x", [1, SIDE, SIDE, 3]), ("y", [1, 1, 1, 3])):
        tensor = schema.TensorT()
        tensor.name, tensor.shape, tensor.buffer = name.encode(), shape, 0
        tensor.type = getattr(schema.TensorType, dtype.upper())
        if scale is not None:
            tensor.quantization = schema.QuantizationParametersT()
            tensor.quantization.scale = [scale]
            tensor.quantization.zeroPoint = [zero_point]
        graph.tensors.append(tensor)
    model.version, model.buffers = 3, [schema.BufferT()]
    model.operatorCodes, model.subgraphs = [code], [graph]
    builder = flatbuffers.Builder()
    builder.Finish(model.Pack(builder), b"TFL3")
    path.write_bytes(bytes(builder.Output()))
    return path


@pytest.mark.parametrize(
    ("dtype", "scale", "zero_point", "preprocessing"),
    [
        ("uint8", 1 / 128, 128, "minus-one-to-one"),
        ("int8", 1 / 127, 0, "minus-one-to-one"),
        ("uint8", 1.0, 0, "raw"),
        ("int8", 1.0, -128, "raw"),
        ("uint8", 1 / 255, 0, "raw"),  # the pixels themselves, whatever they stand for
        ("int8", 1 / 255, -128, "raw"),
    ],
)
def test_quantized_tensors_are_translated(
    dtype: str, scale: float, zero_point: int, preprocessing: str, tmp_path: Path, pictures: Path
) -> None:
    quantized = _quantized(tmp_path / "q.tflite", dtype, scale, zero_point)
    floats = _classifier(
        tmp_path / "f.tflite", np.eye(3) * (scale if preprocessing == "raw" else 1)
    )
    settings = Settings(preprocessing=preprocessing)
    result = _run(quantized, pictures, against=str(floats), settings=settings)
    assert result.distance is not None
    assert result.answers.top1 == (0, 1, 2, 0)
    assert result.distance.max_rel_error <= 0.5 * 2 / 127


def test_integers_without_a_scale_take_raw_pixels_only(tmp_path: Path, pictures: Path) -> None:
    path = _quantized(tmp_path / "q.tflite", "uint8", None, 0)
    with pytest.raises(RefusedError, match="uint8 without a scale") as caught:
        _run(path, pictures, settings=Settings(preprocessing="imagenet"))
    assert caught.value.reason_code == "no-input-scale"


def test_a_background_class_is_dropped(tmp_path: Path, brightest: Path, pictures: Path) -> None:
    background = np.hstack([np.full((3, 1), 9), np.eye(3)])
    model = _classifier(tmp_path / "bg.tflite", background)
    settings = Settings(preprocessing="raw", label_offset=1)
    result = _run(model, pictures, settings=settings)
    assert result.answers.top(1) == Share(3, 4)
    assert (result.answers.subject.label_offset, result.answers.subject.classes) == (1, 3)
    with pytest.raises(UsageError, match=r"4 classes and .*brightest\.onnx 3"):
        _run(model, pictures, against=str(brightest))
    with pytest.raises(RefusedError, match="too few for a label offset of 3"):
        _run(model, pictures, settings=Settings(preprocessing="raw", label_offset=3))


# --- repeating and keeping --------------------------------------------------------------------


def test_equal_runs_give_equal_documents(brightest: Path, pictures: Path) -> None:
    first = _run(brightest, pictures, against=str(brightest))
    second = _run(brightest, pictures, against=str(brightest))
    assert first.to_json() == second.to_json()
    assert evaluate.from_json(first.to_json()) == first
    document = json.loads(first.to_json())
    assert (document["schema"], document["schema_version"]) == ("edgekit.evaluation", 1)
    assert document["summary"]["top1"]["count"] == 3
    assert document["summary"]["per_class"][1]["top1"] == 0.5


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda d: d.update(schema_version=2), "version 2"),
        (lambda d: d.update(extra=1), "damaged"),
        (lambda d: d["answers"].update(top1=[0, 1, 2, 1]), "disagree"),
        (lambda d: d["answers"].update(top1=[0, 1, 2, 3]), "outside the 3 classes"),
        (lambda d: d.update(labels=None), "come together"),
        (lambda d: d.update(files=["a"]), "every image"),
    ],
)
def test_damaged_documents_are_refused(
    damage: Callable[[dict[str, object]], None], words: str, brightest: Path, pictures: Path
) -> None:
    document = json.loads(_run(brightest, pictures).to_json())
    damage(document)
    with pytest.raises(RefusedError, match=words):
        evaluate.from_json(json.dumps(document))
    with pytest.raises(RefusedError, match="not an edgekit evaluation"):
        evaluate.from_json("[]")


def test_memory_does_not_grow_with_the_images(tmp_path: Path, brightest: Path) -> None:
    big = (600, 600)  # a megabyte each

    def peak(name: str, count: int) -> int:
        root = tmp_path / name
        root.mkdir()
        Image.new("RGB", big, COLOURS[0]).save(root / "0.png")
        for number in range(1, count):
            (root / f"{number}.png").symlink_to(root / "0.png")
        tracemalloc.start()
        try:
            _run(brightest, root, against=str(brightest))
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak("warm", 2)  # imports and caches
    assert peak("many", 40) - peak("few", 4) < 600 * 600


def test_a_part_of_the_images(brightest: Path, pictures: Path) -> None:
    result = _run(brightest, pictures, limit=2)
    assert result.files == ("0.png", "2.png")
    assert "evenly spaced among 4" in result.data.description


def test_progress_counts_every_image(brightest: Path, pictures: Path) -> None:
    seen: list[tuple[int, int]] = []
    request = EvaluateRequest(str(brightest), pictures, settings=RAW)
    evaluate.run(request, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(0, 4), (1, 4), (2, 4), (3, 4), (4, 4)]


# --- networks ---------------------------------------------------------------------------------


@pytest.fixture
def photographs(tmp_path: Path) -> Path:
    """A few synthetic images as files, larger than the input and not square."""
    root = tmp_path / "photographs"
    root.mkdir()
    drawn = SyntheticImages(12, 48)
    lines = ["file,label"]
    for index, name in enumerate(drawn.files):
        Image.fromarray(drawn.pixels(index)[:40]).save(root / f"{name}.png")
        lines.append(f"{name}.png,{index % 10}")
    (root / "labels.csv").write_text("\n".join(lines))
    return root


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


# --- statistics -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("count", "of", "low", "high"),
    [(0, 10, 0, 0.2775), (10, 10, 0.7225, 1), (50, 100, 0.4038, 0.5962), (1, 1, 0.2065, 1)],
)
def test_wilson_interval(count: int, of: int, low: float, high: float) -> None:
    assert Share(count, of).interval == pytest.approx((low, high), abs=1e-4)


def test_paired_interval_knows_that_few_images_prove_little() -> None:
    low, high = PairedDifference(0, 0, 100).interval
    assert (low, high) == pytest.approx((-0.0192, 0.0192), abs=1e-4)
    low, high = PairedDifference(40, 10, 200).interval
    assert PairedDifference(40, 10, 200).value == 0.15
    assert (low, high) == pytest.approx((0.0821, 0.2149), abs=2e-3)
    assert PairedDifference(10, 40, 200).interval == pytest.approx((-high, -low))


@pytest.mark.parametrize(
    "make",
    [
        lambda: Share(2, 1),
        lambda: Share(0, 0),
        lambda: PairedDifference(1, 1, 1),
        lambda: Distance(float("nan")),
    ],
)
def test_impossible_numbers_are_refused(make: Callable[[], object]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        make()


# --- what is refused --------------------------------------------------------------------------


def _one_line(error: str, words: str) -> None:
    lines = [line for line in error.splitlines() if line.startswith("error: ")]
    assert len(lines) == 1, error
    assert words in lines[0]
    assert "Traceback" not in error


FAULTS = {
    "corrupt image": (4, "1.png"),
    "empty folder": (2, "has no images"),
    "no folder": (2, "no such folder"),
    "unknown file": (4, "there is no file 'absent.png'"),
    "label out of range": (4, "2.png has the label 3"),
    "bad label": (4, "label 'cat'"),
    "bad columns": (4, "needs file and label"),
    "narrow image": (4, "1.png"),
}


def _spoil(root: Path, fault: str) -> None:
    labels = root / "labels.csv"
    if fault == "corrupt image":
        (root / "1.png").write_bytes((root / "1.png").read_bytes()[:40])
    elif fault == "narrow image":
        Image.new("RGB", (40_000, 1)).save(root / "1.png")
    elif fault in ("empty folder", "no folder"):
        for path in root.iterdir():
            path.unlink()
        if fault == "no folder":
            root.rmdir()
    elif fault == "unknown file":
        labels.write_text("file,label\n0.png,0\nabsent.png,1\n")
    elif fault == "label out of range":
        labels.write_text("file,label\n0.png,0\n2.png,3\n")
    elif fault == "bad label":
        labels.write_text("file,label\n0.png,cat\n")
    elif fault == "bad columns":
        labels.write_text("name,class\n0.png,1\n")


@pytest.mark.parametrize("fault", FAULTS)
def test_spoilt_data(fault: str, cli: Cli, brightest: Path, pictures: Path) -> None:
    _spoil(pictures, fault)
    expected, words = FAULTS[fault]
    options = ["--preprocessing", "raw"]
    if fault == "narrow image":
        options += ["--resize", "50"]
    code, out, err = cli("evaluate", brightest, "--data", pictures, *options)
    assert (code, out) == (expected, "")
    _one_line(err, words)


BAD_REQUESTS = {
    "nothing to count": ([], "give labelled images with --data"),
    "no preprocessing": (["--data", "pictures"], "--preprocessing imagenet|cifar10"),
    "unknown preprocessing": (["--preprocessing", "imagnet"], "did you mean imagenet"),
    "weights of a file": (["--weights", "w.pt", "--data", "pictures"], "name of one network"),
    "small resize": (
        ["--data", "pictures", "--preprocessing", "raw", "--resize", "4"],
        "--resize 4 is too small",
    ),
    "no threads": (["--threads", "0"], "1 thread or more"),
    "absent model": (["--against", "absent.onnx", "--data", "pictures"], "absent.onnx"),
    "unknown model": (["--against", "micronet-m9", "--data", "pictures"], "unknown model"),
}


@pytest.mark.parametrize("case", BAD_REQUESTS)
def test_bad_requests(
    case: str, cli: Cli, brightest: Path, pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(pictures.parent)
    arguments, words = BAD_REQUESTS[case]
    if "--against" in arguments:
        arguments = [*arguments, "--preprocessing", "raw"]
    code, out, err = cli("evaluate", brightest.name, *arguments)
    assert (code, out) == (2, "")
    _one_line(err, words)


def test_unlabelled_images_alone_count_nothing(brightest: Path, pictures: Path) -> None:
    (pictures / "labels.csv").unlink()
    with pytest.raises(UsageError, match="has no labels"):
        _run(brightest, pictures)
    with pytest.raises(UsageError, match="1 image or more, not 0"):
        _run(brightest, None, against=str(brightest), limit=0)


def test_options_that_nothing_takes_are_refused(photographs: Path) -> None:
    with pytest.raises(UsageError, match=f"on record here: {SMALL}"):
        evaluate.run(EvaluateRequest(SMALL, photographs, settings=Settings(label_offset=1)))
    with pytest.raises(UsageError, match=f"here: {SMALL} and {SMALL}"):
        evaluate.run(EvaluateRequest(SMALL, photographs, against=SMALL, weights=Path("w.pt")))


class _Malicious:
    """A pickle that runs a command when it is loaded."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, (f"touch {self.trace}",)


def test_a_malicious_checkpoint_is_refused(cli: Cli, tmp_path: Path, photographs: Path) -> None:
    torch.save({"state_dict": _Malicious(tmp_path / "trace")}, tmp_path / "evil.pt")
    arguments = ("--weights", tmp_path / "evil.pt", "--data", photographs, "--json")
    code, out, err = cli("evaluate", SMALL, *arguments)
    assert code == 4
    assert json.loads(out)["reason_code"] == "unsafe-or-unreadable-weights"
    _one_line(err, "evil.pt")
    assert not (tmp_path / "trace").exists()


@pytest.mark.parametrize(
    ("graph", "words"),
    [
        ("g (float[1,3,8,8] x) => (float[1,3,8,8] y) { y = Relu(x) }", "class scores"),
        ("g (float[1,4,8,8] x) => (float[1,4,8,8] y) { y = Relu(x) }", "one square image"),
        ("g (float[1,3,8,6] x) => (float[1,3,8,6] y) { y = Relu(x) }", "one square image"),
        ("g (float[2,3,8,8] x) => (float[2,3,8,8] y) { y = Relu(x) }", "one square image"),
        (
            "g (float[1,3,8,8] x, float[1,3,8,8] z) => (float[1,3,8,8] y) { y = Add(x, z) }",
            "2 inputs",
        ),
        (
            "g (float[1,3,8,8] x) => (float[1,3,8,8] y, float[1,3,8,8] z)"
            "{ y = Relu(x)\n z = Neg(x) }",
            "2 outputs",
        ),
    ],
)
def test_models_that_classify_no_images(
    graph: str, words: str, tmp_path: Path, pictures: Path
) -> None:
    onnx.save(graphs.proto(graph), tmp_path / "odd.onnx")
    with pytest.raises(RefusedError, match=words):
        _run(tmp_path / "odd.onnx", pictures)


def test_answers_that_are_no_numbers(tmp_path: Path, pictures: Path) -> None:
    model = _classifier(tmp_path / "nan.onnx", np.full((3, 3), np.inf))
    with pytest.raises(CheckFailedError, match=r"nan\.onnx answers NaN or infinity to 0\.png"):
        _run(model, pictures)


FAKE_RUNTIME = """
import os, signal, time
import numpy as np

class Interpreter:
    def __init__(self, model_path, num_threads):
        self.path, self.order = model_path, open(model_path).read()
        self.runs = 0

    def allocate_tensors(self):
        pass

    def get_input_details(self):
        return [dict(name="x", index=0, shape=np.array([1, 8, 8, 3]), dtype=np.float32,
                     quantization=(0.0, 0))]

    def get_output_details(self):
        return [dict(name="y", index=1, shape=np.array([1, 3]), dtype=np.float32,
                     quantization=(0.0, 0))]

    def _get_ops_details(self):
        return []

    def set_tensor(self, index, value):
        pass

    def get_tensor(self, index):
        return np.zeros((1, 3), np.float32)

    def invoke(self):
        self.runs += 1
        print("a runtime that talks")
        os.write(2, b"x" * 100_000)
        if self.runs == 3 and self.order.startswith("SIG"):
            os.kill(os.getpid(), signal.Signals[self.order])
        if self.runs == 3 and self.order == "hang":
            with open(self.path + ".pid", "w") as file:
                file.write(str(os.getpid()))
            time.sleep(60)
        if self.runs == 3 and self.order == "raise":
            raise OverflowError("no such number")
"""


Fake = Callable[[str], Path]


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fake:
    """Return a function that writes a model file which makes a stand-in runtime misbehave."""
    for package, content in (
        ("ai_edge_litert", "raise ModuleNotFoundError(name=__name__)"),
        ("tflite_runtime", ""),
    ):
        (tmp_path / "site" / package).mkdir(parents=True)
        (tmp_path / "site" / package / "__init__.py").write_text(content)
    (tmp_path / "site" / "tflite_runtime" / "interpreter.py").write_text(FAKE_RUNTIME)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "site"))

    def write(order: str) -> Path:
        path = tmp_path / "fake.tflite"
        path.write_text(order)
        return path

    return write


@pytest.mark.parametrize(
    ("order", "words"),
    [
        ("SIGSEGV", "fake.tflite: the worker was killed by SIGSEGV: the runtime crashed"),
        ("raise", "fake.tflite: OverflowError: no such number"),
        ("hang", "fake.tflite: the worker gave no answer within 2 s"),
    ],
)
def test_a_runtime_that_fails_half_way(
    order: str, words: str, fake: Fake, pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(served_model, "SECS_PER_ANSWER", 2.0)
    with pytest.raises(WorkerError, match=words):
        _run(fake(order), pictures)


def test_a_runtime_that_talks_is_heard_out(fake: Fake, pictures: Path) -> None:
    assert _run(fake("behave"), pictures).answers.top1 == (0, 0, 0, 0)


def test_the_child_ends_with_its_parent(fake: Fake) -> None:
    path = fake("hang")
    code = """
import sys
import numpy as np
from edgekit.processes import served_model

with served_model.serve(sys.argv[1]) as model:
    while True:
        model.send({"x": np.zeros((1, 8, 8, 3), np.float32)})
        model.receive()
"""
    with subprocess.Popen([sys.executable, "-c", code, str(path)]) as parent:
        note = Path(f"{path}.pid")
        while not (note.exists() and note.read_text()):
            time.sleep(0.02)
            assert parent.poll() is None
        parent.kill()
    assert has_ended(int(note.read_text()))


# --- the command line -------------------------------------------------------------------------


def test_what_is_printed(cli: Cli, tmp_path: Path, brightest: Path, pictures: Path) -> None:
    other = _classifier(tmp_path / "other.tflite", np.eye(3)[[1, 0, 2]])
    arguments = ("evaluate", other, "--data", pictures, "--preprocessing", "raw")
    code, out, err = cli(*arguments, "--against", brightest)
    assert code == 0
    assert err.splitlines()[0] == "evaluating other.tflite: 0/4"
    assert "75.0 % [30.1, 95.4]" in out
    assert "-25.0 points" in out
    assert "1 gained, 2 lost" in out
    assert "1 of 4: 25.0 %" in out
    assert "-1.8 dB" in out
    assert "folder pictures, 4 labelled images" in out
    code, out, _ = cli(*arguments, "--json")
    assert code == 0
    assert evaluate.from_json(out) == _run(other, pictures)


def test_equal_answers_are_called_equal(cli: Cli, brightest: Path) -> None:
    code, out, _ = cli(
        "evaluate", brightest, "--against", brightest, "--preprocessing", "raw", "--limit", 3
    )
    assert code == 0
    assert "equal to the last bit" in out
    assert "3 synthetic 1/f images, seed 0 (no photographs)" in out


def test_help_imports_nothing_heavy() -> None:
    script = (
        "import sys, edgekit.cli; edgekit.cli.run(['evaluate', '--help']);"
        "sys.stderr.write(' '.join(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert {"torch", "numpy", "onnxruntime", "PIL", "rich"} & set(done.stderr.split()) == set()


def test_evaluating_a_file_needs_no_torch(brightest: Path, pictures: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from edgekit import evaluate;"
        f"evaluate.run(evaluate.EvaluateRequest({str(brightest)!r}, Path({str(pictures)!r}),"
        "settings=evaluate.Settings(preprocessing='raw')));"
        "sys.stderr.write(' '.join(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert {"torch", "onnxruntime"} & set(done.stderr.split()) == set()
