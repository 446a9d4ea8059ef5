"""Profiles: every operator once, all MACs of the network, classes, conditions, and refusals.

No test asserts a time.
"""

from __future__ import annotations

import dataclasses
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from ai_edge_litert.interpreter import Interpreter

from edgekit import devices, export
from edgekit.devices import ModelFile, ProfileReport, ProfileRequest, ProfileSettings
from edgekit.errors import RefusedError, UnreadableModelError, UsageError, WorkerError
from edgekit.export.sources import source
from edgekit.modelfile import tflite_cut
from edgekit.modelfile.layer_class import CLASSES, layer_class
from edgekit.runtimes.jobs import ProfileJob
from edgekit.runtimes.operators import Operand, Operator, OperatorTime
from tests.specimens.commands import Cli
from tests.specimens.files import OPS, tiny_onnx, tiny_tflite

BRIEF = ProfileSettings(
    children=1, num_runs=3, min_secs=0, warmup_runs=1, warmup_secs=0.01, operator_secs=0
)
LOCAL = devices.resolve_target("local")
FAMILIES = ("1x1 convolution", "1x1 grouped", "depthwise", "spatial convolution", "fully connected")


# Input and output channels, kernel, groups: channels that a blocked layout has to pad.
LAYERS = [(3, 12, 3, 1), (12, 12, 3, 12), (12, 8, 1, 2), (8, 20, 1, 1)]


def network() -> onnx.ModelProto:
    """One layer of each class with MACs."""
    make, floats = onnx.helper, onnx.TensorProto.FLOAT
    generator = np.random.default_rng(0)
    nodes, weights, tensor = [], [], "x"
    for number, (read, made, kernel, groups) in enumerate(LAYERS):
        shape = (made, read // groups, kernel, kernel)
        weight = generator.standard_normal(shape).astype(np.float32)
        weights.append(onnx.numpy_helper.from_array(weight, f"w{number}"))
        options = {"strides": [2, 2]} if number == 0 else {}
        pads = [kernel // 2] * 4
        nodes += [
            make.make_node("Conv", [tensor, f"w{number}"], [f"c{number}"], group=groups,
                           pads=pads, **options),
            make.make_node("Relu", [f"c{number}"], [f"r{number}"]),
        ]  # fmt: skip
        tensor = f"r{number}"
    nodes += [
        make.make_node("GlobalAveragePool", [tensor], ["pooled"]),
        make.make_node("Flatten", ["pooled"], ["flat"]),
        make.make_node("Gemm", ["flat", "w", "b"], ["y"], transB=1),
    ]
    for name, shape in (("w", (5, 20)), ("b", (5,))):
        array = generator.standard_normal(shape).astype(np.float32)
        weights.append(onnx.numpy_helper.from_array(array, name))
    graph = make.make_graph(
        nodes,
        "net",
        [make.make_tensor_value_info("x", floats, [1, 3, 16, 16])],
        [make.make_tensor_value_info("y", floats, [1, 5])],
        weights,
    )
    opset = make.make_opsetid("", 18)
    return make.make_model(graph, opset_imports=[opset], ir_version=9)


MACS = 8 * 8 * (12 * 27 + 12 * 9 + 8 * 6 + 20 * 8) + 20 * 5


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("profiled")
    original = folder / "net.onnx"
    onnx.save(network(), original)
    made = export.to_files(source.resolve(str(original)), ["onnx", "tflite"], folder / "out")
    assert {entry.macs for entry in made} == {MACS}
    return {"onnxruntime": made[0].path, "tflite": made[1].path}


@pytest.fixture(scope="module")
def reports(files: dict[str, Path]) -> dict[str, ProfileReport]:
    found = devices.profile(
        ProfileRequest((*(ModelFile(path) for path in files.values()),), (BRIEF,), LOCAL)
    )
    return {report.info.runtime: report for report in found}


@pytest.mark.parametrize("runtime", ["onnxruntime", "tflite"])
def test_the_classes_add_up_to_the_network(reports: dict[str, ProfileReport], runtime: str) -> None:
    report = reports[runtime]
    assert sum(cost.macs for cost in report.classes.values()) == report.whole.macs == MACS
    assert set(report.classes) <= set(CLASSES)
    assert {name for name, cost in report.classes.items() if cost.macs} == set(FAMILIES)
    assert sum(cost.operators for cost in report.classes.values()) == len(report.operators)
    assert report.whole.time_ms == pytest.approx(sum(cost.time_ms for cost in report.costs))
    assert report.unmeasured == {}


def test_every_operator_of_a_tflite_file_appears_once(
    reports: dict[str, ProfileReport],
) -> None:
    report = reports["tflite"]
    kinds = [operator.kind for operator in report.operators]
    assert {kind: kinds.count(kind) for kind in sorted(set(kinds))} == report.info.operators
    names = [operator.name for operator in report.operators]
    assert len(set(names)) == len(names)
    stored = report.info.inputs[0]
    assert report.operators[0].inputs[0].shape == stored.shape


def test_every_operator_of_the_optimised_graph_appears_once(
    reports: dict[str, ProfileReport],
) -> None:
    report = reports["onnxruntime"]
    names = [operator.name for operator in report.operators]
    assert len(set(names)) == len(names)
    convolutions = [o for o in report.operators if o.kind in ("Conv", "FusedConv")]
    assert [o.filter for o in convolutions] == [
        (12, 3, 3, 3), (12, 1, 3, 3), (8, 6, 1, 1), (20, 8, 1, 1)
    ]  # fmt: skip
    assert all(time.samples == BRIEF.num_runs for time in report.runs[0].times)


def test_bytes_are_those_of_inputs_weights_and_outputs(tmp_path: Path) -> None:
    (report,) = devices.profile(
        ProfileRequest((ModelFile(tiny_onnx(tmp_path / "net.onnx")),), (BRIEF,), LOCAL)
    )
    convolution = next(o for o in report.operators if "Conv" in o.kind)
    padded = sum(operand.elements for operand in convolution.outputs)
    read = 3 * 64 + sum(operand.elements for operand in convolution.inputs if operand.constant)
    assert convolution.size_bytes == 4 * (read + padded)
    assert convolution.macs == 4 * 3 * 64
    assert Operand((3, 5), "int8").size_bytes == 15
    assert Operand((3,), "uint4").size_bytes == 2
    assert Operand((), "int64").size_bytes == 8


def test_a_report_survives_json_exactly_and_checks_itself(
    reports: dict[str, ProfileReport],
) -> None:
    for report in reports.values():
        text = report.to_json()
        assert devices.profile_from_json(text) == report
        document = json.loads(text)
        assert (document["schema"], document["schema_version"]) == ("edgekit.profile", 2)
        assert len(document["summary"]["operators"]) == len(report.operators)
        document["operators"].pop()
        with pytest.raises(RefusedError, match="one time for each operator"):
            devices.profile_from_json(json.dumps(document))


def test_a_warm_up_that_did_not_settle_is_an_issue(reports: dict[str, ProfileReport]) -> None:
    report = reports["tflite"]
    (run_,) = report.runs
    for settled, codes in ((True, []), (False, ["warm-up"])):
        warm_up = dataclasses.replace(run_.warm_up, stationary=settled)
        made = dataclasses.replace(report, runs=(dataclasses.replace(run_, warm_up=warm_up),))
        assert [issue.code for issue in made.issues] == codes


def test_a_difference_below_zero_counts_as_no_time(reports: dict[str, ProfileReport]) -> None:
    report = reports["tflite"]
    count = len(report.operators)
    times = (OperatorTime(-5.0, 9), *[OperatorTime(2e6, 9)] * (count - 2))
    failed = OperatorTime(None, 0, "no such kernel")
    run_ = dataclasses.replace(report.runs[0], times=(*times, failed))
    made = dataclasses.replace(report, runs=(run_,))
    assert (made.costs[0].time_ms, made.costs[0].gmacs_per_s) == (0, None)
    assert made.whole.time_ms == pytest.approx(2 * (count - 2))
    assert made.unmeasured == {report.operators[-1].name: "no such kernel"}
    assert made.operator_samples == (9, 9)


def test_a_model_of_one_operator_computes_what_the_operator_does(
    files: dict[str, Path], tmp_path: Path
) -> None:
    archive = tmp_path / "cut.zip"
    found = tflite_cut.cut(files["tflite"], archive)
    number = next(n for n, o in enumerate(found.operators) if o.kind == "FULLY_CONNECTED")
    pair = found.measured_as[number]
    with zipfile.ZipFile(archive) as models:
        alone = Interpreter(model_content=models.read(f"{pair}-{tflite_cut.MANY}.tflite"))
    alone.allocate_tensors()
    given = np.random.default_rng(0).standard_normal((1, 20), np.float32)
    alone.set_tensor(alone.get_input_details()[0]["index"], given)
    alone.invoke()
    outputs = [alone.get_tensor(each["index"]) for each in alone.get_output_details()]
    assert len(outputs) == tflite_cut.MANY
    net = onnx.load(files["onnxruntime"]).graph.initializer
    arrays = {each.name: onnx.numpy_helper.to_array(each) for each in net}
    weight = next(a for a in arrays.values() if a.shape == (5, 20))
    bias = next(a for a in arrays.values() if a.shape == (5,))
    for output in outputs:
        np.testing.assert_allclose(output, given @ weight.T + bias, rtol=1e-4, atol=1e-5)


def test_a_pad_goes_with_the_convolution_that_alone_reads_it(
    files: dict[str, Path], tmp_path: Path
) -> None:
    found = tflite_cut.cut(files["tflite"], tmp_path / "cut.zip")
    kinds = [operator.kind for operator in found.operators]
    assert kinds.count("PAD") >= 1
    for number, kind in enumerate(kinds):
        assert (found.measured_as[number] is None) == (kind == "PAD")


def test_the_dequantizing_of_weights_goes_with_the_layer_that_reads_them(tmp_path: Path) -> None:
    original = tmp_path / "net.onnx"
    onnx.save(network(), original)
    (made,) = export.to_files(
        source.resolve(str(original)), ["tflite"], tmp_path, precision_names=["float16"]
    )
    found = tflite_cut.cut(made.path, tmp_path / "cut.zip")
    for operator, pair in zip(found.operators, found.measured_as, strict=True):
        assert (pair is None) == (operator.kind in ("PAD", "DEQUANTIZE"))
    assert sum(operator.macs for operator in found.operators) == MACS
    (report,) = devices.profile(ProfileRequest((ModelFile(made.path),), (BRIEF,), LOCAL))
    assert report.unmeasured == {}


def test_operators_alike_are_measured_once(tmp_path: Path) -> None:
    path = tiny_tflite(tmp_path / "net.tflite", [OPS.ABS, OPS.NEG, OPS.ABS])
    found = tflite_cut.cut(path, tmp_path / "cut.zip")
    assert found.measured_as == (0, 1, 0)
    assert [operator.name for operator in found.operators] == ["t1", "t2", "t3"]
    with zipfile.ZipFile(tmp_path / "cut.zip") as models:
        assert len(models.namelist()) == 4


def test_what_is_no_tflite_file_is_said(tmp_path: Path) -> None:
    path = tmp_path / "net.tflite"
    path.write_bytes(b"nothing of the kind")
    with pytest.raises(UnreadableModelError, match=r"this is no \.tflite file"):
        devices.profile(ProfileRequest((ModelFile(path),), (BRIEF,), LOCAL))


@pytest.mark.parametrize(
    ("kind", "taps", "groups", "expected"),
    [
        ("Conv", (8, 4, 1, 1), 1, "1x1 convolution"),
        ("Conv", (8, 1, 1, 1), 1, "1x1 convolution"),
        ("CONV_2D", (8, 2, 1, 1), 2, "1x1 grouped"),
        ("FusedConv", (8, 1, 3, 3), 8, "depthwise"),
        ("QLinearConv", (8, 4, 3, 1), 2, "spatial convolution"),
        ("DEPTHWISE_CONV_2D", (8, 1, 3, 3), 1, "depthwise"),
        ("QGemm", (8, 4), 1, "fully connected"),
        ("QLinearAdd", None, 1, "elementwise"),
        ("ReorderOutput", None, 1, "data movement"),
        ("MEAN", None, 1, "pooling"),
        ("QuantizeLinear", None, 1, "quantize/dequantize"),
        ("Unheard", None, 1, "other"),
        ("LOGISTIC", None, 1, "elementwise"),
        ("SOFTMAX", None, 1, "elementwise"),
        ("BATCH_MATMUL", None, 1, "fully connected"),
        ("MatMulIntegerToFloat", None, 1, "fully connected"),
        ("QLinearGlobalAveragePool", None, 1, "pooling"),
        ("QuickGelu", None, 1, "elementwise"),
        ("DynamicQuantizeLinear", None, 1, "quantize/dequantize"),
    ],
)
def test_classes(kind: str, taps: tuple[int, ...] | None, groups: int, expected: str) -> None:
    assert layer_class(Operator("o", kind, (), (), taps, 0, groups)) == expected


def test_emulated_targets_and_branching_graphs_are_refused(tmp_path: Path) -> None:
    emulated = devices.resolve_target("qemu:cortex-a53")
    with pytest.raises(RefusedError, match="emulated machine"):
        devices.profile(ProfileRequest((ModelFile(tmp_path / "net.onnx"),), (BRIEF,), emulated))
    path = tmp_path / "branch.onnx"
    onnx.save(_branching(), path)
    with pytest.raises(RefusedError, match="branch or loop"):
        devices.profile(ProfileRequest((ModelFile(path),), (BRIEF,), LOCAL))


def _branching() -> onnx.ModelProto:
    make, floats = onnx.helper, onnx.TensorProto.FLOAT

    def body(kind: str) -> onnx.GraphProto:
        output = [make.make_tensor_value_info(kind, floats, [1, 4])]
        return make.make_graph([make.make_node(kind, ["x"], [kind])], kind, [], output)

    nodes = [
        make.make_node("ReduceMax", ["x"], ["m"], keepdims=0),
        make.make_node("Cast", ["m"], ["c"], to=onnx.TensorProto.BOOL),
        make.make_node("If", ["c"], ["y"], then_branch=body("Exp"), else_branch=body("Tanh")),
    ]
    values = [make.make_tensor_value_info(name, floats, [1, 4]) for name in ("x", "y")]
    graph = make.make_graph(nodes, "branch", values[:1], values[1:])
    opset = make.make_opsetid("", 18)
    return make.make_model(graph, opset_imports=[opset], ir_version=9)


def test_a_strange_answer_is_a_worker_error(tmp_path: Path) -> None:
    class Target:
        name = "fake"

        def run(self, job: ProfileJob, timeout_s: float) -> dict[str, Any]:
            assert (job.task, timeout_s) == ("profile", BRIEF.timeout_s)
            return {}

    path = tiny_onnx(tmp_path / "net.onnx")
    with pytest.raises(WorkerError, match=r"process 1 of 1: .* not understood"):
        devices.profile(ProfileRequest((ModelFile(path),), (BRIEF,), Target()))  # type: ignore[arg-type]


@pytest.mark.parametrize("changes", [{"threads": 0}, {"children": 0}, {"min_secs": -1.0}])
def test_settings_check_themselves(changes: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="at least"):
        ProfileSettings(**changes)


def test_the_table_says_what_the_numbers_are(
    cli: Cli,
    files: dict[str, Path],
    reports: dict[str, ProfileReport],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    pytest.importorskip("matplotlib")
    monkeypatch.setattr("edgekit.devices.profile", lambda *_: list(reports.values()))
    code, out, _ = cli("latency", *files.values(), "--profile", "--plots", tmp_path / "plots")
    assert code == 0
    for words in (
        *FAMILIES, "dearest operators", "filter 12x3x3x3", "each operator measured alone",
        "ONNX Runtime's own profiler", "runs without a profiler", "median over 1 process",
        "mostly the profiler's work",
    ):  # fmt: skip
        assert words in out
    drawn = sorted((tmp_path / "plots").iterdir())
    assert [path.read_bytes()[:4] for path in drawn] == [b"\x89PNG"] * 2


def test_json_has_every_operator(
    cli: Cli,
    files: dict[str, Path],
    reports: dict[str, ProfileReport],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def profile(request: ProfileRequest, *_: Any) -> list[ProfileReport]:
        (settings,) = request.settings
        assert [file.path for file in request.files] == list(files.values())
        assert (settings.children, settings.num_runs, settings.cpus) == (2, 7, "0")
        return list(reports.values())

    monkeypatch.setattr("edgekit.devices.profile", profile)
    options = ("--children", 2, "--num-runs", 7, "--cpus", 0)
    code, out, _ = cli("latency", *files.values(), "--profile", *options, "--json")
    assert code == 0
    found = [
        devices.profile_from_json(json.dumps(document)) for document in json.loads(out)["reports"]
    ]
    assert found == list(reports.values())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--profile", "--sustained", "2m"], "--sustained does not go with --profile"),
        (["--profile", "--min-secs", "2"], "--min-secs does not go with --profile"),
        (["--plots", "out"], "--plots goes with --profile"),
        (["--profile", "--target", "qemu:cortex-a53"], "--profile does not go with an emulated"),
    ],
)
def test_contradictions_are_usage_errors(
    cli: Cli, tmp_path: Path, arguments: list[str], words: str
) -> None:
    path = tiny_tflite(tmp_path / "net.tflite", [OPS.ABS])
    code, _, err = cli("latency", path, *arguments)
    assert code == 2
    assert words in err
