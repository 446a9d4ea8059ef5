"""`--fold-preprocessing`: raw pixels in, and the original network's answers to normalized ones."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest

from edgekit.models import Preprocessing
from edgekit.processes import child
from tests.specimens import graphs
from tests.specimens.commands import Cli
from tests.specimens.graphs import weights

SIDE = 12
HEAD = f"g (float[1,3,{SIDE},{SIDE}] x) => "
CONV = {"w": weights(8, 3, 3, 3) / 5, "b": weights(8, seed=1)}
NETWORKS = {
    "padded": (
        HEAD + f"(float[1,8,{SIDE},{SIDE}] y) {{ c = Conv<pads=[1,1,1,1]>(x, w, b)\n"
        " y = Relu(c) }",
        CONV,
    ),
    "unpadded": (HEAD + "(float[1,8,10,10] y) { c = Conv(x, w, b)\n y = Relu(c) }", CONV),
    "padded on one side, without a bias": (
        HEAD + "(float[1,8,5,6] y) { c = Conv<pads=[0,1,0,1], strides=[2,2]>(x, w)\n y = Relu(c) }",
        {"w": CONV["w"]},
    ),
    "two readers": (
        HEAD + f"(float[1,8,{SIDE},{SIDE}] y) {{ c = Conv<pads=[1,1,1,1]>(x, w, b)\n"
        " d = Conv(x, v)\n y = Add(c, d) }",
        {**CONV, "v": weights(8, 3, 1, 1, seed=2)},
    ),
    "channel by channel": (
        HEAD + f"(float[1,6,{SIDE},{SIDE}] y) {{ c = Conv<pads=[1,1,1,1], group=3>(x, w)\n"
        " y = Conv(c, v) }",
        {"w": weights(3, 1, 3, 3), "v": weights(6, 3, 1, 1, seed=2)},
    ),
    "a pool first": (
        HEAD + "(float[1,8,6,6] y) { p = MaxPool<kernel_shape=[2,2], strides=[2,2]>(x)\n"
        " y = Conv<pads=[1,1,1,1]>(p, w, b) }",
        CONV,
    ),
}
SAID = {
    "per channel, BGR": Preprocessing(
        (104.0, 117.0, 123.5), (58.0, 57.0, 61.0), SIDE, SIDE, 1.0, "BGR"
    ),
    "one for all": Preprocessing((0.5,) * 3, (0.5,) * 3, SIDE, SIDE),
    "no mean": Preprocessing((0.0,) * 3, (0.25, 0.5, 1.0), SIDE, SIDE),
}


def options(wanted: Preprocessing) -> list[str]:
    lists = {"--mean": wanted.mean, "--std": wanted.std}
    found = [part for name, values in lists.items() for part in (name, ",".join(map(str, values)))]
    return [*found, "--scale", str(wanted.scale), "--channel-order", wanted.channel_order]


def written(path: Path, name: str) -> Path:
    text, constants = NETWORKS[name]
    onnx.save(graphs.proto(text, **constants), path)
    return path


def pixels() -> np.ndarray:
    """Noise, and images that show at the border what is padded: black, white, and red."""
    drawn = np.random.default_rng(0).integers(0, 256, (2, SIDE, SIDE, 3), np.uint8)
    plain = [np.full((SIDE, SIDE, 3), colour, np.uint8) for colour in (0, 255, (255, 0, 0))]
    return np.concatenate([drawn, np.stack(plain)])


def expected(source: Path, wanted: Preprocessing) -> np.ndarray:
    session = onnxruntime.InferenceSession(source)
    return np.concatenate([session.run(None, {"x": wanted.apply(p[None])})[0] for p in pixels()])


def answered(file: Path) -> np.ndarray:
    """What the unmodified runtime answers to bare pixels."""
    is_tflite = file.suffix == ".tflite"
    order = (0, 1, 2, 3) if is_tflite else (0, 3, 1, 2)
    feeds = [{"x": np.ascontiguousarray(p[None].transpose(order))} for p in pixels()]
    info, outputs = child.run(file, feeds)
    assert [each.dtype for each in info.inputs] == ["uint8"]
    found = np.concatenate([each["y"] for each in outputs])
    return found.transpose(0, 3, 1, 2) if is_tflite else found


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("said", SAID)
def test_raw_pixels_give_the_answers_to_normalized_ones(
    network: str, said: str, cli: Cli, tmp_path: Path
) -> None:
    source, wanted = written(tmp_path / "net.onnx", network), SAID[said]
    arguments = ("export", source, *options(wanted), "--fold-preprocessing", "-o", tmp_path)
    code, _, err = cli(*arguments)
    assert code == 0, err
    exact = expected(source, wanted)
    for form in ("onnx", "tflite"):
        found = answered(tmp_path / f"net_float32.{form}")
        np.testing.assert_allclose(found, exact, atol=2e-5 * np.ptp(exact))


@pytest.mark.parametrize("network", ["padded", "unpadded", "channel by channel"])
def test_integer_files_take_the_bytes_as_they_are(network: str, cli: Cli, tmp_path: Path) -> None:
    source, wanted = written(tmp_path / "net.onnx", network), SAID["per channel, BGR"]
    np.save(tmp_path / "pixels.npy", pixels())
    code, _, err = cli(
        "quantize", source, *options(wanted), "--fold-preprocessing", "--recipe", "minmax",
        "--calibration-data", tmp_path / "pixels.npy", "-o", tmp_path,
    )  # fmt: skip
    assert code == 0, err
    exact = expected(source, wanted)
    files = [tmp_path / f"net_int8.{form}" for form in ("onnx", "tflite")]
    answers = [answered(file) for file in files]
    np.testing.assert_array_equal(*answers)
    border = np.ones(exact.shape, bool)
    border[..., 1:-1, 1:-1] = False
    for part in (border, ~border):
        noise = ((answers[0] - exact)[part] ** 2).sum()
        assert 10 * np.log10((exact[part] ** 2).sum() / noise) > 25
    info = child.describe(files[1])
    assert (info.inputs[0].scale, info.inputs[0].zero_point) == (1.0, 0)
    assert info.operators["QUANTIZE"] == 1  # from unsigned to signed
    held = onnx.load(files[0]).graph
    readers = {node.op_type for node in held.node if "x" in node.input}
    assert readers == {"DequantizeLinear"}, "nothing is done to the bytes"


def test_later_commands_feed_raw_pixels(cli: Cli, tmp_path: Path) -> None:
    source, wanted = written(tmp_path / "net.onnx", "padded"), SAID["per channel, BGR"]
    folded, plain = tmp_path / "folded", tmp_path / "plain"
    assert cli("export", source, *options(wanted), "-o", plain)[0] == 0
    assert cli("export", source, *options(wanted), "--fold-preprocessing", "-o", folded)[0] == 0
    kept = json.loads((folded / "net_float32.tflite.json").read_text())
    assert (
        kept["folded"]
        == json.loads((plain / "net_float32.tflite.json").read_text())["preprocessing"]
    )
    assert (kept["preprocessing"]["mean"], kept["preprocessing"]["scale"]) == ([0, 0, 0], 1)
    file = folded / "net_float32.tflite"
    against = ("--against", plain / "net_float32.onnx", "--limit", 3, "--json")
    code, out, err = cli("evaluate", file, *against)
    assert code == 0, err
    (output,) = json.loads(out)["summary"]["outputs"]
    assert output["sqnr_db"] > 90
    code, _, err = cli("evaluate", file, *against, "--mean", "0", "--std", "1")
    assert code == 2
    assert "normalizes them itself" in err
    code, out, err = cli("quantize", folded / "net_float32.onnx", "--recipe", "minmax",
                         "--format", "tflite", "-o", folded)  # fmt: skip
    assert code == 0, err
    assert child.describe(folded / "net_int8.tflite").inputs[0].dtype == "uint8"
    again = ("export", folded / "net_float32.onnx", "--fold-preprocessing")
    assert "nothing to fold" in cli(*again)[2]


def test_what_cannot_be_folded_is_told(cli: Cli, tmp_path: Path) -> None:
    source = written(tmp_path / "net.onnx", "padded")
    code, _, err = cli("export", source, "--fold-preprocessing", "-o", tmp_path)
    assert code == 4
    assert "[cannot-fold]" in err
    assert "--mean and --std" in err
