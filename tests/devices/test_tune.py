"""Choosing among exact forms: what is tried, what is kept, and how a choice is made again.

The target is a stand-in whose times follow from the files. No test measures a time.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import onnx
import pytest

from edgekit import export, quantize, runtimes
from edgekit.cli import run
from edgekit.devices import MeasureSettings, Probe
from edgekit.devices.tuning.tune import tune
from edgekit.errors import UnknownNameError, UsageError
from edgekit.export import artifact, formats, lowering
from edgekit.export.forms import FloatForms
from edgekit.export.graph import permutations
from edgekit.export.rewriting import choices
from edgekit.export.rewriting.choices import Choices
from edgekit.export.sources import source
from edgekit.quantize import IntegerForms, recipe
from edgekit.quantize.samples import reading
from edgekit.runtimes.jobs import CompareJob
from tests.specimens import graphs
from tests.specimens.graphs import weights
from tests.specimens.printed.reports import INFO, MACHINE, turns

pytestmark = pytest.mark.usefixtures("children_start_warm")

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

    def run(self, job: CompareJob, timeout_s: float) -> dict[str, Any]:  # noqa: ARG002
        paths = [Path(each.path) for each in job.files]
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
        order=permutations.shuffle(12, 3),
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
    found = tune(FloatForms(prepared, TFLITE, "float32"), SETTINGS, place)
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
    found = tune(FloatForms(source.resolve(str(net)), target, "float32"), SETTINGS, place)
    assert found.choices == choices.DEFAULT
    assert found.steps
    assert all(step["verdict"] == "same" for step in found.steps)
    assert len(place.asked) == SETTINGS.children, "one measurement of all forms"


def test_a_gain_that_does_not_come_again_is_not_kept(net: Path) -> None:
    def once(path: Path) -> float:
        many = len(place.asked) <= SETTINGS.children
        return 0.5 if many and path.stem != "form" else 1.0

    place = Pretender(once)
    found = tune(FloatForms(source.resolve(str(net)), TFLITE, "float32"), SETTINGS, place)
    assert found.choices == choices.DEFAULT
    assert [step["step"] for step in found.steps][-1] == "confirming"


def test_a_network_with_one_form_is_not_measured(tmp_path: Path) -> None:
    model = graphs.proto("g (float[1,4,3,3] x) => (float[1,4,3,3] y) { y = Relu(x) }")
    onnx.save(model, tmp_path / "plain.onnx")
    place = Pretender(lambda _: 1.0)
    plain = FloatForms(source.resolve(str(tmp_path / "plain.onnx")), TFLITE, "float32")
    found = tune(plain, SETTINGS, place)
    assert (found.choices, found.steps, place.asked) == (choices.DEFAULT, (), [])


# --- int8 ---------------------------------------------------------------------------------


def integer_forms(net: Path, name: str) -> IntegerForms:
    subject = quantize.prepare(str(net))
    few = reading.read(None, subject.inputs, None, 2)
    request = quantize.FileSettings(net.parent, (name,))
    return IntegerForms(subject, recipe.get("minmax"), few, request)


@pytest.mark.parametrize("name", ["tflite", "onnx"])
def test_int8_forms_are_tried_and_made_again(net: Path, name: str, tmp_path: Path) -> None:
    forms = integer_forms(net, name)
    place = Pretender(lambda path: 1 / operators(path))  # the more operators, the faster
    found = tune(forms, SETTINGS, place)
    assert found.choices.text
    assert {step["change"] for step in found.steps} <= set(forms.changes)
    draft = quantize.build(
        forms.network.lowered(found.choices).graph,
        forms.recipe,
        quantize.Context(forms.samples, 2, True, lambda _: None),
    )
    request = dataclasses.replace(
        forms.settings, folder=tmp_path, lowering=found.choices, tuning=found.steps
    )
    (made,) = quantize.to_files(forms.network.source, draft, export.QuantizationRecord(), request)
    assert made.verified == "passed"
    assert made.path.read_bytes() == forms.data(choices.parse(made.lowering))
    assert operators(made.path) > operators(_plain(forms, tmp_path / "plain"))
    assert len(made.tuning) == len(found.steps)


def _plain(forms: IntegerForms, path: Path) -> Path:
    path = path.with_suffix(f".{forms.target.name}")
    path.write_bytes(forms.data(choices.DEFAULT))
    return path


@pytest.mark.parametrize("target", [TFLITE, ONNX], ids=["tflite", "onnx"])
def test_stages_of_int8_have_no_optional_rule_in_common(target: formats.Format) -> None:
    assert not set(lowering.INTEGER.changes) & set(target.integer.changes)


def test_quantize_takes_a_lowering(
    net: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["quantize", str(net), "--recipe", "minmax", "--calibration-samples", "2"]
    text = "+shuffle_as_transpose,-permutation_as_conv"
    chosen = ["--format", "tflite", "--lowering", f"tflite:{text}"]
    assert run([*arguments, *chosen, "-o", str(tmp_path / "a")]) == 0
    assert text in capsys.readouterr().out
    known = artifact.load(tmp_path / "a" / "net_int8.tflite")
    assert known is not None
    assert known.lowering == text
    assert known.verified == "passed"
    encodings = ["--encodings", str(tmp_path / "a" / "net_int8.encodings.json")]
    assert run([*arguments, *chosen, *encodings, "-o", str(tmp_path / "b")]) == 0
    assert run([*arguments, *encodings, "-o", str(tmp_path / "c")]) == 4
    assert "lowering" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--tune",), "name one --format"),
        (("--lowering", "tflite:+max_as_relu"), "name one --format"),
        (("--lowering", "onnx:+max_as_relu", "--format", "tflite"), "no onnx file"),
        (("--lowering", "tflite:+max_as_rely", "--format", "tflite"), "max_as_relu"),
        (("--lowering", "tflite:+max_as_relu", "--format", "tflite", "--tune"), "--tune"),
        (("--encodings", "e.json", "--format", "tflite", "--tune"), "--tune"),
    ],
)
def test_quantize_refuses_what_makes_no_sense(
    arguments: tuple[str, ...], says: str, net: Path, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    assert run(["quantize", str(net), "-o", str(tmp_path), *arguments]) == 2
    assert says in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


# --- the written form ---------------------------------------------------------------------


@pytest.mark.parametrize("target", [TFLITE, ONNX], ids=["tflite", "onnx"])
def test_every_change_reads_back(target: formats.Format) -> None:
    changes = target.lowering.changes
    assert changes
    whole = choices.parse(",".join(changes))
    assert set(whole.text.split(",")) == set(changes)
    assert choices.parse(whole.text) == whole
    names = [rule.name for rule in whole.rules(target.lowering)]
    assert all(name in names for name in whole.added)
    assert not set(names[len(whole.added) :]) & set(whole.dropped)


def test_slips_in_a_choice_are_told() -> None:
    with pytest.raises(UsageError, match="RULE"):
        choices.parse("channel_shuffle")
    with pytest.raises(UnknownNameError, match="max_as_relu"):
        Choices(added=("max_as_rely",)).rules(TFLITE.lowering)
    with pytest.raises(UnknownNameError):
        Choices(dropped=("split_concat",)).rules(TFLITE.lowering)  # the writer cannot do without


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
