"""Preprocessing is said once: by options or a file, kept in the sidecar, used from there on."""

from __future__ import annotations

import importlib
import json
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from PIL import Image

from edgekit.cli import COMMANDS
from edgekit.data import images, synthetic
from edgekit.errors import EdgekitError
from edgekit.models import Preprocessing, preprocessing
from edgekit.models.preprocessing_choice import PRESETS, PreprocessingChoice
from tests.specimens.commands import Cli
from tests.specimens.drawn import foreign

SIDE = 16
SAID = ("--mean", "104,117,123.5", "--std", "58,57,2", "--scale", "1", "--channel-order", "BGR",
        "--resize", "20", "--interpolation", "bicubic")  # fmt: skip
WANTED = Preprocessing((104.0, 117.0, 123.5), (58.0, 57.0, 2.0), SIDE, 20, 1.0, "BGR", "bicubic")
FILE = """
mean = [104, 117, 123.5]
std = [58, 57, 2]
scale = 1
channel_order = "BGR"
resize = 20
interpolation = "bicubic"
"""


@pytest.fixture
def net(tmp_path: Path) -> Path:
    return foreign.segmenter(tmp_path / "net.onnx", SIDE)


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "picture.png"
    Image.fromarray(synthetic.images(1, 24, 30)[0]).save(path)
    return path


def kept(file: Path) -> dict[str, object]:
    document = json.loads(file.with_name(f"{file.name}.json").read_text())
    found: dict[str, object] = document["preprocessing"]
    return found


def shown(cli: Cli, *arguments: object) -> tuple[np.ndarray, str]:
    code, out, err = cli("run", *arguments, "--raw", "--json")
    assert code == 0, err
    found = json.loads(out)
    (image,) = found["images"]
    return np.array(image["outputs"][0]["values"]), found["preprocessing_from"]


def test_options_and_a_file_say_the_same(cli: Cli, net: Path, tmp_path: Path) -> None:
    (tmp_path / "pixels.toml").write_text(FILE)
    for number, how in enumerate([SAID, ("--preprocessing", tmp_path / "pixels.toml")]):
        out = tmp_path / str(number)
        assert cli("export", net, "--format", "onnx", *how, "-o", out)[0] == 0
        assert kept(out / "net_float32.onnx") == json.loads(json.dumps(vars(WANTED)))


def test_later_commands_take_it_from_the_sidecar(
    cli: Cli, net: Path, picture: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    assert cli("export", net, *SAID, "-o", out)[0] == 0
    cut = images.fit(images.decode(picture), 20, SIDE, "bicubic")
    session = onnxruntime.InferenceSession(net)
    (wanted,) = session.run(None, {"x": WANTED.apply(cut[None])})
    file = out / "net_float32.onnx"
    found, by = shown(cli, file, picture)
    np.testing.assert_allclose(found, wanted.ravel(), rtol=1e-5, atol=1e-5)
    assert by == "sidecar"
    made = ("--recipe", "minmax", "--format", "tflite", "-o", out)
    assert cli("quantize", file, *made)[0] == 0
    assert kept(out / "net_int8.tflite") == kept(file)


def test_options_come_before_the_sidecar_and_the_card(
    cli: Cli, net: Path, picture: Path, tmp_path: Path
) -> None:
    file = tmp_path / "net_float32.onnx"
    assert cli("export", net, "--format", "onnx", *SAID, "-o", tmp_path)[0] == 0
    found, by = shown(cli, file, picture, "--mean", "0", "--std", "1")
    assert by == "option"
    cut = images.fit(images.decode(picture), 20, SIDE, "bicubic")
    session = onnxruntime.InferenceSession(net)
    (wanted,) = session.run(None, {"x": cut[None, ..., ::-1].transpose(0, 3, 1, 2).astype("f4")})
    np.testing.assert_allclose(found, wanted.ravel(), rtol=1e-5, atol=1e-5)
    card = preprocessing.imagenet(8, 9)
    over = PreprocessingChoice(resize=10, interpolation="bicubic").over(card, 8, "net")
    assert over == Preprocessing(card.mean, card.std, 8, 10, interpolation="bicubic")
    named = PreprocessingChoice(preset="raw").over(card, 8, "net")
    assert named == PRESETS.find("raw")(8, 9)


FAULTS = {
    "two means": (("--mean", "1,2", "--std", "1"), "--mean takes three numbers"),
    "four deviations": (("--mean", "1", "--std", "1,1,1,1"), "--std takes three numbers"),
    "deviation 0": (("--mean", "0", "--std", "1,0,1"), "--std divides by its numbers"),
    "scale 0": (("--scale", "0"), "--scale is a factor above 0"),
    "no number": (("--mean", "a"), "numbers are such as"),
    "a mean of other pixels": (
        ("--mean", "103.5,116.3,123.7", "--std", "1"),
        "lies outside of the scaled pixels, 0 to 1",
    ),
    "order": (("--channel-order", "RBG"), "--channel-order is RGB or BGR"),
    "interpolation": (("--interpolation", "area"), "--interpolation is bilinear or bicubic"),
    "resize below crop": (("--resize", "15", "--crop", "16"), "--resize 15 is too small"),
    "resize below input": (("--preprocessing", "raw", "--resize", "15"), "too small"),
    "another crop": (("--preprocessing", "raw", "--crop", "12"), "but "),
    "said twice": (("--preprocessing", "imagenet", "--mean", "0"), "says --mean already"),
    "half of it": (("--mean", "0.5"), "with both --mean and --std"),
    "no preset": (("--preprocessing", "imagnet"), "did you mean imagenet"),
    "no file": (("--preprocessing", "absent.toml"), "cannot read absent.toml"),
    "an unknown key": (("--preprocessing", "key.toml"), "there is no 'means' to say"),
    "a bad value": (("--preprocessing", "value.toml"), "resize cannot be 'big'"),
    "in file and option": (("--preprocessing", "size.toml", "--resize", "20"), "give either"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_impossible_is_told_in_a_line(
    fault: str, cli: Cli, net: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(net.parent)
    Path("key.toml").write_text("means = 1\n")
    Path("value.toml").write_text('resize = "big"\n')
    Path("size.toml").write_text("resize = 20\nmean = 0\nstd = 1\n")
    options, words = FAULTS[fault]
    code, _, err = cli("export", net.name, *options)
    (line,) = (line for line in err.splitlines() if line.lower().startswith("error: "))
    assert code == 2
    assert words in line
    assert not list(net.parent.glob("*_float32*"))


def test_a_network_of_no_image_has_no_preprocessing(cli: Cli, tmp_path: Path) -> None:
    two = foreign.two_inputs(tmp_path / "two.onnx")
    code, _, err = cli("export", two, "--preprocessing", "raw")
    assert code == 4
    assert "image 1,3,8,8, tokens 1,6, no square RGB image" in err


@pytest.mark.parametrize(
    "name", ["export", "quantize", "sensitivity", "evaluate", "verify", "run", "bundle"]
)
def test_every_command_that_reads_images_has_the_options(name: str) -> None:
    command = importlib.import_module(COMMANDS[name]).command
    has = {option for each in command.params for option in each.opts}
    assert {"--preprocessing", "--mean", "--std", "--scale", "--channel-order", "--resize",
            "--crop", "--interpolation"} <= has  # fmt: skip


def test_nothing_else_is_refused() -> None:
    for values in ((0.0,), (0.2, 0.3, 0.4)):
        PreprocessingChoice(mean=values, std=(1.0,)).over(None, 8, "net")
    with pytest.raises(EdgekitError):
        PreprocessingChoice(mean=(float("nan"),))
