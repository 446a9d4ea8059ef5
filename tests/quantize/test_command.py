"""`edgekit quantize` as its users meet it: files, printed words, faults and exit codes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from PIL import Image

from edgekit import runtimes
from edgekit.emulation import isa
from edgekit.evaluate.verification import saturation
from edgekit.export import artifact
from edgekit.quantize import rungs
from edgekit.quantize.budget import climb
from tests.specimens import graphs
from tests.specimens.commands import Cli
from tests.specimens.files import OPS, tiny_tflite
from tests.specimens.graphs import weights

NET = """net (float[1,3,8,8] x) => (float[1,5] y) {
  a = Conv<pads=[1,1,1,1]>(x, w1, b1)
  r = Relu(a)
  c = Conv(r, w2)
  d = Relu(c)
  p = GlobalAveragePool(d)
  f = Flatten(p)
  y = Gemm<transB=1>(f, w3, b3) }"""


def save(path: Path, **changed: np.ndarray) -> Path:
    """Write the small network as a user's own .onnx."""
    constants = {
        "w1": weights(6, 3, 3, 3),
        "b1": weights(6, seed=1),
        "w2": weights(8, 6, 1, 1, seed=2),
        "w3": weights(5, 8, seed=3),
        "b3": weights(5, seed=4),
        **changed,
    }
    onnx.save(graphs.proto(NET, **constants), path)
    return path


@pytest.fixture
def net(tmp_path: Path) -> Path:
    return save(tmp_path / "net.onnx")


def pictures(folder: Path, count: int = 12, value: int | None = None) -> Path:
    folder.mkdir(parents=True)
    generator = np.random.default_rng(0)
    for number in range(count):
        pixels = generator.integers(0, 256, (8, 8, 3), np.uint8)
        if value is not None:
            pixels[:] = value
        Image.fromarray(pixels).save(folder / f"{number:02}.png")
    return folder


def written(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def error_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.startswith("error: ")]
    assert len(lines) == 1, text
    assert "Traceback" not in text
    return lines[0]


IMAGES = ("--preprocessing", "raw", "--recipe", "minmax+equalize+bias")


# --- what it writes -----------------------------------------------------------------------


def test_files_of_both_formats_their_sidecars_and_their_encodings(
    cli: Cli, net: Path, tmp_path: Path
) -> None:
    images, out = pictures(tmp_path / "images"), tmp_path / "out"
    code, shown, progress = cli("quantize", net, "--calibration-data", images, *IMAGES, "-o", out)
    assert code == 0, progress
    assert set(written(out)) == {
        "net_int8.onnx", "net_int8.onnx.json", "net_int8.tflite", "net_int8.tflite.json",
        "net_int8.encodings.json",
    }  # fmt: skip
    assert "recipe minmax+equalize+bias" in shown
    assert "calibrated on folder images, 12 unlabelled images" in shown
    assert "warning" not in progress
    for name in ("net_int8.onnx", "net_int8.tflite"):
        entry = artifact.load(out / name)
        assert entry is not None
        assert (entry.precision, entry.recipe) == ("int8", "minmax+equalize+bias")
        assert entry.verified == "passed"
        assert entry.trace == ()
    info = runtimes.load("tflite", out / "net_int8.tflite").info()
    assert (info.partitions, info.operators_outside) == (1, ())


def test_the_encodings_file_makes_the_same_files_again(cli: Cli, net: Path, tmp_path: Path) -> None:
    images = pictures(tmp_path / "images")
    first, second = tmp_path / "first", tmp_path / "second"
    how = ("--preprocessing", "raw", "--recipe", "mse:mse+equalize+batch-norm+adaround+mixed")
    assert cli("quantize", net, "--calibration-data", images, *how, "-o", first)[0] == 0
    encodings = first / "net_int8.encodings.json"
    code, shown, _ = cli("quantize", net, "--encodings", encodings, "-o", second)
    assert code == 0
    assert "encodings net_int8.encodings.json" in shown
    for name in ("net_int8.onnx", "net_int8.tflite", "net_int8.encodings.json"):
        assert (first / name).read_bytes() == (second / name).read_bytes()


def test_json_is_one_document(cli: Cli, net: Path, tmp_path: Path) -> None:
    code, shown, progress = cli(
        "quantize", net, "--recipe", "minmax", "-o", tmp_path / "o", "--json"
    )
    assert code == 0
    document = json.loads(shown)
    assert (document["schema"], document["schema_version"]) == ("edgekit.quantize", 1)
    assert [entry["format"] for entry in document["artifacts"]] == ["onnx", "tflite"]
    assert document["within_budget"] is None
    (warning,) = document["warnings"]
    assert "no real inputs" in warning
    assert f"warning: {warning}" in progress


def test_one_format_integer_io_and_other_widths(cli: Cli, net: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    how = ("--recipe", "minmax", "--format", "litert", "--io", "int8", "-o", out)
    assert cli("quantize", net, *how)[0] == 0
    info = runtimes.load("tflite", out / "net_int8.tflite").info()
    assert {tensor.dtype for tensor in (*info.inputs, *info.outputs)} == {"int8"}
    assert not (out / "net_int8.onnx").exists()
    how = ("--recipe", "minmax", "--format", "ort", "--precision", "w8a16", "-o", out)
    assert cli("quantize", net, *how)[0] == 0
    assert (out / "net_int16x8.onnx").is_file()
    assert (out / "net_int16x8.encodings.json").is_file()


# --- the search ---------------------------------------------------------------------------


@pytest.fixture
def no_timing(monkeypatch: pytest.MonkeyPatch) -> None:
    def of_float(before: Path, after: Path) -> dict[str, float | int]:
        assert before.is_file()
        assert after.is_file()
        return {"ratio": 0.5, "ratio_low": 0.4, "ratio_high": 0.6}

    monkeypatch.setattr("edgekit.cli.quantize.latency.of_float", of_float)


@pytest.mark.usefixtures("no_timing")
def test_the_search_is_in_the_table_and_in_the_sidecar(cli: Cli, net: Path, tmp_path: Path) -> None:
    images, out = pictures(tmp_path / "images", 24), tmp_path / "out"
    common = ("--calibration-data", images, "--calibration-samples", 8, "--preprocessing", "raw")
    code, shown, _ = cli("quantize", net, *common, "--max-drop", 100, "-o", out)
    assert code == 0
    assert "budget of 100 points kept" in shown
    (step,) = _trace(out)
    assert (step["action"], step["recipe"], step["kept"]) == ("start", "minmax", True)
    assert step["images"] == 16, "those that were not calibrated with"
    assert step["labelled"] is False
    assert step["latency"]["ratio"] == 0.5
    assert "0.50 [0.40, 0.60] of float32" in shown


@pytest.mark.usefixtures("no_timing")
def test_a_budget_that_cannot_be_kept_is_a_failed_check(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The classes differ by less than a step, so their order is lost whatever a bias does."""
    monkeypatch.setattr(climb, "RUNGS", {"bias": rungs.get("bias")})
    last = np.repeat(weights(1, 8, seed=3), 5, axis=0)
    last[1] *= 1 + 1e-5
    last[2] *= 1 - 1e-5
    net = save(tmp_path / "net.onnx", w3=last, b3=np.zeros(5, np.float32))
    images, out = pictures(tmp_path / "images", 24), tmp_path / "out"
    code, shown, progress = cli(
        "quantize", net, "--calibration-data", images, "--calibration-samples", 8,
        "--preprocessing", "raw", "--recipe", "percentile", "--max-drop", 0, "-o", out,
    )  # fmt: skip
    assert code == 1, progress
    assert "budget of 0 points NOT kept: no rung is left" in shown
    assert (out / "net_int8.onnx").is_file(), "the files are written all the same"
    assert [step["action"] for step in _trace(out)] == ["start", "add bias"]


def _trace(out: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((out / "net_int8.onnx.json").read_text())["trace"]
    return found


# --- warnings -----------------------------------------------------------------------------


def test_one_image_is_warned_of(cli: Cli, net: Path, tmp_path: Path) -> None:
    images = pictures(tmp_path / "images", 1)
    code, _, progress = cli(
        "quantize", net, "--calibration-data", images, *IMAGES, "-o", tmp_path / "out"
    )
    assert code == 0
    assert "warning: calibrated on only 1 sample" in progress


def test_black_images_are_warned_of(cli: Cli, net: Path, tmp_path: Path) -> None:
    images = pictures(tmp_path / "images", 9, value=0)
    code, _, progress = cli(
        "quantize", net, "--calibration-data", images, *IMAGES, "-o", tmp_path / "out",
        "--no-verify",
    )  # fmt: skip
    assert code == 0
    assert "warning: every calibration sample is one value throughout" in progress


# --- faults: one line, the right exit code, nothing written -------------------------------


def refused(cli: Cli, out: Path, code: int, *arguments: object) -> str:
    before = written(out) if out.exists() else None
    found, shown, progress = cli("quantize", *arguments, "-o", out)
    assert found == code, progress
    assert shown == ""
    assert (written(out) if out.exists() else None) == before
    return error_line(progress)


def test_calibration_data_that_is_not_there(cli: Cli, net: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    missing = ("--calibration-data", tmp_path / "missing", *IMAGES)
    assert "there is no such folder or file" in refused(cli, out, 2, net, *missing)
    (tmp_path / "empty").mkdir()
    empty = ("--calibration-data", tmp_path / "empty", *IMAGES)
    assert "[no-samples]" in refused(cli, out, 2, net, *empty)


def test_images_without_a_known_preprocessing(cli: Cli, net: Path, tmp_path: Path) -> None:
    images = pictures(tmp_path / "images", 2)
    line = refused(cli, tmp_path / "out", 2, net, "--calibration-data", images)
    assert "--preprocessing" in line
    budget = ("--max-drop", 1, "--recipe", "minmax")
    assert "--preprocessing" in refused(cli, tmp_path / "out", 2, net, *budget)


def test_an_array_of_another_size(cli: Cli, net: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "wrong.npy", np.zeros((9, 3, 7, 7), np.float32))
    line = refused(cli, tmp_path / "out", 4, net, "--calibration-data", tmp_path / "wrong.npy")
    assert "(9, 3, 7, 7)" in line
    assert line.endswith("[bad-samples]")


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("name", ["w1", "b1", "w2"])
def test_weights_that_are_not_finite(cli: Cli, tmp_path: Path, name: str, value: float) -> None:
    bad = {"w1": weights(6, 3, 3, 3), "b1": weights(6), "w2": weights(8, 6, 1, 1)}[name].copy()
    bad.flat[0] = value
    net = save(tmp_path / "net.onnx", **{name: bad})
    line = refused(cli, tmp_path / "out", 4, net, "--recipe", "minmax+equalize")
    assert line.endswith("[not-finite]")


def test_activations_that_overflow(cli: Cli, tmp_path: Path) -> None:
    net = save(
        tmp_path / "net.onnx",
        w1=weights(6, 3, 3, 3) * np.float32(1e30),
        w2=np.abs(weights(8, 6, 1, 1)) * np.float32(1e30),
    )
    for recipe in ("minmax", "default"):
        line = refused(cli, tmp_path / "out", 4, net, "--recipe", recipe)
        assert line.endswith("[not-finite]")


def test_encodings_of_another_network(cli: Cli, net: Path, tmp_path: Path) -> None:
    other = save(tmp_path / "other.onnx", w3=weights(5, 8, seed=8))
    made = tmp_path / "made"
    how = ("--recipe", "minmax", "--format", "onnx", "--no-verify", "-o", made)
    assert cli("quantize", other, *how)[0] == 0
    encodings = made / "other_int8.encodings.json"
    line = refused(cli, tmp_path / "out", 4, net, "--encodings", encodings)
    assert line.endswith("[encodings-mismatch]")
    line = refused(cli, tmp_path / "out", 2, net, "--encodings", tmp_path / "missing.json")
    assert "cannot read the encodings" in line
    line = refused(cli, tmp_path / "out", 2, other, "--encodings", encodings, "--max-drop", 1)
    assert "--max-drop" in line


def test_an_existing_file_is_kept_without_force(cli: Cli, net: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "net_int8.tflite").write_bytes(b"mine")
    how = (net, "--recipe", "minmax", "--no-verify")
    assert refused(cli, out, 4, *how).endswith("[file-exists]")
    assert cli("quantize", *how, "-o", out, "--force")[0] == 0
    assert (out / "net_int8.tflite").read_bytes() != b"mine"


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--max-drop", "-1", "--preprocessing", "raw"), "--max-drop takes points from 0 up"),
        (("--max-drop", "nan", "--preprocessing", "raw"), "--max-drop takes points from 0 up"),
        (("--recipe", "defualt"), "did you mean default"),
        (("--recipe", "minmax+equal"), "did you mean equalize"),
        (("--seven-bit", "nothing"), "no layer 'nothing'"),
        (("--calibration-samples", "0"), "1 sample or more"),
        (("--format", "coreml"), "unknown format"),
        (("--data", "nowhere"), "no such folder"),
        (("--recipe", "nowhere.toml"), "cannot read the recipe"),
    ],
    ids=str,
)
def test_requests_that_make_no_sense(
    options: tuple[str, ...], says: str, cli: Cli, net: Path, tmp_path: Path
) -> None:
    assert says in refused(cli, tmp_path / "out", 2, net, *options)


def test_a_recipe_file_with_a_fault(cli: Cli, net: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text("rungz = []")
    line = refused(cli, tmp_path / "out", 4, net, "--recipe", tmp_path / "mine.toml")
    assert line.endswith("[bad-recipe]")


def test_a_tflite_file_is_no_source(cli: Cli, tmp_path: Path) -> None:
    path = tiny_tflite(tmp_path / "net.tflite", [OPS.RELU])
    assert "is a .tflite already" in refused(cli, tmp_path / "out", 2, path)


def test_faults_in_json_name_their_reason(cli: Cli, net: Path, tmp_path: Path) -> None:
    code, shown, _ = cli("quantize", net, "--recipe", "defualt", "-o", tmp_path / "out", "--json")
    document = json.loads(shown)
    assert (code, document["schema"], document["reason_code"]) == (
        2,
        "edgekit.error",
        "unknown-name",
    )


# --- processors whose products saturate ---------------------------------------------------


def test_a_saturating_layer_is_named_and_repaired_with_seven_bits(cli: Cli, tmp_path: Path) -> None:
    for name in ("avx2", "cortex-a76") if isa.pairs_saturate(isa.NATIVE) else ("avx2",):
        reason = isa.missing(name)
        if reason:
            pytest.skip(reason)
    sound = "cortex-a76" if isa.pairs_saturate(isa.NATIVE) else isa.NATIVE
    loud = (
        np.full((16, 16, 1, 1), 1, np.float32)
        - np.arange(16, dtype=np.float32)[:, None, None, None] / 64
    )
    quiet = np.eye(16, dtype=np.float32)[:, :, None, None]
    text = """net (float[1,16,4,4] x) => (float[1,16,4,4] y) {
        a = Conv(x, w1)
        r = Relu(a)
        c = Conv(r, w2)
        y = Relu(c) }"""
    net = tmp_path / "net.onnx"
    onnx.save(graphs.proto(text, w1=quiet, w2=loud), net)
    generator = np.random.default_rng(0)
    samples = generator.uniform(0.7, 1, (8, 16, 4, 4)).astype(np.float32)
    np.save(tmp_path / "samples.npy", samples)
    how = (net, "--calibration-data", tmp_path / "samples.npy", "--recipe", "minmax")
    assert cli("quantize", *how, "--format", "onnx", "-o", tmp_path / "plain")[0] == 0
    feeds = [{"x": sample[None]} for sample in samples[:2]]
    found = saturation.find(str(tmp_path / "plain" / "net_int8.onnx"), feeds, "avx2", sound)
    assert len(found) == 1
    layers = json.loads((tmp_path / "plain" / "net_int8.encodings.json").read_text())["layers"]
    (name,) = {layer.name for layer in found}
    assert name in layers, "the remedy takes the name that the check gives"
    code, _, progress = cli(
        "quantize", *how, "--format", "onnx", "--seven-bit", name, "-o", tmp_path / "seven"
    )
    assert code == 0, progress
    path = str(tmp_path / "seven" / "net_int8.onnx")
    assert saturation.find(path, feeds, "avx2", sound) == ()


# --- provenance ---------------------------------------------------------------------------


def test_a_named_recipe_and_its_text_are_the_same_thing(
    cli: Cli, net: Path, tmp_path: Path
) -> None:
    """So are the number of samples in the sidecar and the number that was used."""
    np.save(tmp_path / "samples.npy", weights(80, 3, 8, 8, seed=5))
    how = ("--calibration-data", tmp_path / "samples.npy", "--format", "onnx")
    found = {}
    for name, recipe in (
        ("named", "fast"),
        ("spelled", "moving-average+equalize+bias#64"),
        ("all", "moving-average+equalize+bias"),
        ("older", "moving-average+equalise+bias"),
    ):
        code, _, shown = cli("quantize", net, *how, "--recipe", recipe, "-o", tmp_path / name)
        assert code == 0, shown
        kept = json.loads((tmp_path / name / "net_int8.onnx.json").read_text())
        encodings = (tmp_path / name / "net_int8.encodings.json").read_bytes()
        found[name] = (kept["recipe"], kept["calibration"], encodings)
    assert found["named"] == found["spelled"]
    assert found["all"] == found["older"]
    assert found["named"][:2] == (
        "moving-average+equalize+bias#64",
        "samples.npy, 64 samples, evenly spaced among 80",
    )
    assert found["all"][:2] == ("moving-average+equalize+bias", "samples.npy, 80 samples")
    assert found["named"][2] != found["all"][2]


def test_the_number_that_the_user_gives_goes_before_the_recipe(
    cli: Cli, net: Path, tmp_path: Path
) -> None:
    np.save(tmp_path / "samples.npy", weights(80, 3, 8, 8, seed=5))
    out = tmp_path / "out"
    code, _, shown = cli(
        "quantize", net, "--calibration-data", tmp_path / "samples.npy", "--recipe", "fast",
        "--calibration-samples", 70, "--per-tensor", "--format", "onnx", "-o", out,
    )  # fmt: skip
    assert code == 0, shown
    kept = json.loads((out / "net_int8.onnx.json").read_text())
    assert kept["recipe"] == "moving-average/tensor+equalize+bias"
    assert kept["calibration"] == "samples.npy, 70 samples, evenly spaced among 80"
