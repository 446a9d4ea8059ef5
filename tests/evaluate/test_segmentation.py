"""Label maps: mean IoU and pixel accuracy, against a count by hand; agreement of pixels."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from PIL import Image

from edgekit import quantize
from edgekit.data import images, masks, synthetic
from edgekit.evaluate import EvaluateRequest, OutputEvaluation, judge
from edgekit.evaluate.outputs.segmentation import Segmentation
from edgekit.models import preprocessing
from edgekit.quantize import QuantizeRequest
from tests.specimens.commands import Cli
from tests.specimens.drawn import foreign

SIDE, COUNT = 16, 6
PIXELS = preprocessing.minus_one_to_one(SIDE, 18)
SAID = ("--preprocessing", "minus-one-to-one")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Images with label maps of their strongest colour, some of it wrong, some not labelled."""
    root, rng = tmp_path / "data", np.random.default_rng(0)
    for name in ("images", "masks"):
        (root / name).mkdir(parents=True)
    for number, picture in enumerate(synthetic.images(COUNT, 20, 26)):
        labels = picture.argmax(axis=2).astype(np.uint8)
        labels[rng.random(labels.shape) < 0.2] = 1
        labels[rng.random(labels.shape) < 0.1] = 255
        Image.fromarray(picture).save(root / "images" / f"{number}.png")
        Image.fromarray(labels).save(root / "masks" / f"{number}.png")
    return root


@pytest.fixture
def net(tmp_path: Path) -> Path:
    return foreign.segmenter(tmp_path / "net.onnx", SIDE)


def by_hand(net: Path, data: Path) -> tuple[float, float]:
    session = onnxruntime.InferenceSession(net)
    pairs = set()
    for number in range(COUNT):
        pixels = images.fit(images.decode(data / f"images/{number}.png"), 18, SIDE, "bilinear")
        (scores,) = session.run(None, {"x": PIXELS.apply(pixels[None])})
        labels = Image.open(data / f"masks/{number}.png").resize((23, 18), Image.Resampling.NEAREST)
        cut = np.asarray(labels)[1:17, 4:20]
        for place in np.ndindex(SIDE, SIDE):
            if cut[place] != 255:
                pairs.add((number, place, int(cut[place]), int(scores[0, :, *place].argmax())))
    ious = []
    for label in range(foreign.CLASSES):
        both = sum(true == given == label for _, _, true, given in pairs)
        either = sum(label in (true, given) for _, _, true, given in pairs)
        ious += [both / either] if either else []
    return sum(ious) / len(ious), sum(true == given for _, _, true, given in pairs) / len(pairs)


def test_mean_iou_is_a_count_of_pixels(cli: Cli, net: Path, data: Path) -> None:
    code, out, err = cli("evaluate", net, "--data", data, *SAID, "--json")
    assert code == 0, err
    (found,) = json.loads(out)["summary"]["segmentation"]
    wanted = by_hand(net, data)
    assert 0.3 < wanted[0] < 0.95
    assert (found["mean_iou"], found["pixel_accuracy"]) == pytest.approx(wanted)
    code, out, _ = cli("evaluate", net, "--data", data, *SAID)
    assert f"{100 * wanted[0]:.2f} %" in out


def test_int8_is_judged_by_pixels(cli: Cli, net: Path, data: Path, tmp_path: Path) -> None:
    result = quantize.run(
        QuantizeRequest(
            str(net), calibration_data=data / "images", recipe="minmax",
            preprocessing="minus-one-to-one", folder=tmp_path,
        )
    )  # fmt: skip
    for entry in result.artifacts:
        (fidelity,) = entry.fidelity
        assert fidelity.agreement is not None
        assert 0.9 < fidelity.agreement <= 1
        found = judge(EvaluateRequest(str(entry.path), data, against=str(tmp_path / "net.onnx"),
                                      settings=_settings()))  # fmt: skip
        assert isinstance(found, OutputEvaluation)
        (output,) = found.outputs
        assert output.agreement is not None
        assert output.agreement.of == COUNT * SIDE * SIDE
        assert found.file.segmentation is not None
        assert found.against is not None
        assert found.against.segmentation is not None
    code, out, _ = cli("quantize", net, "--calibration-data", data / "images", *SAID, "--max-drop",
                       20, "-o", tmp_path / "budget")  # fmt: skip
    assert code == 0
    assert "agreement" in out


def _settings() -> object:
    from edgekit.evaluate import Settings

    return Settings(preprocessing="minus-one-to-one")


def test_classes_without_pixels_do_not_count() -> None:
    found = Segmentation.of(4).plus(np.array([[0, 1], [255, 0]]), np.array([[0, 1], [3, 1]]), "m")
    assert found.iou == (1 / 2, 1 / 2, None, None)
    assert (found.mean_iou, found.pixel_accuracy) == (1 / 2, 2 / 3)


def test_a_smaller_output_is_read_at_its_pixels_centres() -> None:
    labels = np.arange(16).reshape(4, 4) % 3
    found = Segmentation.of(3).plus(labels, labels[1::2, 1::2], "m")
    assert found.mean_iou == 1


def spoilt(data: Path, fault: str) -> None:
    mask = data / "masks" / "0.png"
    if fault == "missing":
        mask.unlink()
    elif fault == "colours":
        Image.new("RGB", (26, 20)).save(mask)
    elif fault == "size":
        Image.new("L", (26, 21)).save(mask)
    elif fault == "class":
        Image.new("L", (26, 20), 3).save(mask)
    else:
        mask.write_text("no picture")


@pytest.mark.parametrize(
    ("fault", "expected", "says"),
    [
        ("missing", 2, "has no label map"),
        ("colours", 4, "(mode RGB)"),
        ("size", 4, "(21, 26) pixels"),
        ("class", 4, "has the label 3, but the network has 3 classes"),
        ("damaged", 4, "no readable PNG"),
    ],
)
def test_label_maps_that_do_not_fit_are_told_in_a_line(
    fault: str, expected: int, says: str, cli: Cli, net: Path, data: Path
) -> None:
    spoilt(data, fault)
    code, _, err = cli("evaluate", net, "--data", data, *SAID)
    (line,) = (line for line in err.splitlines() if line.startswith("error: "))
    assert code == expected
    assert says in line


def test_palette_maps_hold_class_numbers(data: Path) -> None:
    mask = data / "masks" / "0.png"
    before = masks.read(data).labels(0, 18, SIDE)
    palette = Image.fromarray(np.asarray(Image.open(mask)))
    palette.putpalette([7, 8, 9] * 256)
    assert palette.mode == "P"
    palette.save(mask)
    np.testing.assert_array_equal(masks.read(data).labels(0, 18, SIDE), before)


def test_a_network_without_a_map_is_no_segmenter(cli: Cli, data: Path, tmp_path: Path) -> None:
    from tests.specimens import classifiers

    file = classifiers.brightest(tmp_path / "c", classifiers.PLAIN)["onnx"]
    code, _, err = cli("evaluate", file, "--data", data)
    assert code == 4
    assert "[not-a-segmenter]" in err
