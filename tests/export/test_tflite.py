"""The TFLite writer: every operator against ONNX Runtime, every refusal by name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from edgekit import runtimes
from edgekit.errors import UnsupportedOperatorError
from edgekit.export import lowering, tflite
from edgekit.export.graph import permutations
from edgekit.export.tflite import delegate_table, operator_support
from edgekit.export.tflite.emit import EMITTERS
from tests.specimens import graphs, kernels
from tests.specimens.graphs import weights
from tests.specimens.operators import FORMS, MAP


def test_every_emitter_has_a_form() -> None:
    standard = {operator for domain, operator in EMITTERS if domain == ""}
    assert standard <= {operator for operator, _, _ in FORMS}


@pytest.mark.parametrize(
    ("operator", "text", "constants"), FORMS, ids=[f"{i}-{f[0]}" for i, f in enumerate(FORMS)]
)
def test_operator_computes_what_onnx_says(
    operator: str, text: str, constants: dict[str, np.ndarray], tmp_path: Path
) -> None:
    model = graphs.proto(text, **constants)
    assert operator in {node.op_type for node in model.graph.node}
    inputs = graphs.feeds(model)
    expected = graphs.run_onnx(model.SerializeToString(), inputs, tmp_path)
    data = graphs.to_tflite(model)
    for answer in (graphs.run_tflite(data, inputs, tmp_path), kernels.run(data, inputs)):
        assert set(answer) == set(expected)
        for name, truth in expected.items():
            np.testing.assert_allclose(answer[name], truth, rtol=1e-5, atol=1e-5)
    info = runtimes.load("tflite", tmp_path / "model.tflite").info()
    taken = operator_support.delegation(info.partitions, info.operators_outside)
    assert delegate_table.DELEGATED[operator] in (taken, delegate_table.PARTLY)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    size=st.tuples(st.integers(3, 9), st.integers(3, 9)),
    kernel=st.tuples(st.integers(1, 4), st.integers(1, 4)),
    stride=st.integers(1, 3),
    dilation=st.integers(1, 2),
    pads=st.tuples(*[st.integers(0, 2)] * 4),
    groups=st.sampled_from([(1, 3), (2, 2), (4, 1), (4, 2)]),
)
def test_convolution_geometry(
    tmp_path: Path,
    size: tuple[int, int],
    kernel: tuple[int, int],
    stride: int,
    dilation: int,
    pads: tuple[int, int, int, int],
    groups: tuple[int, int],
) -> None:
    group, per_group = groups
    reach = [(k - 1) * dilation + 1 for k in kernel]
    out = [
        (size[a] + pads[a] + pads[a + 2] - reach[a]) // stride + 1
        if size[a] + pads[a] + pads[a + 2] >= reach[a]
        else 0
        for a in (0, 1)
    ]
    assume(min(out) > 0)
    channels = group * per_group
    model = graphs.proto(
        f"""g (float[1,4,{size[0]},{size[1]}] x) => (float[1,{channels},{out[0]},{out[1]}] y) {{
          y = Conv<group={group}, strides=[{stride},{stride}], dilations=[{dilation},{dilation}],
                   pads=[{",".join(map(str, pads))}]>(x, w) }}""",
        w=weights(channels, 4 // group, *kernel),
    )
    inputs = graphs.feeds(model)
    expected = graphs.run_onnx(model.SerializeToString(), inputs, tmp_path)["y"]
    answer = graphs.run_tflite(graphs.to_tflite(model), inputs, tmp_path)["y"]
    np.testing.assert_allclose(answer, expected, rtol=1e-4, atol=1e-4)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    operator=st.sampled_from(["MaxPool", "AveragePool"]),
    size=st.tuples(st.integers(3, 9), st.integers(3, 9)),
    kernel=st.tuples(st.integers(1, 4), st.integers(1, 4)),
    stride=st.integers(1, 3),
    pads=st.tuples(*[st.integers(0, 3)] * 4),
    ceil=st.booleans(),
    counts=st.booleans(),
    rectified=st.booleans(),
)
def test_pool_geometry(
    tmp_path: Path,
    operator: str,
    size: tuple[int, int],
    kernel: tuple[int, int],
    stride: int,
    pads: tuple[int, int, int, int],
    ceil: bool,
    counts: bool,
    rectified: bool,
) -> None:
    assume(all(pads[i] < kernel[i % 2] for i in range(4)))
    # ONNX Runtime divides by padding that ceil_mode adds, against the standard.
    counts = counts and operator == "AveragePool" and not ceil
    free = [size[a] + pads[a] + pads[a + 2] - kernel[a] for a in (0, 1)]
    assume(min(free) >= 0)
    out = [-(-room // stride) + 1 if ceil else room // stride + 1 for room in free]
    # Whether there are windows that start beyond the input, the readers of ONNX do not agree.
    assume(all((n - 1) * stride < size[a] + pads[a] for a, n in enumerate(out)))
    given = f"kernel_shape=[{kernel[0]},{kernel[1]}], strides=[{stride},{stride}], "
    given += f"pads=[{','.join(map(str, pads))}], ceil_mode={int(ceil)}"
    if operator == "AveragePool":
        given += f", count_include_pad={int(counts)}"
    model = graphs.proto(
        f"""g (float[1,4,{size[0]},{size[1]}] x) => (float[1,4,{out[0]},{out[1]}] y) {{
          a = {"Relu" if rectified else "Tanh"}(x)
          y = {operator}<{given}>(a) }}"""
    )
    inputs = graphs.feeds(model)
    expected = graphs.run_onnx(model.SerializeToString(), inputs, tmp_path)["y"]
    data = graphs.to_tflite(model)
    np.testing.assert_allclose(
        graphs.run_tflite(data, inputs, tmp_path)["y"], expected, rtol=1e-5, atol=1e-5
    )
    assert "PADV2" not in _operators(data, tmp_path)


def _operators(data: bytes, folder: Path) -> dict[str, int]:
    path = folder / "model.tflite"
    path.write_bytes(data)
    return runtimes.load("tflite", path).info().operators


@pytest.mark.parametrize(("pads", "expected"), [((0, 0, 1, 1), {}), ((1, 1, 0, 0), {"PAD": 1})])
def test_tensorflow_same_padding_needs_no_pad(
    pads: tuple[int, ...], expected: dict[str, int], tmp_path: Path
) -> None:
    model = graphs.proto(
        f"""g (float[1,4,6,6] x) => (float[1,4,3,3] y) {{
          y = Conv<group=4, strides=[2,2], pads=[{",".join(map(str, pads))}]>(x, w) }}""",
        w=weights(4, 1, 3, 3),
    )
    found = _operators(graphs.to_tflite(model), tmp_path)
    assert found == {"DEPTHWISE_CONV_2D": 1, **expected}


@pytest.mark.parametrize(
    ("shape", "rest", "is_one"),
    [("2,6", "Identity", True), ("20,7", "Identity", False), ("2,6", "Neg", False)],
    ids=["few", "many", "read"],
)
def test_few_scores_at_the_end_are_one_log_softmax(
    shape: str, rest: str, is_one: bool, tmp_path: Path
) -> None:
    model = graphs.proto(
        f"g (float[{shape}] x) => (float[{shape}] y) {{ a = LogSoftmax(x)\n y = {rest}(a) }}"
    )
    found = _operators(graphs.to_tflite(model), tmp_path)
    assert (found.get("LOG_SOFTMAX") == 1) is is_one
    assert ("EXP" in found) is not is_one


@pytest.mark.parametrize(
    ("factor", "stored"),
    [
        (weights(1, 6, 1, 1), (1, 1, 4, 6)),  # one a channel: a row of pixels
        (np.full((1, 6, 1, 1), 0.3, np.float32), (1,)),  # all alike
        (weights(1, 6, 1, 4), (1, 5, 4, 6)),  # rows: a map
        (weights(1, 1, 5, 4), (5, 4, 1)),  # one a pixel: nothing is longer
        (weights(1, 1, 1, 4), (4, 1)),
    ],
    ids=["channels", "alike", "rows", "pixels", "columns"],
)
@pytest.mark.parametrize("operator", ["Add", "Sub", "Mul", "Div"])
def test_constants_beside_a_map_have_long_rows(
    operator: str, factor: np.ndarray, stored: tuple[int, ...], tmp_path: Path
) -> None:
    model = graphs.proto(
        "g (float[1,6,5,4] x) => (float[1,6,5,4] y, float[1,6,5,4] z) {"
        f" a = MaxPool<kernel_shape=[1,1]>(x)\n y = {operator}(a, c)\n z = {operator}(c, a) }}",
        c=factor,
    )
    inputs = graphs.feeds(model)
    expected = graphs.run_onnx(model.SerializeToString(), inputs, tmp_path)
    data = graphs.to_tflite(model)
    answer = graphs.run_tflite(data, inputs, tmp_path)
    for name in ("y", "z"):
        np.testing.assert_allclose(answer[name], expected[name], rtol=1e-5, atol=1e-5)
    found = schema.ModelT.InitFromObj(schema.Model.GetRootAs(data, 0)).subgraphs[0].tensors
    assert stored in {tuple(tensor.shape) for tensor in found}


def test_a_long_row_of_channels_is_not_repeated() -> None:
    model = graphs.proto(
        "g (float[1,1500,3,3] x) => (float[1,1500,3,3] y) { y = Mul(x, c) }",
        c=weights(1500, 1, 1),
    )
    assert len(graphs.to_tflite(model)) < 3 * 4 * 1500


def test_grouped_convolution_stays_one_operator(tmp_path: Path) -> None:
    model = graphs.proto(
        "g (float[1,6,4,4] x) => (float[1,9,4,4] y) { y = Conv<group=3>(x, w) }",
        w=weights(9, 2, 1, 1),
    )
    assert _operators(graphs.to_tflite(model), tmp_path) == {"CONV_2D": 1}


@pytest.mark.parametrize(
    ("start", "steps", "operators"),
    [
        (0, (2, 2), {"DEPTHWISE_CONV_2D": 1}),
        (1, (2, 3), {"SLICE": 1, "DEPTHWISE_CONV_2D": 1}),
        (0, (2, -1), {"STRIDED_SLICE": 1}),
    ],
)
def test_skipped_rows_and_columns_stay_on_the_delegate(
    start: int, steps: tuple[int, int], operators: dict[str, int], tmp_path: Path
) -> None:
    ends = [7, 7 if steps[1] > 0 else -8]
    starts = [start, start if steps[1] > 0 else 6]
    columns = len(range(start, 7, abs(steps[1])))
    model = graphs.proto(
        f"""g (float[1,3,7,7] x) => (float[1,3,{len(range(start, 7, steps[0]))},{columns}] y) {{
             y = Slice(x, b, e, a, s) }}""",
        b=np.array(starts), e=np.array(ends), a=np.array([2, 3]), s=np.array(steps),
    )  # fmt: skip
    inputs = graphs.feeds(model)
    inputs["x"][0, 0, 0, :2] = np.inf, -np.inf
    answer = graphs.run_tflite(graphs.to_tflite(model), inputs, tmp_path)
    expected = graphs.run_onnx(model.SerializeToString(), inputs, tmp_path)
    np.testing.assert_array_equal(answer["y"], expected["y"])
    assert runtimes.load("tflite", tmp_path / "model.tflite").info().operators == operators


def test_equal_graphs_give_equal_bytes() -> None:
    text = "g (float[1,4,4,4] x) => (float[1,4,4,4] y) { a = Conv(x, w)\n y = Relu(a) }"
    model = graphs.proto(text, w=weights(4, 4, 1, 1))
    assert graphs.to_tflite(model) == graphs.to_tflite(model)


def test_weights_are_aligned_for_mapping() -> None:
    weight = weights(4, 4, 1, 1)
    text = "g (float[1,4,4,4] x) => (float[1,4,4,4] y) { y = Conv(x, w) }"
    data = graphs.to_tflite(graphs.proto(text, w=weight))
    position = data.index(weight.transpose(0, 2, 3, 1).tobytes())
    assert position % 16 == 0


REFUSED = {
    "unsupported-operator": ("g (float[1,4,5,5] x) => (float[1,4] y) { y = Det(x) }", {}),
    "unsupported-rank": (
        "g (float[1,2,4,4,4,4] x) => (float[1,2,3,3,3,3] y)"
        "{ y = AveragePool<kernel_shape=[2,2,2,2]>(x) }",
        {},
    ),
    "dynamic-weights": (
        f"g ({MAP} x, float[4,3,2,2] w) => (float[1,3,11,13] y)"
        "{ y = ConvTranspose<strides=[2,2], dilations=[2,2]>(x, w) }",
        {},
    ),
    "grouped-transposed": (
        f"g ({MAP} x, float[4,1,2,2] w) => (float[1,4,6,7] y)"
        "{ y = ConvTranspose<group=4>(x, w) }",
        {},
    ),
    "second-output": (
        f"g ({MAP} x) => (float[1,4,4,5] y, int64[1,4,4,5] i)"
        "{ y, i = MaxPool<kernel_shape=[2,2], storage_order=1>(x) }",
        {},
    ),
    "resize-sizes": (
        f'g ({MAP} x) => (float[1,4,3,3] y) {{ y = Resize<mode="linear",'
        'coordinate_transformation_mode="align_corners">(x, , s) }',
        {"s": np.array([1, 1, 0.7, 0.5], np.float32)},
    ),
    "dynamic-statistics": (
        "g (float[2,6] x, float[6] v) => (float[2,6] y) { y = BatchNormalization(x, s, s, s, v) }",
        {"s": weights(6)},
    ),
}


@pytest.mark.parametrize("reason", REFUSED)
def test_what_has_no_exact_form_is_refused_by_name(reason: str) -> None:
    text, constants = REFUSED[reason]
    model = graphs.proto(text, **constants)
    with pytest.raises(UnsupportedOperatorError) as caught:
        graphs.to_tflite(model)
    error = caught.value
    assert (error.reason_code, error.exit_code) == (reason, 4)
    assert error.operator == model.graph.node[0].op_type
    assert error.node in str(error)
    assert "--format onnx" in str(error)


def test_an_irregular_permutation_is_gathered(tmp_path: Path) -> None:
    order = np.random.default_rng(0).permutation(60)
    assert permutations.shuffle_groups(order) is None
    text = "g (float[1,60,2,2] x) => (float[1,60,2,2] y) { y = Gather<axis=1>(x, i) }"
    model = graphs.lowered(graphs.proto(text, i=order), *lowering.TFLITE.rules)
    assert _operators(tflite.to_bytes(model, ""), tmp_path) == {"GATHER": 1}


DEEP = "float[1,2,3,2,4,2,2]"


@pytest.mark.parametrize(
    "text",
    [
        "g (float[2,1,3,2,4,2] x) => (float[2,4,4,2,4,3] y) { y = Pad(x, p, v) }",
        f"g ({DEEP} x) => (float[1,2,3,2,8,2,2] y) {{ y = Concat<axis=-3>(x, x) }}",
        f"g ({DEEP} x) => ({DEEP} y) {{ y = Softmax<axis=2>(x) }}",
        f"g ({DEEP} x) => (float[1,2,1,2,4,2,1] y) {{ y = ReduceSum(x, a) }}",
    ],
)
def test_more_dimensions_than_a_kernel_takes(text: str, tmp_path: Path) -> None:
    constants = {
        "p": np.array([0, 1, 1, 0, 0, 0, 0, 2, 0, 0, 0, 1]),
        "v": np.float32(3),
        "a": np.array([2, -1]),
    }
    model = graphs.proto(text, **constants)
    inputs = graphs.feeds(model)
    expected = graphs.run_onnx(model.SerializeToString(), inputs, tmp_path)
    answer = graphs.run_tflite(graphs.to_tflite(model), inputs, tmp_path)
    np.testing.assert_allclose(answer["y"], expected["y"], rtol=1e-5, atol=1e-5)


def test_products_of_plain_integers_are_refused() -> None:
    model = graphs.proto("g (int32[2,3] x, int32[3,4] z) => (int32[2,4] y) { y = MatMul(x, z) }")
    with pytest.raises(UnsupportedOperatorError, match="plain integers"):
        graphs.to_tflite(model)
