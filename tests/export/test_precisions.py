"""Precisions that need no sample data, and 16-bit activations, in both formats."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from ai_edge_litert import schema_py_generated as schema

from edgekit import export, runtimes
from edgekit.errors import ParityError, UnknownNameError, UsageError
from edgekit.export import artifact, lowering, precisions
from edgekit.export.graph import nodes as g
from edgekit.export.integer import encoded, quantizable
from edgekit.export.onnx_writer import qdq
from edgekit.export.precisions import PRECISIONS, rounding, stored
from edgekit.export.rewriting import rules
from edgekit.export.sources import (
    canonical,
    source,  # fmt: skip
)
from edgekit.quantize import ranges
from edgekit.quantize.encoding import affine_choice
from edgekit.quantize.running import observe, simulation
from edgekit.quantize.running.session import GraphSession
from tests.specimens import graphs
from tests.specimens.graphs import weights

BOTH = ["onnx", "tflite"]
ROUNDING = [name for name, entry in PRECISIONS.items() if entry.round_weights is not None]
DRIFT = {"float16": 2e-3, "weight-int8": 3e-2, "dynamic-int8": 4e-2}
SHARE = {"float16": 0.5, "weight-int8": 0.25, "dynamic-int8": 0.25}
"""Of the float32 weights' bytes."""

# Dense, grouped, depthwise, dilated and strided layers, a value with two readers, and Gemm; big
# enough for the weights to be most of the file.
NET = """g (float[1,8,9,9] x) => (float[1,10] y) <int64[2] flat = {1,64}> {
  a = Conv<pads=[1,1,1,1]>(x, dense, b64)
  b = Relu(a)
  c = Conv<group=64,pads=[1,1,1,1],strides=[2,2]>(b, depthwise)
  d = Conv<group=2>(c, grouped, b64)
  e = Conv<pads=[2,2,2,2],dilations=[2,2]>(c, dilated)
  f = Add(d, e)
  h = HardSwish(f)
  p = GlobalAveragePool(h)
  r = Reshape(p, flat)
  y = Gemm<transB=1>(r, head, b10) }"""


def _net() -> onnx.ModelProto:
    spread = 10.0 ** np.linspace(-1, 0, 64, dtype=np.float32)  # channels of unequal size
    return graphs.proto(
        NET,
        dense=weights(64, 8, 3, 3) * spread.reshape(-1, 1, 1, 1),
        depthwise=weights(64, 1, 3, 3, seed=1),
        grouped=weights(64, 32, 1, 1, seed=2) * spread[::-1].reshape(-1, 1, 1, 1),
        dilated=weights(64, 64, 3, 3, seed=3) / 8,
        head=weights(10, 64, seed=4),
        b64=weights(64, seed=5),
        b10=weights(10, seed=6),
    )


@pytest.fixture(scope="module")
def net(tmp_path_factory: pytest.TempPathFactory) -> export.Source:
    path = tmp_path_factory.mktemp("net") / "net.onnx"
    onnx.save(_net(), path)
    return source.resolve(str(path))


@pytest.fixture(scope="module")
def files(
    net: export.Source, tmp_path_factory: pytest.TempPathFactory
) -> dict[tuple[str, str], export.Artifact]:
    folder = tmp_path_factory.mktemp("files")
    entries = export.to_files(net, BOTH, folder, precision_names=list(PRECISIONS))
    return {(entry.precision, entry.format): entry for entry in entries}


PAIRS = [(n, f) for n, entry in PRECISIONS.items() for f in BOTH if entry.is_for(f)]


@pytest.mark.parametrize(("name", "format_name"), PAIRS)
def test_files_say_what_they_are_and_do_it(
    name: str, format_name: str, files: dict[tuple[str, str], export.Artifact]
) -> None:
    entry = files[name, format_name]
    assert entry.path.name == f"net_{name}.{format_name}"
    assert entry.verified == "passed"
    assert entry.parity is not None
    assert artifact.load(entry.path) == entry
    if name not in ROUNDING:
        assert entry.drift is None
        return
    assert name in entry.parity.reference
    assert entry.drift is not None
    assert 0 < entry.drift.max_rel_error < DRIFT[name]


@pytest.mark.parametrize("format_name", BOTH)
@pytest.mark.parametrize("name", ROUNDING)
def test_weights_are_as_short_as_promised(
    name: str, format_name: str, files: dict[tuple[str, str], export.Artifact]
) -> None:
    whole = sum(4 * weight.size for _, weight in stored.layers(canonical.from_proto(_net())))
    saved = files["float32", format_name].size_bytes - files[name, format_name].size_bytes
    assert saved == pytest.approx((1 - SHARE[name]) * whole, rel=0.06)


@pytest.mark.parametrize("name", PRECISIONS)
def test_the_delegate_takes_the_whole_network(
    name: str, files: dict[tuple[str, str], export.Artifact]
) -> None:
    entry = files[name, "tflite"]
    assert (entry.partitions, entry.operators_outside) == (1, ())


def test_float_arithmetic_precisions_are_exact_in_both_formats(
    files: dict[tuple[str, str], export.Artifact],
) -> None:
    for name in ("float16", "weight-int8"):
        for format_name in BOTH:
            checked = files[name, format_name].parity
            assert checked is not None
            assert checked.max_rel_error < 1e-5


def test_leave_for_float16_arithmetic_changes_one_entry_and_no_answer(
    net: export.Source, files: dict[tuple[str, str], export.Artifact], tmp_path: Path
) -> None:
    found = _model(files["float16-compute", "tflite"].path.read_bytes())
    entries = {each.name: bytes(found.buffers[each.buffer].data) for each in found.metadata}
    assert entries == {b"reduced_precision_support": b"fp16accfp16"}
    plain = _model(files["float32", "tflite"].path.read_bytes())
    assert plain.metadata is None
    assert found.subgraphs[0].operators[0].inputs.tolist() == (
        plain.subgraphs[0].operators[0].inputs.tolist()
    )
    assert ("float16-compute", "onnx") not in files
    with pytest.raises(UsageError, match="tflite"):
        export.to_files(net, ["onnx"], tmp_path, precision_names=["float16-compute"])


def test_dynamic_layers_compute_on_integers_but_for_depthwise_ones(
    files: dict[tuple[str, str], export.Artifact],
) -> None:
    in_onnx = files["dynamic-int8", "onnx"].operators
    assert (in_onnx["ConvInteger"], in_onnx["MatMulInteger"], in_onnx["Conv"]) == (3, 1, 1)
    assert in_onnx["DynamicQuantizeLinear"] == 3, "a value with two readers is quantized once"
    forms = _weight_types(files["dynamic-int8", "tflite"].path)
    assert forms["CONV_2D"] == {"INT8"}
    assert forms["FULLY_CONNECTED"] == {"INT8"}
    assert forms["DEPTHWISE_CONV_2D"] == {"FLOAT32"}, "dequantized when the file is loaded"


def test_equal_input_gives_equal_bytes(
    net: export.Source, files: dict[tuple[str, str], export.Artifact], tmp_path: Path
) -> None:
    again = export.to_files(net, BOTH, tmp_path, precision_names=ROUNDING, verify=False)
    for entry in again:
        assert entry.sha256 == files[entry.precision, entry.format].sha256
        assert entry.verified == "skipped"


@pytest.mark.parametrize("name", ROUNDING)
def test_a_wrong_file_fails(
    name: str, net: export.Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is written has two output channels of one layer in each other's place."""
    honest = rounding.apply

    def faulty(
        given: export.Source, precision: precisions.Precision, *, verify: bool
    ) -> tuple[export.Source, float]:
        rounded, tolerance = honest(given, precision, verify=verify)
        (head,) = (node for node in rounded.graph.graph if node.op_type == "Gemm")
        weight = g.constant(head.inputs[1])
        assert weight is not None
        swapped = g.add_constant(g.graph_of(head), "swapped", weight[[1, 0, *range(2, 10)]])
        head.replace_input_with(1, swapped)
        return rounded, tolerance

    monkeypatch.setattr(rounding, "apply", faulty)
    with pytest.raises(ParityError, match=f"as {name} onnx"):
        export.to_files(net, BOTH, tmp_path, precision_names=[name])
    assert (tmp_path / f"net_{name}.failed.onnx").is_file()


def test_one_failed_or_unknown_precision_keeps_all_names_away(
    net: export.Source, tmp_path: Path
) -> None:
    with pytest.raises(UnknownNameError, match="float16, float16-compute, weight-int8"):
        export.to_files(net, BOTH, tmp_path, precision_names=["float32", "int3"])
    assert list(tmp_path.iterdir()) == []


def test_names_and_aliases() -> None:
    for entry in PRECISIONS.values():
        aliases = [alias for alias, name in PRECISIONS.aliases.items() if name == entry.name]
        for name in (entry.name, *aliases, entry.name.upper()):
            assert precisions.get(name) is entry
    assert (precisions.get("fp32").name, precisions.get("fp16").name) == ("float32", "float16")


def test_weights_that_float16_cannot_hold_stay_float32(tmp_path: Path) -> None:
    model = graphs.proto(
        "g (float[1,4] x) => (float[1,4] y) { a = Gemm<transB=1>(x, w)\n y = MatMul(a, v) }",
        w=weights(4, 4) * np.float32(1e6),
        v=weights(4, 4) * np.float32(1e-6),
    )
    onnx.save(model, tmp_path / "wide.onnx")
    prepared = source.resolve(str(tmp_path / "wide.onnx"))
    for entry in export.to_files(prepared, BOTH, tmp_path, precision_names=["float16"]):
        assert entry.drift is not None
        assert entry.drift.max_rel_error < 5e-2, "small weights lose digits, large ones nothing"


def test_channels_of_zeros_are_kept(tmp_path: Path) -> None:
    model = graphs.proto(
        "g (float[1,3,4,4] x) => (float[1,4,4,4] y) { y = Conv(x, w, b) }",
        w=weights(4, 3, 1, 1) * np.array([0, 1, 0, 2], np.float32).reshape(4, 1, 1, 1),
        b=weights(4),
    )
    onnx.save(model, tmp_path / "zeros.onnx")
    prepared = source.resolve(str(tmp_path / "zeros.onnx"))
    for entry in export.to_files(prepared, BOTH, tmp_path, precision_names=ROUNDING):
        assert entry.verified == "passed"


# --- versions -----------------------------------------------------------------------------


def test_operators_ask_for_the_versions_of_their_forms(
    files: dict[tuple[str, str], export.Artifact],
) -> None:
    def of(name: str) -> dict[str, set[int]]:
        return _versions(files[name, "tflite"].path.read_bytes())

    assert of("float32")["CONV_2D"] == {1, 6}, "6: grouped"
    assert of("float16")["DEQUANTIZE"] == {3}
    assert of("weight-int8")["DEQUANTIZE"] == {5}
    assert of("weight-int8")["CONV_2D"] == {1, 6}
    assert of("dynamic-int8")["CONV_2D"] == {5, 6}
    assert of("dynamic-int8")["FULLY_CONNECTED"] == {12}


# --- 8- and 16-bit activations ------------------------------------------------------------

SMALL = """g (float[1,4,6,6] x) => (float[1,5] y) <int64[2] flat = {1,6}> {
  a = Conv<pads=[1,1,1,1]>(x, dense, bias)
  b = Relu(a)
  c = Conv<group=6,pads=[1,1,1,1]>(b, depthwise)
  d = Conv<group=2>(c, grouped)
  s = Sigmoid(d)
  t = Tanh(c)
  m = Mul(s, t)
  n = Add(m, d)
  u = Sub(n, t)
  j = Concat<axis=1>(u, d)
  k = Slice(j, three, nine, one)
  o = MaxPool<kernel_shape=[2,2],strides=[2,2]>(k)
  p = GlobalAveragePool(o)
  r = Reshape(p, flat)
  z = Gemm<transB=1>(r, head)
  y = Softmax<axis=1>(z) }"""


def _integers(bits: int, folder: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray, bytes]:
    """Encode the small network; return simulation, .onnx and .tflite answers, and the .tflite."""
    model = graphs.proto(
        SMALL,
        dense=weights(6, 4, 3, 3),
        bias=weights(6),
        depthwise=weights(6, 1, 3, 3, seed=1),
        grouped=weights(6, 3, 1, 1, seed=2),
        head=weights(5, 6, seed=3),
        one=np.array([1]),
        three=np.array([3]),
        nine=np.array([9]),
    )
    feed = graphs.feeds(model)
    graph = quantizable.from_canonical(canonical.from_proto(model))
    method = ranges.get("minmax")
    found = observe.summaries(graph, lambda: [feed], method)
    spans = observe.group_ranges(graph, found, method, bits)
    encodings = affine_choice.encodings(graph, spans, bits=bits)
    (expected,) = GraphSession(simulation.of(graph, encodings)).run(feed).values()
    in_onnx = qdq.to_bytes(encoded.apply(graph, encodings), "test")
    lowered = encoded.apply(graph, encodings)
    rules.apply(lowered, lowering.TFLITE_INTEGER.rules)
    in_tflite = graphs.tflite_file(lowered)
    (onnx_answer,) = graphs.run_onnx(in_onnx, feed, folder).values()
    (tflite_answer,) = graphs.run_tflite(in_tflite, feed, folder).values()
    return expected, onnx_answer, tflite_answer, in_tflite


@pytest.mark.parametrize(("bits", "steps"), [(8, 2), (16, 24)])
def test_integer_files_answer_as_the_simulation(bits: int, steps: int, tmp_path: Path) -> None:
    expected, onnx_answer, tflite_answer, data = _integers(bits, tmp_path)
    step = 1 / 256 if bits == 8 else 1 / 32768  # of the softmax that gives the answer
    np.testing.assert_allclose(onnx_answer, expected, atol=steps * step)
    np.testing.assert_allclose(tflite_answer, expected, atol=steps * step)
    kept = runtimes.load("tflite", tmp_path / "model.tflite").info()
    assert kept.operators["QUANTIZE"] == 1, "only the input is converted"
    assert kept.operators["DEQUANTIZE"] == 1, "only the output is"
    versions = _versions(data)
    index = bits == 16
    assert versions["CONV_2D"] == {(3, 1)[index], 6}
    assert versions["DEPTHWISE_CONV_2D"] == {(3, 1)[index]}
    assert versions["FULLY_CONNECTED"] == {(4, 1)[index]}
    assert versions["ADD"] == {(2, 3)[index]}
    assert versions["SUB"] == {(2, 5)[index]}
    assert versions["SLICE"] == {(2, 4)[index]}
    assert versions["QUANTIZE"] == {(1, 2)[index]}
    assert versions["DEQUANTIZE"] == {(2, 3)[index]}
    for code in ("CONCATENATION", "LOGISTIC", "TANH", "SOFTMAX", "MEAN", "MAX_POOL_2D"):
        assert versions[code] == {(2, 3)[index]}, code


# --- reading .tflite files ----------------------------------------------------------------


def _model(data: bytes) -> schema.ModelT:
    return schema.ModelT.InitFromObj(schema.Model.GetRootAs(data, 0))


def _codes() -> dict[int, str]:
    return {number: name for name, number in vars(schema.BuiltinOperator).items() if name[0] != "_"}


def _versions(data: bytes) -> dict[str, set[int]]:
    names, result = _codes(), {}
    for code in _model(data).operatorCodes:
        result.setdefault(names[code.builtinCode], set()).add(code.version)
    return result


def _weight_types(path: Path) -> dict[str, set[str]]:
    names = _codes()
    types = {number: name for name, number in vars(schema.TensorType).items() if name[0] != "_"}
    model = _model(path.read_bytes())
    (graph,) = model.subgraphs
    result: dict[str, set[str]] = {}
    for operator in graph.operators:
        code = names[model.operatorCodes[operator.opcodeIndex].builtinCode]
        if len(operator.inputs) > 1:
            kind = types[graph.tensors[operator.inputs[1]].type]
            result.setdefault(code, set()).add(kind)
    return result
