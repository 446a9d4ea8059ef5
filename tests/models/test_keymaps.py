"""Checkpoints of other sources compute here what they compute there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import safetensors.torch
import torch
from torch import Tensor, nn

from edgekit import models
from edgekit.data import synthetic
from edgekit.errors import RefusedError
from edgekit.models.keymaps import KEYMAPS
from tests.specimens.networks import one_thread  # noqa: F401 (an autouse fixture)
from tests.transcriptions.common import randomize
from tests.transcriptions.megvii_shufflenet_v1 import Megvii
from tests.transcriptions.micronet_authors import micronet_m0
from tests.transcriptions.shiftresnet_cifar import ShiftResNet
from tests.transcriptions.tensorflow_mobilenet_v1 import tensorflow_mobilenet_v1
from tests.transcriptions.timm_mobilenet import timm_mobilenet_v1, timm_mobilenet_v2
from tests.transcriptions.torchvision_mobilenet_v2 import TorchvisionMobileNetV2

# For each source: a network, and the source's own version of it.
TORCH_SOURCES: dict[str, list[tuple[str, Callable[[], nn.Module]]]] = {
    "liyunsheng13/micronet": [("micronet-m0", micronet_m0)],
    "megvii-model/ShuffleNet-Series": [
        ("shufflenet-v1-0.5x-g3", lambda: Megvii(12, (120, 240, 480), 3)),
        ("shufflenet-v1-0.5x-g8", lambda: Megvii(16, (192, 384, 768), 8)),
        ("shufflenet-v1-2.0x-g3", lambda: Megvii(48, (480, 960, 1920), 3)),
    ],
    "alvinwan/shiftresnet-cifar": [("shiftresnet20-e3", lambda: ShiftResNet(3, 3))],
    "torchvision": [("mobilenet-v2-1.0-224", TorchvisionMobileNetV2)],
    "timm": [
        ("mobilenet-v1-1.0-224", timm_mobilenet_v1),
        ("mobilenet-v2-1.0-224", timm_mobilenet_v2),
    ],
}
TENSORFLOW_SOURCES = {"tensorflow/models slim": False, "keras.applications": True}


def test_every_source_is_tested() -> None:
    assert {keymap.source for keymap in KEYMAPS} == {*TORCH_SOURCES, *TENSORFLOW_SOURCES}


@pytest.mark.parametrize(
    ("source", "name", "build"),
    [(source, *row) for source, rows in TORCH_SOURCES.items() for row in rows],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_checkpoint_computes_what_it_did(
    tmp_path: Path, source: str, name: str, build: Callable[[], nn.Module]
) -> None:
    theirs = randomize(build())
    path = tmp_path / "checkpoint.pth"
    prefixed = {f"module.{key}": value for key, value in theirs.state_dict().items()}
    torch.save({"epoch": 7, "state_dict": prefixed}, path)
    loaded = models.load(models.get(name), path)
    assert loaded.source == source
    _, _, height, width = loaded.spec.input_shape
    images = loaded.spec.preprocessing.apply(synthetic.images(2, height, width, seed=5))
    with torch.inference_mode():
        expected, found = theirs(torch.from_numpy(images)), loaded.module(torch.from_numpy(images))
    spread = float(expected.max() - expected.min())
    assert spread > 1e-3
    assert float((expected - found).abs().max()) < 1e-5 * spread


def test_megvii_input_is_raw_and_blue_first(tmp_path: Path) -> None:
    torch.save(randomize(Megvii(12, (120, 240, 480), 3)).state_dict(), tmp_path / "w.pth")
    spec = models.load(models.get("shufflenet-v1-0.5x-g3"), tmp_path / "w.pth").spec
    pixels = synthetic.images(1, 224, 224, seed=2)
    expected = torch.from_numpy(pixels).permute(0, 3, 1, 2).flip(1).float()
    assert torch.equal(torch.from_numpy(spec.preprocessing.apply(pixels)), expected)


@pytest.mark.parametrize(("source", "keras"), TENSORFLOW_SOURCES.items())
def test_tensorflow_tensors_land_where_they_must(tmp_path: Path, source: str, keras: bool) -> None:
    generator = torch.Generator().manual_seed(3)
    shapes = tensorflow_mobilenet_v1(keras)
    theirs = {key: torch.rand(shape, generator=generator) for key, shape in shapes.items()}
    left_over = {} if keras else {"global_step": torch.tensor([7])}
    path = tmp_path / "slim.safetensors"
    safetensors.torch.save_file({**theirs, **left_over}, path)
    loaded = models.load(models.get("mobilenet-v1-1.0-224"), path)
    assert loaded.source == source
    ours = loaded.module.state_dict()

    def named(slim: str, in_keras: str) -> Tensor:
        return theirs[in_keras if keras else f"MobilenetV1/{slim}"]

    stem = named("Conv2d_0/weights", "conv1/kernel")
    assert ours["features.0.conv.weight"][5, 2, 0, 1] == stem[0, 1, 2, 5]
    for unit in range(1, 14):
        depthwise = named(f"Conv2d_{unit}_depthwise/depthwise_weights", f"conv_dw_{unit}/kernel")
        pointwise = named(f"Conv2d_{unit}_pointwise/weights", f"conv_pw_{unit}/kernel")
        ours_dw = ours[f"features.{2 * unit - 1}.conv.weight"]
        assert torch.equal(ours_dw[:, 0], depthwise[..., 0].permute(2, 0, 1))
        assert torch.equal(ours[f"features.{2 * unit}.conv.weight"][..., 0, 0], pointwise[0, 0].T)
        for part, theirs_part in (
            ("weight", "gamma"), ("bias", "beta"),
            ("running_mean", "moving_mean"), ("running_var", "moving_variance"),
        ):  # fmt: skip
            norm = f"Conv2d_{unit}_pointwise/BatchNorm/{theirs_part}"
            expected = named(norm, f"conv_pw_{unit}_bn/{theirs_part}")
            assert torch.equal(ours[f"features.{2 * unit}.bn.{part}"], expected)
    kernel = named("Logits/Conv2d_1c_1x1/weights", "conv_preds/kernel")[0, 0].T
    bias = named("Logits/Conv2d_1c_1x1/biases", "conv_preds/bias")
    assert torch.equal(ours["fc.weight"], kernel[-1000:])
    assert torch.equal(ours["fc.bias"], bias[-1000:])


def test_keras_2_names_are_the_same_tensors(tmp_path: Path) -> None:
    shapes = tensorflow_mobilenet_v1(keras=True)
    old = {
        f"{key.replace('/kernel', '/depthwise_kernel') if '_dw_' in key else key}:0": shape
        for key, shape in shapes.items()
    }
    torch.save({key: torch.ones(shape) for key, shape in old.items()}, tmp_path / "w.pt")
    assert models.load(models.get("mobilenet-v1-1.0-224"), tmp_path / "w.pt").source


def test_what_does_not_fit_is_named_as_the_file_names_it(tmp_path: Path) -> None:
    state = TorchvisionMobileNetV2().state_dict()
    del state["features.18.1.bias"]
    state["classifier.1.weight"] = torch.zeros(10, 1280)
    state["aux.weight"] = torch.zeros(1)
    torch.save(state, tmp_path / "w.pth")
    with pytest.raises(RefusedError) as caught:
        models.load(models.get("mobilenet-v2-1.0-224"), tmp_path / "w.pth")
    message = str(caught.value)
    assert "torchvision names" in message
    assert "1 missing (features.18.1.bias)" in message
    assert "1 unexpected (aux.weight)" in message
    assert "1 misshapen (classifier.1.weight (10, 1280) for (1000, 1280))" in message


def test_a_source_without_this_network_is_refused(tmp_path: Path) -> None:
    torch.save(Megvii(48, (480, 960, 1920), 3).state_dict(), tmp_path / "w.pth")
    for name in ("shufflenet-v1-2.0x-g3-se", "shufflenet-v1-1.0x-g8"):
        with pytest.raises(RefusedError) as caught:
            models.load(models.get(name), tmp_path / "w.pth")
        assert caught.value.reason_code == "weights-mismatch"
