"""Float16 arithmetic is written where a target needs less and the answers stay, and nowhere else.

The target is a stand-in that counts what a test says; float16 by force is the real runtime's.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from PIL import Image

from edgekit import devices, evaluate, export
from edgekit.cli import run
from edgekit.devices.targets import Counted
from edgekit.devices.tuning.search import best
from edgekit.devices.tuning.tune import tune
from edgekit.emulation.instruction_counts import Counts
from edgekit.errors import RefusedError, UsageError
from edgekit.export import ExportRequest, artifact, formats
from edgekit.export.forms import FloatForms, Forms, Tuned
from edgekit.export.precisions import AUTO, FLOAT16_COMPUTE
from edgekit.export.sources import source
from edgekit.modelfile.float16_leave import leaves_float16
from edgekit.processes import child
from edgekit.runtimes.count_marks import EMPTY_RUNS
from edgekit.runtimes.jobs import CountJob, Job
from tests.specimens import graphs
from tests.specimens.printed.reports import INFO

pytestmark = pytest.mark.usefixtures("children_start_warm")

SIDE = 8


@dataclass
class Processor:
    """An emulated processor that executes what ``count_of`` says of a file."""

    count_of: Callable[[Path], int]
    name: str = "qemu:pretended"
    processor: str = "Pretended"
    counted: int = 0

    def probe(self) -> devices.Probe:
        raise NotImplementedError

    def run(self, job: Job, timeout_s: float) -> dict[str, Any]:
        return child.call(job, timeout_s)

    def count(self, job: CountJob, timeout_s: float) -> Counted:  # noqa: ARG002
        self.counted += 1
        zeros = Counts(*[0] * 11)
        full = dataclasses.replace(zeros, other=self.count_of(Path(job.path)))
        answer = {"model": json.loads(json.dumps(dataclasses.asdict(INFO))), "outputs_sha256": "0"}
        return Counted(answer, (zeros,) * EMPTY_RUNS + (full,) * job.num_runs)


def gains(path: Path) -> int:
    return 520 if leaves_float16(path) else 1000


def loses(path: Path) -> int:
    return 1070 if leaves_float16(path) else 1000


def classifier(folder: Path, bias: tuple[float, ...]) -> str:
    """Write a network whose classes are the mean of each colour, and a bias."""
    model = graphs.proto(
        f"g (float[1,3,{SIDE},{SIDE}] x) => (float[1,3] y) "
        "{ c = Conv(x, w, b)\n p = GlobalAveragePool(c)\n y = Flatten(p) }",
        w=np.eye(3, dtype=np.float32)[:, :, None, None],
        b=np.array(bias, np.float32),
    )
    path = folder / "net.onnx"
    onnx.save(model, path)
    return str(path)


def photos(folder: Path, labels: dict[str, tuple[int, int, int]]) -> Path:
    """Write one plain image for each class."""
    for label, colour in labels.items():
        place = folder / label
        place.mkdir(parents=True)
        Image.new("RGB", (SIDE, SIDE), colour).save(place / "a.png")
    return folder


SURE = (0.0, 0.0, 0.0)
CLOSE = (1000.0, 1000.1, 0.0)  # between two neighbouring numbers of float16
RED = {"0": (250, 20, 20), "1": (20, 250, 20), "2": (20, 20, 250)}
GREY = {"0": (9, 9, 9), "1": (8, 8, 8), "2": (7, 7, 7)}


def decided(net: str, place: Processor, folder: Path, **more: Any) -> export.ExportResult:
    images = more.pop("images", None)

    def tuner(every: Any, say: Any) -> list[Tuned]:
        return [best(forms, place, images, say, tunes=False) for forms in every]

    asked = {"precisions": (AUTO,), "preprocessing": "minus-one-to-one", **more}
    return export.run(ExportRequest(net, folder, **asked), tuner=tuner)


def names(result: export.ExportResult) -> set[str]:
    return {each.path.name for each in result.artifacts}


def test_it_is_written_where_it_needs_less(tmp_path: Path) -> None:
    result = decided(classifier(tmp_path, SURE), Processor(gains), tmp_path / "out")
    assert names(result) == {"net_float32.onnx", "net_float16-compute.tflite"}
    made = tmp_path / "out" / "net_float16-compute.tflite"
    assert leaves_float16(made)
    kept = artifact.load(made)
    assert kept is not None
    trying, judging = kept.tuning
    assert (trying["verdict"], trying["ratio"]) == ("fewer", pytest.approx(0.52))
    assert judging["verdict"] == "error alone", "no images were given"
    assert judging["points"] is None


def test_it_is_not_written_where_it_needs_more(tmp_path: Path) -> None:
    result = decided(classifier(tmp_path, SURE), Processor(loses), tmp_path / "out")
    assert names(result) == {"net_float32.onnx", "net_float32.tflite"}
    assert not leaves_float16(tmp_path / "out" / "net_float32.tflite")
    (step,) = result.artifacts[1].tuning
    assert step["verdict"] == "more"


def test_a_gain_below_a_hundredth_is_none(tmp_path: Path) -> None:
    place = Processor(lambda path: 995 if leaves_float16(path) else 1000)
    result = decided(classifier(tmp_path, SURE), place, tmp_path / "out")
    assert names(result) == {"net_float32.onnx", "net_float32.tflite"}


def test_answers_that_stay_on_images_are_written(tmp_path: Path) -> None:
    images = photos(tmp_path / "images", RED)
    net = classifier(tmp_path, SURE)
    result = decided(net, Processor(gains), tmp_path / "out", images=images)
    (file,) = [each for each in result.artifacts if each.format == "tflite"]
    assert file.precision == FLOAT16_COMPUTE
    judging = file.tuning[-1]
    assert (judging["verdict"], judging["points"]) == ("holds", 0)
    assert 0 < judging["max_rel_error"] < 0.01


@pytest.mark.parametrize("has_labels", [True, False])
def test_answers_that_move_are_not(tmp_path: Path, *, has_labels: bool) -> None:
    images = photos(tmp_path / "images", GREY)
    Image.new("RGB", (SIDE, SIDE), (6, 6, 6)).save(images / "1" / "b.png")  # one more of class 1
    if not has_labels:
        images = tmp_path / "flat"
        images.mkdir()
        for number, path in enumerate(sorted((tmp_path / "images").rglob("*.png"))):
            path.rename(images / f"{number}.png")
    net = classifier(tmp_path, CLOSE)
    result = decided(net, Processor(gains), tmp_path / "out", images=images)
    (file,) = [each for each in result.artifacts if each.format == "tflite"]
    assert file.precision == "float32"
    assert file.tuning[-1]["verdict"] == "moves"
    asked = {"images": images, "precisions": (FLOAT16_COMPUTE,), "formats": ("tflite",)}
    with pytest.raises(RefusedError, match="top-1 moves by") as caught:
        decided(net, Processor(gains), tmp_path / "more", **asked)
    assert caught.value.reason_code == "float16-accuracy"
    assert not (tmp_path / "more").exists()


def test_answers_that_are_not_finite_are_not(tmp_path: Path) -> None:
    model = graphs.proto(
        "g (float[1,3,4,4] x) => (float[1,3,4,4] y) { a = Conv(x, w)\n y = Conv(a, v) }",
        w=np.eye(3, dtype=np.float32)[:, :, None, None] * 1e5,
        v=np.eye(3, dtype=np.float32)[:, :, None, None] * 1e-5,
    )
    onnx.save(model, tmp_path / "net.onnx")
    result = decided(str(tmp_path / "net.onnx"), Processor(gains), tmp_path / "out")
    assert "net_float32.tflite" in names(result)
    assert result.artifacts[1].tuning[-1]["verdict"] == "not finite"


def test_force_is_felt_by_files_that_leave_it(tmp_path: Path) -> None:
    net = classifier(tmp_path, CLOSE)
    made = export.run(
        ExportRequest(net, tmp_path, ("tflite",), ("float32", FLOAT16_COMPUTE),
                      preprocessing="minus-one-to-one")
    ).artifacts  # fmt: skip
    plain, short = (str(each.path) for each in made)
    images = photos(tmp_path / "images", GREY)
    request = evaluate.EvaluateRequest(short, images, against=plain)
    alike = evaluate.run(request)
    assert alike.agreement is not None
    assert alike.agreement.value == 1
    forced = dataclasses.replace(request, settings=evaluate.Settings(float16=True))
    other = evaluate.run(forced)
    assert other.agreement is not None
    assert other.agreement.value == 0
    assert other.against is not None
    assert other.answers.subject.runtime.endswith("float16 by force")
    assert not other.against.subject.runtime.endswith("float16 by force")


def test_an_open_precision_needs_somebody_who_decides(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="tuner"):
        export.run(ExportRequest(classifier(tmp_path, SURE), tmp_path, precisions=(AUTO,)))
    with pytest.raises(UsageError, match="alone"):
        ExportRequest("net", precisions=(AUTO, "float16"))


def test_tuning_counts_once_and_takes_what_needs_least(tmp_path: Path) -> None:
    model = graphs.proto(
        "g (float[1,8,6,6] x) => (float[1,8,6,6] y) { a = Conv(x, w)\n y = HardSwish(a) }",
        w=graphs.weights(8, 8, 1, 1),
    )
    onnx.save(model, tmp_path / "net.onnx")
    forms = FloatForms(source.resolve(str(tmp_path / "net.onnx")), formats.get("tflite"), "float32")
    base = forms.data(export.Choices())
    place = Processor(lambda path: 1000 if path.read_bytes() == base else 500)
    found = tune(forms, devices.COMPARE_SETTINGS, place)
    assert found.choices.text
    assert all("instructions" in step for step in found.steps)
    assert {step["step"] for step in found.steps} == {"trying"}, "a count needs no second look"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--data", "photos"), "--data is for"),
        (("--precision", "auto,float16"), "stands alone"),
    ],
)
def test_what_makes_no_sense_is_said(
    arguments: tuple[str, ...], says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["export", classifier(tmp_path, SURE), "-o", str(tmp_path), *arguments]) == 2
    assert says in capsys.readouterr().err


def test_the_command_decides_for_an_arm_core(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[str] = []

    def resolve(name: str) -> Processor:
        asked.append(name)
        return Processor(gains)

    monkeypatch.setattr(devices, "resolve_target", resolve)
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    net = classifier(tmp_path, SURE)
    assert run(["export", net, "-o", str(tmp_path / "out"), "--precision", "auto"]) == 0
    assert asked == ["qemu:cortex-a76"]
    said = capsys.readouterr().out
    assert "net_float16-compute.tflite" in said
    assert "0.520" in said


def test_other_forms_have_no_precision_to_decide(tmp_path: Path) -> None:
    forms: Forms = FloatForms(source.resolve(classifier(tmp_path, SURE)), formats.get("onnx"), AUTO)
    place = Processor(gains)
    assert best(forms, place, tunes=False).precision == "float32"
    assert place.counted == 0, "ONNX Runtime has no such switch"
