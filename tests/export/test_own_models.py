"""Networks that edgekit does not know: .onnx files, factories, libraries; sizes and coverage."""

from __future__ import annotations

import json
import sys
from collections import Counter
from functools import cache
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from edgekit import export, models
from edgekit.cli import run
from edgekit.errors import (
    CheckFailedError,
    EdgekitError,
    MissingPackageError,
    RefusedError,
    UnknownNameError,
    UnsupportedOperatorError,
    UsageError,
)
from edgekit.export import coverage, formats
from edgekit.export.graph import macs
from edgekit.export.rewriting import rules
from edgekit.export.sources import canonical, shapes, source
from tests.specimens import graphs
from tests.specimens.graphs import weights

SMALL = "shiftresnet20-e1"
BOTH = ("onnx", "tflite")

CODE = """
import torch
from torch import nn

print("chatter of the user's module")


class Two(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.dense = nn.Conv2d(3, 4, 3, padding=1), nn.Linear(5, 4)
        self.norm, self.dropout = nn.BatchNorm2d(4), nn.Dropout()

    def forward(self, image, vector, scale=None):
        x = self.norm(self.conv(image)) * self.dense(vector)[:, :, None, None]
        pooled = self.dropout(x.mean((2, 3)))
        return {"map": x, "heads": [pooled, pooled.relu()], "image": image, "none": None}


class Odd(nn.Module):
    def forward(self, x):
        square, whole = x.unsqueeze(-1) * x.unsqueeze(-2), x.int()
        return torch.linalg.det(square), torch.linalg.det(square * 2) + (whole >> 1).sum()


class Returns(nn.Module):
    def __init__(self, what):
        super().__init__()
        self.what = what

    def forward(self, x):
        return self.what(x)


def make():
    print("chatter of the user's factory")
    return Two()


def fails():
    raise ValueError("no weights today,\\nsorry")


def leaves():
    raise SystemExit(3)


def number():
    return Returns(lambda x: (x, 3))


def choices():
    return Returns(lambda x: (x.argmax(1), x > 0))


def decides():
    return Returns(lambda x: x if x.sum() > 0 else -x)


def constant():
    return Returns(lambda x: (x.relu(), torch.ones(2)))


def not_finite():
    return Returns(lambda x: (x - 5).log())


def any_number():
    return nn.Sequential(nn.Conv2d(3, 4, 1), nn.ReLU())


ready = any_number()
text = "no network"
"""


@pytest.fixture(autouse=True)
def _own_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "own_nets.py").write_text(CODE)
    (tmp_path / "own_broken.py").write_text("import a_package_that_is_absent\n")
    (tmp_path / "own_syntax.py").write_text("def (:\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(sys.modules, "own_nets", raising=False)


def _resolve(what: str, *texts: str, batch: int | None = None) -> export.Source:
    return source.resolve(what, asked=shapes.parse(texts, batch))


def _onnx(folder: Path, text: str, **constants: np.ndarray) -> str:
    path = folder / "net.onnx"
    onnx.save(graphs.proto(text, **constants), path)
    return str(path)


# --- package.module:factory ---------------------------------------------------------------


@pytest.mark.parametrize("texts", [("2,3,8,8", "2,5"), ("vector:2,5", "image:2,3,8,8")])
def test_factory_with_several_inputs_and_outputs(texts: tuple[str, str], tmp_path: Path) -> None:
    prepared = _resolve("own_nets:make", *texts)
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
    prepared = _resolve(f"own_nets:{what}", "1,3,8,8")
    for entry in export.to_files(prepared, BOTH, tmp_path):
        assert (entry.verified, len(entry.outputs)) == ("passed", 1)


def test_outputs_may_be_integers_and_truth_values(tmp_path: Path) -> None:
    prepared = _resolve("own_nets:choices", "1,4")
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
        _resolve(what, *texts)
    assert "\n" not in str(caught.value)
    assert reason in (None, caught.value.reason_code)


def test_answers_that_are_not_finite_prove_nothing(tmp_path: Path) -> None:
    with pytest.raises(CheckFailedError, match="not finite"):
        export.to_files(_resolve("own_nets:not_finite", "1,4"), ["onnx"], tmp_path)


# --- sizes --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("texts", "batch", "message"),
    [
        (["1,3,x"], None, "'1,3,x' is no input shape"),
        ([""], None, "is no input shape"),
        (["a:1,3", "a:1,3"], None, "two shapes"),
        (["a:1,3", "1,3"], None, "with and without"),
        (["1,0,3"], None, "below 1"),
        (["1,3"], 2, "contradicts"),
        ([], 0, "a batch is"),
    ],
)
def test_sizes_that_make_no_sense(texts: list[str], batch: int | None, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        shapes.parse(texts, batch)


def test_names_of_inputs_may_hold_colons() -> None:
    assert shapes.parse(["serving/input:0:1,3,8,8"]).named == {"serving/input:0": (1, 3, 8, 8)}


OPEN = "g (float[N,3,H,W] x) => (float[N,3,H,W] y) { y = Relu(x) }"
FIXED = "g (float[2,3,8,8] x) => (float[2,3,8,8] y) { y = Relu(x) }"
BOTH_OPEN = """g (float[N,H,8] a, float[N,W] b) => (float[N,H,8] y, float[N,W] z) {
    y = Relu(a)
    z = Relu(b) }"""
TWO = """g (float[N,3,H,8] a, float[N,3] b) => (float[N,3,H,8] y, float[N,3] z) {
    y = Relu(a)
    z = Sigmoid(b) }"""


@pytest.mark.parametrize(
    ("text", "texts", "batch", "expected"),
    [
        (OPEN, ["2,3,5,6"], None, {"x": (2, 3, 5, 6)}),
        (OPEN, ["x:2,3,5,6"], 2, {"x": (2, 3, 5, 6)}),
        (FIXED, [], None, {"x": (2, 3, 8, 8)}),
        (FIXED, ["2,3,8,8"], 2, {"x": (2, 3, 8, 8)}),
        (TWO, ["a:3,3,4,8"], 3, {"a": (3, 3, 4, 8), "b": (3, 3)}),
        (TWO, ["1,3,4,8", "1,3"], None, {"a": (1, 3, 4, 8), "b": (1, 3)}),
    ],
)
def test_open_sizes_are_filled(
    text: str,
    texts: list[str],
    batch: int | None,
    expected: dict[str, tuple[int, ...]],
    tmp_path: Path,
) -> None:
    prepared = _resolve(_onnx(tmp_path, text), *texts, batch=batch)
    onnx_file, tflite_file = export.to_files(prepared, BOTH, tmp_path / "out")
    assert {t.name: t.shape for t in onnx_file.inputs} == expected
    assert (onnx_file.verified, tflite_file.verified) == ("passed", "passed")
    assert len(tflite_file.outputs) == len(expected)


@pytest.mark.parametrize(
    ("text", "texts", "batch", "message"),
    [
        (FIXED, [], 4, "fixes its input sizes, x 2,3,8,8"),
        (FIXED, ["2,3,9,8"], None, "its input 'x' is 2,3,8,8, all fixed"),
        (OPEN, ["1,4,8,8"], None, r"its input 'x' is \?,3,\?,\?, where"),
        (OPEN, ["1,3,8"], None, "its input 'x' is"),
        (OPEN, ["y:1,3,8,8"], None, "unknown input of"),
        (OPEN, ["1,3,8,8", "1,3"], None, "2 input shapes are given, and .* 1 input: x"),
        (OPEN, [], None, "--input-shape 1,3,224,224"),
        (TWO, ["b:1,3"], None, "--input-shape a:1,3,224,8"),
        (BOTH_OPEN, [], None, "--input-shape a:1,224,8 --input-shape b:1,224,"),
    ],
)
def test_sizes_that_do_not_fit_the_file(
    text: str, texts: list[str], batch: int | None, message: str, tmp_path: Path
) -> None:
    with pytest.raises((UsageError, RefusedError), match=message):
        _resolve(_onnx(tmp_path, text), *texts, batch=batch)


def test_sizes_that_a_file_fixes_inside(tmp_path: Path) -> None:
    text = "g (float[1,4,2,2] x) => (float[1,16] y) { y = Reshape(x, s) }"
    model = graphs.proto(text, s=np.array([1, 16]))
    for value in (*model.graph.input, *model.graph.output):
        value.type.tensor_type.shape.dim[0].dim_param = "N"
    onnx.save(model, tmp_path / "net.onnx")
    assert _resolve("net.onnx").answers[0]["y"].shape == (1, 16)
    with pytest.raises(RefusedError, match="does not run with inputs x 2,4,2,2") as caught:
        _resolve("net.onnx", batch=2)
    assert caught.value.reason_code == "input-shape"


def test_every_input_of_a_factory_needs_its_shape() -> None:
    with pytest.raises(RefusedError, match=r"the shape of input 'vector' open: .* vector:1,3,"):
        _resolve("own_nets:make", "1,3,8,8")


def test_local_functions_are_taken_in(tmp_path: Path) -> None:
    text = """<ir_version: 10, opset_import: ["" : 18, "own" : 1]>
        g (float[1,3] x) => (float[1,3] y) { y = own.twice(x) }
        <domain: "own", opset_import: ["" : 18]> twice (a) => (b) { b = Add(a, a) }"""
    onnx.save(onnx.parser.parse_model(text), tmp_path / "net.onnx")
    for entry in export.to_files(_resolve("net.onnx"), BOTH, tmp_path / "out"):
        assert entry.verified == "passed"


FAMILIES = sorted({models.get(name).family for name in models.names(baselines=False)})


@cache
def _batched(family: str) -> export.Source:
    """The family's cheapest network at batch 2."""
    members = [models.get(name) for name in models.names(baselines=False)]
    cheapest = min((s for s in members if s.family == family), key=lambda spec: spec.macs)
    return _resolve(cheapest.name, batch=2)


@pytest.mark.parametrize("family", FAMILIES)
def test_networks_take_a_batch(family: str, tmp_path: Path) -> None:
    prepared = _batched(family)
    spec = models.get(prepared.name)
    assert (prepared.params, prepared.macs) == (spec.params, 2 * spec.macs)
    for entry in export.to_files(prepared, BOTH, tmp_path):
        assert entry.verified == "passed"
        assert [tensor.shape[0] for tensor in (*entry.inputs, *entry.outputs)] == [2, 2]
        assert entry.partitions in (None, 1)
        assert entry.operators_outside == ()


def test_a_network_takes_another_size(tmp_path: Path) -> None:
    spec = models.get(SMALL)
    prepared = _resolve(SMALL, "1,3,48,48")
    assert prepared.macs > spec.macs
    assert prepared.preprocessing is not None
    assert (prepared.preprocessing.crop, prepared.preprocessing.mean) == (
        48,
        spec.preprocessing.mean,
    )
    (entry,) = export.to_files(prepared, ["tflite"], tmp_path)
    assert (entry.path.name, entry.inputs[0].shape) == (f"{SMALL}_float32.tflite", (1, 48, 48, 3))
    assert _resolve(SMALL, "1,3,32,48").preprocessing is None, "crops are square"
    for wrong in ("1,4,32,32", "1,3,32"):
        with pytest.raises(UsageError, match="its input 'input' is"):
            _resolve(SMALL, wrong)


# --- networks of other packages -----------------------------------------------------------


def test_library_network(tmp_path: Path) -> None:
    pytest.importorskip("pytorchcv")
    what, asked = "pytorchcv:resnet20_cifar10", shapes.parse([], 2)
    prepared = source.resolve(what, asked=asked)
    assert prepared.weights == "untrained (seed 0)"
    assert prepared.preprocessing == models.Preprocessing(**vars(models.get(SMALL).preprocessing))
    again = source.resolve(what, asked=asked)
    assert np.array_equal(prepared.answers[0]["output"], again.answers[0]["output"])
    for entry in export.to_files(prepared, BOTH, tmp_path):
        assert (entry.verified, entry.outputs[0].shape) == ("passed", (2, 10))


def test_absent_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(MissingPackageError, match="pip install timm"):
        source.resolve("timm:resnet18")


# --- coverage -----------------------------------------------------------------------------


@pytest.mark.parametrize("family", FAMILIES)
def test_coverage_counts_every_operator_once(family: str) -> None:
    prepared = _batched(family)
    report = coverage.of_graph(prepared.name, prepared.graph, BOTH)
    expected = Counter(node.op_type for node in prepared.graph.graph)
    for format_name in BOTH:
        found: Counter[str] = Counter()
        for row in report.rows:
            if row.format == format_name:
                found[row.operator] += row.count
        assert found == expected
    assert report.refusals == ()
    tflite, lowered = formats.get("tflite"), prepared.graph.clone()
    rules.apply(lowered, tflite.lowering.rules)
    in_file = Counter(code for _, codes in tflite.emitted(lowered) for code in codes)
    attributed: Counter[str] = Counter()
    for row in report.rows:
        if row.format == "tflite":
            attributed.update({code: row.count * n for code, n in Counter(row.becomes).items()})
    assert in_file <= attributed, "an operator of the file stems from nowhere"
    for row in report.rows:
        if row.format == "onnx":
            assert (row.becomes, row.rules) == ((row.operator,), ())
        else:
            assert row.becomes or row.rules, f"{row.operator} vanishes without a reason"
    assert json.loads(report.to_json())["schema"] == "edgekit.coverage"


FATES = {
    "channel_shuffle": (
        "g (float[1,32,2,2] x) => (float[1,32,2,2] y) { y = Gather<axis=1>(x, c) }",
        {"c": np.arange(32).reshape(4, 8).T.reshape(-1)},
        {("Gather", ("RESHAPE", "TRANSPOSE", "RESHAPE"), ("channel_shuffle",))},
    ),
    "fuse_activation": (
        "g (float[1,4,4,4] x) => (float[1,4,4,4] y) { a = Conv(x, c)\n y = Relu(a) }",
        {"c": weights(4, 4, 1, 1)},
        {("Conv", ("CONV_2D",), ()), ("Relu", (), ("fuse_activation",))},
    ),
    "flat_mean": (
        "g (float[1,4,4,4] x) => (float[1,4] y) { a = GlobalAveragePool(x)\n y = Reshape(a, c) }",
        {"c": np.array([1, 4])},
        {
            ("GlobalAveragePool", ("MEAN",), ("flat_mean",)),
            ("Reshape", ("MEAN",), ("flat_mean",)),
        },
    ),
    "add_into_bias": (
        """g (float[1,4] x) => (float[1,4] y) {
             a = Gemm(x, c)
             y = HardSigmoid<alpha=0.16666667>(a) }""",
        {"c": weights(4, 4)},
        {
            ("Gemm", ("FULLY_CONNECTED",), ("add_into_bias",)),
            (
                "HardSigmoid",
                ("MUL",),
                ("hard_sigmoid_as_relu6", "add_into_bias", "fuse_activation"),
            ),
        },
    ),
}


@pytest.mark.parametrize("rule", FATES)
def test_coverage_says_what_became_of_a_node(rule: str) -> None:
    text, constants, expected = FATES[rule]
    graph = canonical.from_proto(graphs.proto(text, **constants))
    report = coverage.of_graph("g", graph, ["tflite"])
    assert {(row.operator, row.becomes, row.rules) for row in report.rows} == expected


def test_coverage_lists_all_that_is_refused(tmp_path: Path) -> None:
    prepared = _resolve("own_nets:Odd", "1,4,6")
    with pytest.raises(UnsupportedOperatorError, match="4 more nodes refused: --report"):
        export.to_files(prepared, BOTH, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    report = coverage.of_graph(prepared.name, prepared.graph, BOTH)
    assert [each.operator for each in report.refusals] == [
        "Det", "Det", "Cast", "BitShift", "BitwiseOr",
    ]  # fmt: skip
    assert {each.format for each in report.refusals} == {"tflite"}
    assert {each.reason_code for each in report.refusals} == {"unsupported-operator", "dtype"}
    nodes = {node.name for node in prepared.graph.graph}
    assert {each.node for each in report.refusals} <= nodes
    fates = {(row.format, row.operator): row.reason_code for row in report.rows}
    assert fates["tflite", "Det"] == "unsupported-operator"
    assert fates["onnx", "Det"] == fates["tflite", "Mul"] == ""


def test_a_refused_node_does_not_hide_what_follows() -> None:
    model = graphs.proto(
        """g (float[1,4,4,4] x) => (float[1,4,4,4] y) {
             a, unused = Split<axis=1, num_outputs=2>(x)
             b = Det(a)
             c = Mul(a, factor)
             d = Concat<axis=1>(c, a)
             e = Conv(d, w)
             f = RoiAlign<mode="max", output_height=4, output_width=4>(e, boxes, image)
             g = Reshape(b, ones)
             h = Concat<axis=1>(g, g)
             y = Mul(f, h) }""",
        w=weights(4, 4, 1, 1),
        factor=np.float32(2),
        boxes=np.float32([[0, 0, 3, 3]]),
        image=np.array([0]),
        ones=np.array([1, 2, 1, 1]),
    )
    report = coverage.of_graph("g", canonical.from_proto(model), [formats.get("litert").name])
    assert [each.reason_code for each in report.refusals] == [
        "unsupported-operator",
        "unsupported-mode",
    ]


def test_foreign_operators_are_all_reported() -> None:
    nodes = [onnx.helper.make_node("Own", [a], [b], domain="corp") for a, b in ("xa", "ay")]
    ends = [onnx.helper.make_tensor_value_info(n, onnx.TensorProto.FLOAT, (1, 3)) for n in "xy"]
    graph = onnx.helper.make_graph(nodes, "g", ends[:1], ends[1:])
    opsets = [onnx.helper.make_opsetid("", 18), onnx.helper.make_opsetid("corp", 1)]
    onnx.save(onnx.helper.make_model(graph, opset_imports=opsets, ir_version=9), "net.onnx")
    with pytest.raises(UnsupportedOperatorError, match="1 more node refused") as caught:
        _resolve("net.onnx")
    report = coverage.of_error("net", caught.value)
    assert [(row.operator, row.count, row.reason_code) for row in report.rows] == [
        ("corp.Own", 2, "foreign-operator")
    ]
    assert len(report.refusals) == 2


# --- the command line ---------------------------------------------------------------------


def test_report_beside_the_files(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["export", "own_nets:ready", "--input-shape", "1,3,8,8", "-o", "out", "--report"]
    assert run(arguments) == 0
    printed = capsys.readouterr()
    assert "chatter" not in printed.out, "stdout has the result only"
    assert "chatter" in printed.err
    assert "part of its neighbours" in printed.out
    assert run([*arguments, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["schema"] == "edgekit.export"
    assert [row["operator"] for row in document["coverage"]["rows"]] == ["Conv", "Relu"] * 2


@pytest.mark.parametrize("as_json", [True, False])
def test_report_of_what_is_refused(as_json: bool, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["export", "own_nets:Odd", "--input-shape", "1,4", "-o", "out", "--report"]
    assert run([*arguments, *(["--json"] if as_json else [])]) == 4
    printed = capsys.readouterr()
    assert "error: Det" in printed.err
    assert not Path("out").exists()
    if as_json:
        document = json.loads(printed.out)
        assert (document["schema"], document["exit_code"]) == ("edgekit.error", 4)
        assert len(document["coverage"]["refusals"]) == 5
    else:
        assert "refused, 5 in all:" in printed.out


def test_help_says_what_runs_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["export", "--help"]) == 0
    words = " ".join(capsys.readouterr().out.split())
    assert "package.module:factory runs code of yours, and nothing else does" in words


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
    prepared = _resolve("keyed_nets:make", "1,3,8,8")
    for entry in export.to_files(prepared, ["onnx", "tflite"], tmp_path / "out"):
        assert {tensor.name for tensor in entry.outputs} == set(keys)
        assert entry.verified == "passed"
