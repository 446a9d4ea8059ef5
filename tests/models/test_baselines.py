"""Networks of other packages: found by prefix, refused with a reason, and as baselines with cards.

What needs pytorchcv is skipped where it is not installed (extra ``baselines``). torchvision and
timm are played by tiny modules: their real ones do not import beside a CPU build of torch.
benchmarks/baselines.py walks through all baselines.
"""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from edgekit import export, models
from edgekit.cli import run
from edgekit.errors import (
    EnvironmentMissingError,
    MissingPackageError,
    RefusedError,
    UnknownNameError,
)
from edgekit.export.graph import macs
from edgekit.export.sources import source
from edgekit.models import Preprocessing, libraries
from edgekit.models.families import baselines
from edgekit.models.libraries import base
from edgekit.models.preprocessing import cifar10, imagenet
from tests.specimens.networks import child, one_thread  # noqa: F401 (an autouse fixture)

needs_pytorchcv = pytest.mark.skipif(
    importlib.util.find_spec("pytorchcv") is None, reason="pytorchcv is not installed"
)
BASELINES = [name for name in models.names() if models.get(name).library]
HERE = [name for name in BASELINES if models.get(name).library.startswith("pytorchcv:")]
SMALL = ["squeezenet-1.1", "shufflenet-v2-0.5x", "mobilenet-v3-small-1.0", "regnet-x-200mf"]


# --- the cards ----------------------------------------------------------------------------


def test_baselines_are_told_apart() -> None:
    assert {"alexnet", "vgg-16", "googlenet", "resnet-50", "efficientnet-lite0"} <= set(BASELINES)
    assert set(models.names(baselines=False)) == set(models.names()) - set(BASELINES)
    for name in BASELINES:
        assert libraries.is_reference(models.get(name).library)
        assert any("top-1" in figure.metric for figure in models.get(name).published)
    assert set(baselines.PAPERS) == {models.get(name).family for name in BASELINES}


@needs_pytorchcv
@pytest.mark.parametrize("name", HERE)
def test_card_is_what_the_library_makes(name: str) -> None:
    spec = models.get(name)
    found = libraries.find(spec.library)
    assert (found.input_shape, found.preprocessing) == (spec.input_shape, spec.preprocessing)
    with torch.device("meta"):
        module = spec.build().eval()
    counted = models.count(module, spec.input_shape)
    assert (counted.params, counted.macs) == (spec.params, spec.macs)
    with torch.no_grad():
        assert module(torch.empty(spec.input_shape, device="meta")).shape == (1, spec.classes)


@needs_pytorchcv
@pytest.mark.no_cover  # as in test_export.py
@pytest.mark.parametrize("name", SMALL)
def test_baseline_exports_to_both_formats(name: str, tmp_path: Path) -> None:
    spec = models.get(name)
    prepared = source.resolve(name)
    assert macs.macs(prepared.graph) == spec.macs
    onnx_file, tflite_file = export.to_files(prepared, ["onnx", "tflite"], tmp_path)
    for entry in (onnx_file, tflite_file):
        assert entry.verified == "passed"
        assert (entry.params, entry.macs) == (spec.params, spec.macs)
    assert (tflite_file.partitions, tflite_file.operators_outside) == (1, ())


@needs_pytorchcv
def test_listing_imports_neither_torch_nor_a_library() -> None:
    script = (
        "import sys, edgekit.cli; edgekit.cli.run(['list']);"
        "print(sorted({'torch', 'pytorchcv'} & set(sys.modules)))"
    )
    assert child(script).splitlines()[-1] == "[]"


def test_list_and_info_show_baselines(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["list", "resnet-18"]) == 0
    out = capsys.readouterr().out
    assert "baseline from" in out
    assert "pytorchcv" in out
    assert "69.76 %" in out
    assert run(["info", "googlenet"]) == 0
    assert "torchvision:googlenet" in capsys.readouterr().out


# --- pytorchcv ----------------------------------------------------------------------------


@needs_pytorchcv
def test_pytorchcv_is_found_in_any_case_without_a_download() -> None:
    found = libraries.find("PyTorchCV:MobileNet_WD4")
    assert (found.name, found.input_shape) == ("mobilenet-wd4", (1, 3, 224, 224))
    assert found.preprocessing == imagenet()
    assert sum(parameter.numel() for parameter in found.build().parameters()) == 470_072
    small = libraries.find("pytorchcv:resnet20_cifar10")
    assert (small.input_shape, small.preprocessing) == ((1, 3, 32, 32), cifar10())


@needs_pytorchcv
def test_pytorchcv_says_what_it_lacks() -> None:
    with pytest.raises(UnknownNameError, match="unknown pytorchcv model 'resnet18x': did you mean"):
        libraries.find("pytorchcv:resnet18x")
    with pytest.raises(UnknownNameError, match="names all there are"):
        libraries.find("pytorchcv:zzzz")
    with pytest.raises(RefusedError) as caught:
        libraries.find("pytorchcv:superpointnet")
    assert caught.value.reason_code == "not-an-image-network"


@needs_pytorchcv
def test_old_numpy_names_are_lent_only_while_building() -> None:
    libraries.find("pytorchcv:regnetx002").build()
    assert not hasattr(np, "int")


# --- torchvision and timm, played -----------------------------------------------------------


def _played(monkeypatch: pytest.MonkeyPatch, name: str, **content: object) -> ModuleType:
    """A module of that name with that content, in the place of any real one."""
    parts = name.split(".")
    for end in range(1, len(parts) + 1):
        module = ModuleType(".".join(parts[:end]))
        module.__path__ = []
        monkeypatch.setitem(sys.modules, module.__name__, module)
    vars(module).update(content)
    return module


def _tiny(name: str, **options: object) -> nn.Module:
    made = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten())
    made.asked = (name, options)  # type: ignore[assignment]
    return made


def _torchvision(monkeypatch: pytest.MonkeyPatch, **changes: object) -> None:
    transforms = {
        "crop_size": [64],
        "resize_size": [72],
        "mean": [0.1, 0.2, 0.3],
        "std": [0.4, 0.5, 0.6],
        "interpolation": SimpleNamespace(value="bicubic"),
        **changes,
    }
    weights = SimpleNamespace(transforms=lambda: SimpleNamespace(**transforms))
    _played(
        monkeypatch,
        "torchvision.models",
        list_models=lambda **_: ["tiny_net", "googlenet"],
        get_model_weights=lambda _: SimpleNamespace(DEFAULT=weights),
        get_model=_tiny,
    )


def test_torchvision_gives_structure_and_preprocessing(monkeypatch: pytest.MonkeyPatch) -> None:
    _torchvision(monkeypatch)
    found = libraries.find("torchvision:tiny_net")
    assert (found.name, found.input_shape) == ("tiny-net", (1, 3, 64, 64))
    assert found.preprocessing == Preprocessing(
        mean=(0.1, 0.2, 0.3), std=(0.4, 0.5, 0.6), crop=64, resize=72, interpolation="bicubic"
    )
    assert found.build().asked == ("tiny_net", {"weights": None})
    with pytest.raises(UnknownNameError, match="did you mean tiny_net"):
        libraries.find("torchvision:tiny_nets")


def test_torchvision_inceptions_come_without_training_parts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _torchvision(monkeypatch)
    found = libraries.find("torchvision:googlenet")
    assert found.preprocessing is not None
    assert found.preprocessing.mean == found.preprocessing.std == (0.5, 0.5, 0.5)
    _, options = found.build().asked  # type: ignore[misc]
    assert options == {
        "weights": None, "aux_logits": False, "transform_input": False, "init_weights": False,
    }  # fmt: skip


def test_an_unknown_interpolation_leaves_preprocessing_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _torchvision(monkeypatch, interpolation=SimpleNamespace(value="lanczos"))
    assert libraries.find("torchvision:tiny_net").preprocessing is None


def _timm(monkeypatch: pytest.MonkeyPatch, **changes: object) -> None:
    config = {
        "input_size": (3, 64, 64),
        "mean": (0.5, 0.5, 0.5),
        "std": (0.5, 0.5, 0.5),
        "interpolation": "bicubic",
        "crop_mode": "center",
        "crop_pct": 0.9,
        **changes,
    }
    _played(
        monkeypatch,
        "timm",
        list_models=lambda: ["tiny_net"],
        list_pretrained=lambda: ["tiny_net.a1_in1k"],
        get_pretrained_cfg=lambda _: SimpleNamespace(**config),
        create_model=_tiny,
    )


@pytest.mark.parametrize("name", ["tiny_net", "tiny_net.a1_in1k"])
def test_timm_gives_structure_and_preprocessing(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    _timm(monkeypatch)
    found = libraries.find(f"timm:{name}")
    assert found.name == name.replace("_", "-")
    assert found.input_shape == (1, 3, 64, 64)
    assert found.preprocessing == Preprocessing(
        mean=(0.5,) * 3, std=(0.5,) * 3, crop=64, resize=71, interpolation="bicubic"
    )
    assert found.build().asked == (name, {"pretrained": False})


@pytest.mark.parametrize(
    "change", [{"crop_mode": "squash"}, {"interpolation": "random"}, {"input_size": (3, 64, 96)}]
)
def test_timm_preprocessing_that_edgekit_cannot_say_stays_open(
    change: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    _timm(monkeypatch, **change)
    assert libraries.find("timm:tiny_net").preprocessing is None


# --- what can be missing or broken -----------------------------------------------------------


def test_references_are_known_by_their_prefix() -> None:
    assert libraries.is_reference("timm:anything")
    assert libraries.is_reference("TorchVision:resnet18")
    for text in ("resnet-18", "timm", "my.package:factory", "C:/net.onnx"):
        assert not libraries.is_reference(text)
    with pytest.raises(UnknownNameError, match="known: pytorchcv, timm, torchvision"):
        libraries.find("keras:resnet50")


@pytest.mark.parametrize("prefix", libraries.LIBRARIES)
def test_an_absent_package_is_named(prefix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    library = libraries.LIBRARIES[prefix]
    _failing_import(monkeypatch, ModuleNotFoundError(f"No module named {prefix!r}", name=prefix))
    with pytest.raises(MissingPackageError) as caught:
        libraries.find(f"{prefix}:resnet18")
    assert f"pip install {library.requirement}" in str(caught.value)
    assert caught.value.exit_code == 3


@pytest.mark.parametrize(
    ("prefix", "error", "words"),
    [
        (
            "torchvision",
            RuntimeError("operator torchvision::nms does not exist"),
            "install the one that matches",
        ),
        ("timm", RuntimeError("operator torchvision::nms does not exist"), "from where torch came"),
        (
            "pytorchcv",
            ModuleNotFoundError("No module named 'torchvision'", name="torchvision"),
            "pip install 'pytorchcv<0.0.68'",
        ),
        ("timm", AttributeError("no such thing\nsecond line"), "made for this torch"),
    ],
)
def test_a_broken_package_says_why_and_what_to_do(
    prefix: str, error: Exception, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _failing_import(monkeypatch, error)
    with pytest.raises(EnvironmentMissingError, match="does not import here") as caught:
        libraries.find(f"{prefix}:resnet18")
    assert (caught.value.reason_code, caught.value.exit_code) == ("package-broken", 3)
    assert words in str(caught.value)
    assert "second line" not in str(caught.value)
    assert f"torch {torch.__version__.partition('+')[0]}" in str(caught.value)


def test_a_library_that_fails_while_building_is_refused_in_one_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(_name: str, **_options: object) -> nn.Module:
        raise AttributeError("numpy has no int")

    def lack(_name: str, **_options: object) -> nn.Module:
        raise ModuleNotFoundError("No module named 'librosa'", name="librosa")

    _timm(monkeypatch)
    sys.modules["timm"].create_model = fail  # type: ignore[attr-defined]
    with pytest.raises(RefusedError, match="AttributeError: numpy has no int") as caught:
        libraries.find("timm:tiny_net").build()
    assert caught.value.reason_code == "library-failed"
    sys.modules["timm"].create_model = lack  # type: ignore[attr-defined]
    with pytest.raises(MissingPackageError, match="pip install librosa"):
        libraries.find("timm:tiny_net").build()


def test_the_command_line_prints_it_as_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _failing_import(monkeypatch, RuntimeError("operator torchvision::nms does not exist"))
    assert run(["info", "torchvision:resnet18"]) == 3
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert "[package-broken]" in captured.err


def test_info_of_a_library_network(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _timm(monkeypatch)
    assert run(["info", "timm:tiny_net"]) == 0
    out = capsys.readouterr().out
    assert "tiny-net, from timm:tiny_net" in out
    assert "112" in out  # 4 filters of 3 x 3 x 3, and their biases
    assert run(["info", "timm:tiny_net", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["schema"], document["params"]) == ("edgekit.library_model", 112)


def _failing_import(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def fail(_name: str) -> ModuleType:
        raise error

    monkeypatch.setattr(base, "import_module", fail)
