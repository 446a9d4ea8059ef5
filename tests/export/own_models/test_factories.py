"""`package.module:factory`: what is called, drawn, named and refused."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from edgekit import export
from edgekit.errors import (
    CheckFailedError,
    EdgekitError,
    MissingPackageError,
    RefusedError,
    UnknownNameError,
    UsageError,
)
from edgekit.export.graph import macs
from edgekit.export.sources import shapes, source
from tests.export.own_models.asked import BOTH, resolve


@pytest.mark.parametrize("texts", [("2,3,8,8", "2,5"), ("vector:2,5", "image:2,3,8,8")])
def test_factory_with_several_inputs_and_outputs(texts: tuple[str, str], tmp_path: Path) -> None:
    prepared = resolve("own_nets:make", *texts)
    assert prepared.weights == "as own_nets:make returns them"
    assert prepared.macs == macs.macs(prepared.graph) == 2 * (64 * 4 * 27 + 4 * 5)
    assert prepared.params == (4 * 27 + 4) + (4 * 5 + 4) + 8
    assert list(prepared.answers[0]) == ["map", "heads_0", "heads_1", "output_image"]
    onnx_file, tflite_file = export.to_files(prepared, BOTH, tmp_path / "out")
    assert onnx_file.path.name == "own_nets-make_float32.onnx"
    expected = [("map", (2, 4, 8, 8)), ("heads_0", (2, 4)), ("heads_1", (2, 4))]
    for entry, image in ((onnx_file, (2, 3, 8, 8)), (tflite_file, (2, 8, 8, 3))):
        assert entry.verified == "passed"
        assert {t.name: t.shape for t in entry.inputs} == {"image": image, "vector": (2, 5)}
        found = {t.name: t.shape for t in entry.outputs}
        assert found.pop("output_image") == image
        assert found.pop("map") in ((2, 4, 8, 8), (2, 8, 8, 4))
        assert found == dict(expected[1:])


@pytest.mark.parametrize("what", ["ready", "any_number", "nn.Identity"])
def test_a_module_and_a_class_will_do(what: str, tmp_path: Path) -> None:
    prepared = resolve(f"own_nets:{what}", "1,3,8,8")
    for entry in export.to_files(prepared, BOTH, tmp_path):
        assert (entry.verified, len(entry.outputs)) == ("passed", 1)


def test_outputs_may_be_integers_and_truth_values(tmp_path: Path) -> None:
    prepared = resolve("own_nets:choices", "1,4")
    (entry,) = export.to_files(prepared, ["onnx"], tmp_path)
    assert [tensor.dtype for tensor in entry.outputs] == ["int64", "bool"]
    assert entry.verified == "passed"
    (held,) = export.to_files(prepared, ["tflite"], tmp_path)
    assert [tensor.dtype for tensor in held.outputs] == ["int64", "bool"]
    assert held.verified == "passed"


def test_factory_weights_are_drawn_with_the_seed() -> None:
    def drawn(seed: int | None) -> np.ndarray:
        asked = shapes.parse(["1,3,8,8"])
        (answer, *_) = source.resolve("own_nets:any_number", seed=seed, asked=asked).answers
        return answer["output"]

    state = torch.random.get_rng_state()
    first = drawn(None)
    assert np.array_equal(first, drawn(0))
    assert not np.array_equal(first, drawn(1))
    assert torch.equal(state, torch.random.get_rng_state()), "the caller's randomness is not ours"


def test_weights_go_into_a_factory(tmp_path: Path) -> None:
    layer = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 1), torch.nn.ReLU())
    path, asked = tmp_path / "w.pt", shapes.parse(["1,3,8,8"])
    torch.save(layer.state_dict(), path)
    prepared = source.resolve("own_nets:any_number", weights=path, asked=asked)
    assert prepared.weights.startswith("w.pt sha256:")
    truth = layer(torch.from_numpy(prepared.feeds[0]["input"])).detach().numpy()
    np.testing.assert_allclose(prepared.answers[0]["output"], truth, rtol=1e-6)
    with pytest.raises(RefusedError) as caught:
        source.resolve("own_nets:make", weights=path, asked=asked)
    assert caught.value.reason_code == "weights-mismatch"


@pytest.mark.parametrize(
    ("what", "kind", "reason", "message"),
    [
        ("own_nets:make", UsageError, "usage", "needs --input-shape"),
        ("own_nets:mke", UsageError, "usage", "did you mean make"),
        ("own_nots:make", UsageError, "usage", "no module own_nots"),
        ("own_nets.deeper:make", UsageError, "usage", "no module own_nets.deeper"),
        ("own_broken:make", MissingPackageError, "missing-package", "a_package_that_is_absent"),
        ("own_syntax:make", RefusedError, "own-code-failed", "SyntaxError"),
        ("own_nets:fails", RefusedError, "own-code-failed", "ValueError: no weights today,"),
        ("own_nets:leaves", RefusedError, "own-code-failed", "SystemExit: 3"),
        ("own_nets:text", RefusedError, "not-a-module", "of type str"),
        ("own_nets:dict", UsageError, "usage", "no attribute"),
        ("own_nets:number", RefusedError, "output-type", "output of type int"),
        ("own_nets:Returns", RefusedError, "own-code-failed", "TypeError"),
        ("own_nets:constant", RefusedError, "constant-output", "same for every input"),
        ("own_nets:decides", RefusedError, "torch-export", "data-dependent"),
        ("own_nets:ready", RefusedError, "own-code-failed", "1,9 raised RuntimeError"),
        ("own_nets:no/path", UnknownNameError, "unknown-name", "unknown model"),
        ("timm:", EdgekitError, None, "timm"),
    ],
)
def test_own_code_that_cannot_be_used_is_told_in_one_line(
    what: str, kind: type[EdgekitError], reason: str | None, message: str
) -> None:
    texts = [] if what == "own_nets:make" else ["1,9"]
    with pytest.raises(kind, match=message) as caught:
        resolve(what, *texts)
    assert "\n" not in str(caught.value)
    assert reason in (None, caught.value.reason_code)


def test_answers_that_are_not_finite_prove_nothing(tmp_path: Path) -> None:
    with pytest.raises(CheckFailedError, match="not finite"):
        export.to_files(resolve("own_nets:not_finite", "1,4"), ["onnx"], tmp_path)


def test_every_input_of_a_factory_needs_its_shape() -> None:
    with pytest.raises(RefusedError, match=r"the shape of input 'vector' open: .* vector:1,3,"):
        resolve("own_nets:make", "1,3,8,8")


KEYS = """
import torch
from torch import nn


class Keyed(nn.Module):
    def __init__(self, *keys):
        super().__init__()
        self.c = nn.Conv2d(3, 4, 3)
        self.keys = keys

    def forward(self, x):
        y = self.c(x).mean((2, 3))
        return dict(zip(self.keys, (torch.softmax(y, 1), y)))


def make():
    return Keyed(*KEYS)
"""


@pytest.mark.parametrize(
    "keys", [("softmax", "logits"), ("conv2d", "mean"), ("c.weight", "softmax")], ids=str
)
def test_outputs_are_called_as_the_module_calls_them(
    keys: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever torch calls the values within."""
    (tmp_path / "keyed_nets.py").write_text(f"KEYS = {keys!r}\n{KEYS}")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(sys.modules, "keyed_nets", raising=False)
    prepared = resolve("keyed_nets:make", "1,3,8,8")
    for entry in export.to_files(prepared, ["onnx", "tflite"], tmp_path / "out"):
        assert {tensor.name for tensor in entry.outputs} == set(keys)
        assert entry.verified == "passed"
