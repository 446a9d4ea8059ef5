"""Choosing among exact forms: what is tried, what is kept, and how a choice is made again.

The target is a stand-in whose times follow from the files. No test measures a time.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import onnx
import pytest

from edgekit import export, runtimes
from edgekit.cli import run
from edgekit.devices import MeasureSettings, Probe
from edgekit.devices.tune import tune
from edgekit.errors import UnknownNameError, UsageError
from edgekit.export import artifact, choices, formats, source
from edgekit.export.choices import Choices
from edgekit.export.lowering import permutation
from tests import graphs
from tests.graphs import weights
from tests.reports import INFO, MACHINE, turns

SETTINGS = MeasureSettings(children=4)
TFLITE, ONNX = formats.get("tflite"), formats.get("onnx")


@dataclass
class Pretender:
    """A target on which a file takes the time that ``cost_ms`` says."""

    cost_ms: Callable[[Path], float]
    name: str = "pretender"
    asked: list[int] = field(default_factory=list)

    def probe(self) -> Probe:
        return Probe(MACHINE, {})

    def run(self, job: Mapping[str, Any], timeout_s: float) -> dict[str, Any]:  # noqa: ARG002
        paths = [Path(each["path"]) for each in job["files"]]
        self.asked.append(len(paths))
        shift = 1 + 0.0005 * (len(self.asked) % 3)
        levels = [
            self.cost_ms(path) * (shift if number else 1) for number, path in enumerate(paths)
        ]
        answer = {
            "models": [dataclasses.asdict(INFO) for _ in paths],
            "machine": dataclasses.asdict(MACHINE),
            "run": dataclasses.asdict(turns(*levels)),
        }
        decoded: dict[str, Any] = json.loads(json.dumps(answer))
        return decoded


@pytest.fixture(scope="module")
def net(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Shuffled channels and a hard-swish: several rules have something to say."""
    model = graphs.proto(
        """g (float[1,12,6,6] x) => (float[1,12,6,6] y) {
             a = Conv<group=3>(x, w)
             b = Gather<axis=1>(a, order)
             c = HardSwish(b)
             d = Add(c, x)
             y = Conv<group=3>(d, v) }""",
        w=weights(12, 4, 1, 1),
        v=weights(12, 4, 1, 1, seed=1),
        order=permutation.shuffle(12, 3),
    )
    path = tmp_path_factory.mktemp("net") / "net.onnx"
    onnx.save(model, path)
    return path


def operators(path: Path) -> float:
    runtime = "tflite" if path.suffix == ".tflite" else "onnxruntime"
    return float(sum(runtimes.load(runtime, path).info().operators.values()))


def test_the_form_with_the_least_time_is_kept_and_made_again(net: Path, tmp_path: Path) -> None:
    prepared = source.resolve(str(net))
    place = Pretender(lambda path: 1 / operators(path))  # the more operators, the faster
    found = tune(prepared, TFLITE, "float32", SETTINGS, place)
    assert found.choices.text
    confirmed = [step for step in found.steps if step["step"] == "confirming"]
    assert {step["change"] for step in confirmed} == set(found.choices.text.split(","))
    assert all(step["verdict"] == "faster" for step in confirmed)
    (tuned,) = export.to_files(
        prepared, ["tflite"], tmp_path / "a", choices={"tflite": found.choices},
        tuning={"tflite": found.steps},
    )  # fmt: skip
    (plain,) = export.to_files(prepared, ["tflite"], tmp_path / "b")
    assert operators(tuned.path) > operators(plain.path)
    known = artifact.load(tuned.path)
    assert known is not None
    assert len(known.tuning) == len(found.steps)
    again = choices.parse(known.lowering)
    (remade,) = export.to_files(prepared, ["tflite"], tmp_path / "c", choices={"tflite": again})
    assert remade.sha256 == tuned.sha256


@pytest.mark.parametrize("target", [TFLITE, ONNX], ids=["tflite", "onnx"])
def test_equal_times_change_nothing(net: Path, target: formats.Format) -> None:
    place = Pretender(lambda _: 1.0)
    found = tune(source.resolve(str(net)), target, "float32", SETTINGS, place)
    assert found.choices == choices.DEFAULT
    assert found.steps
    assert all(step["verdict"] == "same" for step in found.steps)
    assert len(place.asked) == SETTINGS.children, "one measurement of all forms"


def test_a_gain_that_does_not_come_again_is_not_kept(net: Path) -> None:
    def once(path: Path) -> float:
        many = len(place.asked) <= SETTINGS.children
        return 0.5 if many and path.stem != "form" else 1.0

    place = Pretender(once)
    found = tune(source.resolve(str(net)), TFLITE, "float32", SETTINGS, place)
    assert found.choices == choices.DEFAULT
    assert [step["step"] for step in found.steps][-1] == "confirming"


def test_a_network_with_one_form_is_not_measured(tmp_path: Path) -> None:
    model = graphs.proto("g (float[1,4,3,3] x) => (float[1,4,3,3] y) { y = Relu(x) }")
    onnx.save(model, tmp_path / "plain.onnx")
    place = Pretender(lambda _: 1.0)
    found = tune(source.resolve(str(tmp_path / "plain.onnx")), TFLITE, "float32", SETTINGS, place)
    assert (found.choices, found.steps, place.asked) == (choices.DEFAULT, (), [])


# --- the written form ---------------------------------------------------------------------


@pytest.mark.parametrize("target", [TFLITE, ONNX], ids=["tflite", "onnx"])
def test_every_change_reads_back(target: formats.Format) -> None:
    changes = choices.changes(target)
    assert changes
    whole = choices.parse(",".join(changes))
    assert set(whole.text.split(",")) == set(changes)
    assert choices.parse(whole.text) == whole
    names = [rule.name for rule in whole.rules(target)]
    assert all(name in names for name in whole.added)
    assert not set(names[len(whole.added) :]) & set(whole.dropped)


def test_slips_in_a_choice_are_told() -> None:
    with pytest.raises(UsageError, match="RULE"):
        choices.parse("channel_shuffle")
    with pytest.raises(UnknownNameError, match="max_as_relu"):
        Choices(added=("max_as_rely",)).rules(TFLITE)
    with pytest.raises(UnknownNameError):
        Choices(dropped=("split_concat",)).rules(TFLITE)  # the writer cannot do without


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--lowering", "tflite:+nonsense"), "nonsense"),
        (("--lowering", "+max_as_relu"), "FORMAT:"),
        (("--lowering", "onnx:+max_as_relu", "--format", "tflite"), "no onnx file"),
        (("--tune", "--precision", "float32,float16"), "one --precision"),
        (("--tune", "--lowering", "tflite:+max_as_relu"), "--tune"),
    ],
)
def test_export_refuses_what_makes_no_sense(
    arguments: tuple[str, ...], says: str, net: Path, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    assert run(["export", str(net), "-o", str(tmp_path), *arguments]) == 2
    assert says in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_export_takes_a_lowering(
    net: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "+hard_swish_as_gate,-permutation_as_conv"
    arguments = ["export", str(net), "-o", str(tmp_path), "--format", "tflite"]
    assert run([*arguments, "--lowering", f"tflite:{text}"]) == 0
    assert text in capsys.readouterr().out
    known = artifact.load(tmp_path / "net_float32.tflite")
    assert known is not None
    assert known.lowering == text
    assert "HARD_SWISH" not in known.operators
