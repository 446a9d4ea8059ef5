"""Float network in, int8 files out: the whole walk on a small network, and what can go wrong."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import pytest

from edgekit import quantize
from edgekit.cli import run
from edgekit.errors import RefusedError, UnknownNameError, UsageError
from edgekit.processes import child
from edgekit.quantize import recipe, rungs
from edgekit.quantize.budget import climb
from edgekit.quantize.budget.score import Score
from edgekit.quantize.samples import reading
from tests.specimens import graphs

NET = """
net (float[1, 3, 16, 16] input) => (float[1, 5] logits) {
  a = Conv <kernel_shape = [3, 3], pads = [1, 1, 1, 1], strides = [2, 2]> (input, w0, b0)
  r = Relu (a)
  d = Conv <kernel_shape = [3, 3], pads = [1, 1, 1, 1], group = 8> (r, w1)
  c = Clip (d, low, high)
  p = Conv <kernel_shape = [1, 1]> (c, w2)
  s = Add (r, p)
  t = Relu (s)
  m = GlobalAveragePool (t)
  f = Flatten (m)
  logits = Gemm <transB = 1> (f, w3, b3)
}
"""


def net(path: Path, **changed: np.ndarray) -> Path:
    constants = {
        "w0": graphs.weights(8, 3, 3, 3, seed=1) * 0.3,
        "b0": graphs.weights(8, seed=2),
        "w1": graphs.weights(8, 1, 3, 3, seed=3) * 0.5,
        "low": np.float32(0),
        "high": np.float32(6),
        "w2": graphs.weights(8, 8, 1, 1, seed=4) * 0.4,
        "w3": graphs.weights(5, 8, seed=5),
        "b3": graphs.weights(5, seed=6),
    }
    onnx.save(graphs.proto(NET, **{**constants, **changed}), path)
    return path


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("samples") / "calibration.npy"
    np.save(path, np.random.default_rng(0).standard_normal((24, 3, 16, 16), dtype=np.float32))
    return path


def _quantized(folder: Path, *arguments: str) -> int:
    return run(["quantize", *arguments, "-o", str(folder)])


def _answers(path: Path, data: Path) -> np.ndarray:
    values = np.load(data)[:8]
    if path.suffix == ".tflite":
        values = values.transpose(0, 2, 3, 1)
    feeds = [{"input": np.ascontiguousarray(value[None])} for value in values]
    _, answers = child.run(path, feeds)
    return np.concatenate([answer["logits"] for answer in answers])


@pytest.mark.parametrize("name", recipe.NAMED)
def test_named_recipes_give_both_runtimes_the_same_integers(
    name: str, tmp_path: Path, data: Path
) -> None:
    source = net(tmp_path / "net.onnx")
    assert _quantized(tmp_path, str(source), "--calibration-data", str(data), "--recipe", name) == 0
    onnx_file, tflite_file = tmp_path / "net_int8.onnx", tmp_path / "net_int8.tflite"
    # "best" keeps a layer in float32, where the runtimes may differ in the last digit.
    reach = 1e-5 if name == "best" else 0.0
    assert np.allclose(_answers(onnx_file, data), _answers(tflite_file, data), rtol=0, atol=reach)
    real = _answers(source, data)
    noise = ((_answers(onnx_file, data) - real) ** 2).sum()
    assert 10 * np.log10((real**2).sum() / noise) > 25
    sidecar = json.loads((tmp_path / "net_int8.tflite.json").read_text())
    assert sidecar["precision"] == "int8"
    assert sidecar["verified"] == "passed"
    assert sidecar["recipe"] == recipe.NAMED[name].text
    assert sidecar["partitions"] == (1 if name != "best" else sidecar["partitions"])


def test_encodings_are_taken_back_to_the_byte(tmp_path: Path, data: Path) -> None:
    source = str(net(tmp_path / "net.onnx"))
    first, second = tmp_path / "first", tmp_path / "second"
    recipe_text = "mse:mse+equalize+batch-norm+bias"
    assert _quantized(first, source, "--calibration-data", str(data), "--recipe", recipe_text) == 0
    encodings = first / "net_int8.encodings.json"
    assert _quantized(second, source, "--encodings", str(encodings)) == 0
    for name in ("net_int8.onnx", "net_int8.tflite", "net_int8.encodings.json"):
        assert (first / name).read_bytes() == (second / name).read_bytes()


def test_encodings_of_another_network_are_refused(
    tmp_path: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one = net(tmp_path / "one.onnx")
    other = net(tmp_path / "other.onnx", b3=np.ones(5, np.float32))
    assert _quantized(tmp_path, str(one), "--calibration-data", str(data), "--recipe", "fast") == 0
    encodings = tmp_path / "one_int8.encodings.json"
    assert _quantized(tmp_path / "x", str(other), "--encodings", str(encodings)) == 4
    assert "[encodings-mismatch]" in capsys.readouterr().err
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize(
    ("arguments", "precision"),
    [
        (("--per-tensor",), "int8"),
        (("--precision", "int16x8"), "int16x8"),
        (("--io", "int8"), "int8"),
        (("--ort-activations", "int8"), "int8"),
        (("--seven-bit", "p_layer"), "int8"),
    ],
)
def test_options_make_verified_files(
    arguments: tuple[str, ...], precision: str, tmp_path: Path, data: Path
) -> None:
    model = onnx.load(net(tmp_path / "net.onnx"))
    model.graph.node[4].name = "p_layer"
    onnx.save(model, tmp_path / "net.onnx")
    source = str(tmp_path / "net.onnx")
    given = ("--calibration-data", str(data), "--recipe", "minmax+bias", *arguments)
    assert _quantized(tmp_path, source, *given) == 0
    for suffix in ("onnx", "tflite"):
        sidecar = json.loads((tmp_path / f"net_{precision}.{suffix}.json").read_text())
        assert sidecar["verified"] == "passed"
    if "--io" in arguments:
        assert sidecar["inputs"][0]["dtype"] == "int8"
    encodings = json.loads((tmp_path / f"net_{precision}.encodings.json").read_text())
    widths = {layer["bits"] for layer in encodings["layers"].values()}
    assert widths == ({7, 8} if "--seven-bit" in arguments else {8})


@pytest.mark.parametrize(
    ("arguments", "code", "word"),
    [
        (("--recipe", "minmaxx"), 2, "did you mean minmax"),
        (("--recipe", "minmax+byas"), 2, "did you mean bias"),
        (("--calibration-data", "nowhere"), 2, "no such folder or file"),
        (("--seven-bit", "nothing"), 2, "no layer 'nothing'"),
        (("--max-drop", "1"), 2, "--preprocessing"),
        (("--encodings", "nowhere.json"), 2, "cannot read the encodings"),
        (("--calibration-samples", "0"), 2, "1 sample or more"),
    ],
)
def test_a_slip_of_the_pen_is_one_line_and_writes_nothing(
    arguments: tuple[str, ...],
    code: int,
    word: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    source = str(net(tmp_path / "net.onnx"))
    assert _quantized(tmp_path / "out", source, *arguments) == code
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert error.startswith("error: ")
    assert word in error
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("where", ["w1", "w0"])
def test_numbers_that_are_none_are_refused(
    where: str, tmp_path: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    weight = graphs.weights(8, 1, 3, 3, seed=3) if where == "w1" else graphs.weights(8, 3, 3, 3)
    weight.flat[0] = np.nan if where == "w1" else 3e38
    source = str(net(tmp_path / "net.onnx", **{where: weight}))
    assert _quantized(tmp_path / "out", source, "--calibration-data", str(data)) == 4
    assert "[not-finite]" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_samples_of_another_size_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = str(net(tmp_path / "net.onnx"))
    np.save(tmp_path / "x.npy", np.zeros((4, 3, 8, 8), np.float32))
    assert _quantized(tmp_path / "o", source, "--calibration-data", str(tmp_path / "x.npy")) == 4
    assert "[bad-samples]" in capsys.readouterr().err


def test_black_and_few_samples_are_warned_about(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = str(net(tmp_path / "net.onnx"))
    np.save(tmp_path / "x.npy", np.zeros((1, 3, 16, 16), np.float32))
    given = ("--calibration-data", str(tmp_path / "x.npy"), "--recipe", "minmax")
    assert _quantized(tmp_path / "o", source, *given) == 0
    assert "warning: calibrated on only 1 sample" in capsys.readouterr().err


def test_a_seeded_fault_collapses_and_the_ladder_repairs_it(tmp_path: Path, data: Path) -> None:
    """Channels scaled by 1 to 1000 between two layers leave the float function as it was."""
    factors = np.logspace(0, 3, 8).astype(np.float32)
    w0 = graphs.weights(8, 3, 3, 3, seed=1) * 0.3
    text = NET.replace("s = Add (r, p)", "s = Identity (p)").replace("(c, w2)", "(d, w2)")
    text = text.replace("  c = Clip (d, low, high)\n", "")
    clean = {"w0": w0, "b0": graphs.weights(8, seed=2), "w1": graphs.weights(8, 1, 3, 3, seed=3)}
    clean |= {"w2": graphs.weights(8, 8, 1, 1, seed=4) * 0.4, "w3": graphs.weights(5, 8, seed=5)}
    clean |= {"b3": graphs.weights(5, seed=6)}
    harmed = dict(clean, w0=w0 * factors[:, None, None, None], b0=clean["b0"] * factors)
    harmed["w1"] = clean["w1"] / factors[:, None, None, None]
    sqnr = {}
    for name, constants in (("clean", clean), ("harmed", harmed)):
        path = tmp_path / f"{name}.onnx"
        onnx.save(graphs.proto(text, **constants), path)
        for option in ("minmax", "minmax+equalize+bias"):
            folder = tmp_path / name / option
            given = ("--calibration-data", str(data), "--recipe", option, "--per-tensor")
            assert _quantized(folder, str(path), *given) == 0
            real, stored = _answers(path, data), _answers(folder / f"{name}_int8.onnx", data)
            sqnr[name, option] = 10 * np.log10((real**2).sum() / ((stored - real) ** 2).sum())
    ladder = "minmax+equalize+bias"
    assert sqnr["harmed", "minmax"] < sqnr["clean", "minmax"] - 6
    assert sqnr["harmed", ladder] > sqnr["harmed", "minmax"] + 6
    assert sqnr["harmed", ladder] > sqnr["clean", ladder] - 1


def _score(lost: float) -> Score:
    return Score(lost, True, 100 - lost, 20.0, 100, 1000, {})


def test_the_search_stops_within_the_budget_and_drops_what_is_not_needed() -> None:
    built: list[str] = []

    def build(what: recipe.Recipe) -> recipe.Recipe:
        built.append(what.text)
        return what

    def score(what: recipe.Recipe) -> Score:
        lost = 5.0 - 0.5 * ("equalize" in what.rungs) - 4.0 * ("bias" in what.rungs)
        return _score(lost + (what.ranges != "minmax"))

    outcome = climb.climb(recipe.parse("minmax"), 1.0, build, score)  # type: ignore[arg-type]
    assert outcome.within
    assert outcome.chosen.recipe.text == "minmax+bias"
    assert built[:2] == ["minmax", "mse"]
    assert not outcome.steps[1].kept
    failed = climb.climb(recipe.parse("minmax"), 0.1, build, score)  # type: ignore[arg-type]
    assert not failed.within
    assert failed.chosen.score.lost_points == pytest.approx(0.5)
    with pytest.raises(UsageError):
        climb.climb(recipe.parse("minmax"), -1, build, score)  # type: ignore[arg-type]


def test_a_budget_is_searched_for_and_traced(tmp_path: Path) -> None:
    arguments = ["--max-drop", "50", "--calibration-samples", "8", "--format", "onnx"]
    assert _quantized(tmp_path, "mobilenet-v1-0.25-cifar10", *arguments) == 0
    path = tmp_path / "mobilenet-v1-0.25-cifar10_int8.onnx.json"
    (step,) = json.loads(path.read_text())["trace"]
    assert step["action"] == "start"
    assert step["recipe"] == "minmax"
    assert step["latency"]["processes"] == 5
    assert step["kept"]


@pytest.mark.parametrize("text", ["minmax", "auto+equalize+bias", "mse:mse+adaround", "entropy"])
def test_recipes_are_written_as_they_are_read(text: str) -> None:
    assert recipe.parse(text).text == text
    assert recipe.get(text).rungs == tuple(text.split("+")[1:])


def test_a_recipe_comes_from_toml(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('ranges = "mse"\nrungs = ["bias", "equalize"]\nper_channel = false\n')
    found = recipe.get(str(path))
    assert (found.name, found.text, found.per_channel) == (
        "mine.toml",
        "mse/tensor+equalize+bias",
        False,
    )


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("ranges = ", RefusedError),
        ("colour = 1", RefusedError),
        ("per_channel = 3", RefusedError),
        ("rungs = [1]", RefusedError),
        ('rungs = ["nothing"]', UnknownNameError),
        ('weights = "nothing"', UnknownNameError),
        ("activation_bits = 9", UsageError),
        ("samples = 0", UsageError),
    ],
)
def test_a_bad_recipe_is_refused(text: str, error: type[Exception], tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(text)
    with pytest.raises(error):
        recipe.get(str(path))


@pytest.mark.parametrize("name", rungs.RUNGS)
def test_every_rung_leaves_a_draft_that_both_files_follow(
    name: str, tmp_path: Path, data: Path
) -> None:
    subject = quantize.prepare(str(net(tmp_path / "net.onnx")))
    given = reading.read(data, subject.inputs, None, None)
    what = recipe.parse(f"minmax+{name}")
    context = quantize.Context(given, given.sets, True, lambda _: None)
    draft = quantize.build(subject.graph, what, context)
    from edgekit.export import QuantizationRecord

    request = quantize.FileSettings(tmp_path / "out")
    made = quantize.to_files(subject.source, draft, QuantizationRecord(what.text), request)
    assert [entry.verified for entry in made] == ["passed", "passed"]
