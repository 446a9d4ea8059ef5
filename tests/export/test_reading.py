"""Files of others: any opset, any exporter's habits, judged by ONNX Runtime on the original."""

from __future__ import annotations

import dataclasses
import itertools
from collections import Counter
from pathlib import Path

import numpy as np
import onnx
import onnx.parser
import pytest

from edgekit import export
from edgekit.errors import EdgekitError, ParityError, RefusedError
from edgekit.export.sources import shapes, source
from edgekit.export.sources.onnx_file import opsets
from tests.specimens.graphs import weights


def _write(folder: Path, opset: int, text: str, **constants: np.ndarray) -> Path:
    """Write a model as it comes: no shape is inferred, and none is checked."""
    header = f'<ir_version: 8, opset_import: ["" : {opset}, "com.microsoft" : 1]>\n'
    model = onnx.parser.parse_model(header + text)
    for name, array in constants.items():
        model.graph.initializer.append(onnx.numpy_helper.from_array(np.asarray(array), name))
    path = folder / "net.onnx"
    path.write_bytes(model.SerializeToString())
    return path


def _exported(path: Path, folder: Path) -> list[str]:
    """Export to .onnx, which must answer as the original does; return its operators."""
    prepared = source.resolve(str(path))
    (entry,) = export.to_files(prepared, ["onnx"], folder / "out")
    assert entry.verified == "passed"
    return [node.op_type for node in onnx.load(entry.path).graph.node]


MAP = "g (float[1,4,6,6] x) => (float[a,b,c,d] y)"
ROWS = "g (float[2,3,4] x) => (float[a,b,c] y)"

OLD = {
    "Clip": (6, f"{MAP} {{ y = Clip<min=-0.5, max=0.5>(x) }}", {}),
    "Clip of one bound": (6, f"{MAP} {{ y = Clip<min=0.25>(x) }}", {}),
    "Dropout": (7, f"{MAP} {{ a, m = Dropout<ratio=0.5>(x)\n y = Abs(a) }}", {}),
    "Pad": (2, f"{MAP} {{ y = Pad<pads=[0,0,1,2,0,0,3,0], value=1.5>(x) }}", {}),
    "Slice": (9, f"{MAP} {{ y = Slice<axes=[2,3], starts=[1,-4], ends=[5,9]>(x) }}", {}),
    "Split": (
        11,
        f"{MAP} {{ a, b = Split<axis=1, split=[1,3]>(x)\n y = Concat<axis=1>(b, a) }}",
        {},
    ),
    "Split in equal parts": (
        13,
        f"{MAP} {{ a, b = Split<axis=1>(x)\n y = Concat<axis=1>(b, a) }}",
        {},
    ),
    "Squeeze": (
        11,
        f"{MAP} {{ a = Squeeze<axes=[0]>(x)\n b = Relu(a)\n y = Unsqueeze<axes=[0]>(b) }}",
        {},
    ),
    "ReduceSum": (11, f"{MAP} {{ y = ReduceSum<axes=[1]>(x) }}", {}),
    "ReduceMean of all": (12, f"{ROWS} {{ y = ReduceMean(x) }}", {}),
    "Reshape": (
        1,
        "g (float[1,4,6,6] x) => (float[a,b] y) { y = Reshape<shape=[4,36]>(x) }",
        {},
    ),
    "ReduceL2": (17, f"{MAP} {{ y = ReduceL2<axes=[2,-1]>(x) }}", {}),
    "Softmax of a matrix": (11, f"{ROWS} {{ y = Softmax<axis=1>(x) }}", {}),
    "Softmax by default": (11, f"{ROWS} {{ y = Softmax(x) }}", {}),
    "LogSoftmax": (11, f"{ROWS} {{ y = LogSoftmax<axis=0>(x) }}", {}),
    "Softmax of the last": (11, f"{ROWS} {{ y = Softmax<axis=-1>(x) }}", {}),
    "Hardmax": (11, f"{ROWS} {{ y = Hardmax<axis=1>(x) }}", {}),
    "TopK": (
        9,
        "g (float[2,9] x) => (float[a,b] y, int64[c,d] z) { y, z = TopK<k=3>(x) }",
        {},
    ),
    "Upsample": (7, f"{MAP} {{ y = Upsample<scales=[1.0,1.0,2.0,3.0]>(x) }}", {}),
    "Upsample linear": (
        9,
        f'{MAP} {{ y = Upsample<mode="linear">(x, s) }}',
        {"s": np.array([1, 1, 2, 2], np.float32)},
    ),
    "Resize that shrinks": (
        10,
        f"{MAP} {{ y = Resize(x, s) }}",
        {"s": np.array([1, 1, 0.5, 0.6], np.float32)},
    ),
    "Resize of TensorFlow": (
        11,
        f"""{MAP} {{ y = Resize<coordinate_transformation_mode="tf_half_pixel_for_nn",
              nearest_mode="floor">(x, r, s) }}""",
        {"r": np.zeros(0, np.float32), "s": np.array([1, 1, 1.5, 0.7], np.float32)},
    ),
    "BatchNormalization": (
        7,
        f"{MAP} {{ y = BatchNormalization<epsilon=0.1>(x, s, b, m, v) }}",
        {"s": weights(4), "b": weights(4, seed=1), "m": weights(4), "v": np.ones(4, np.float32)},
    ),
    "PRelu of channels": (7, f"{MAP} {{ y = PRelu(x, s) }}", {"s": weights(4, 1, 1)}),
    "Scatter": (
        9,
        "g (float[3,3] x) => (float[a,b] y) { y = Scatter<axis=1>(x, i, u) }",
        {"i": np.array([[0, 2]]), "u": weights(1, 2)},
    ),
    "Gemm": (9, "g (float[2,3] x) => (float[a,b] y) { y = Gemm<alpha=0.5>(x, w, b) }",
             {"w": weights(3, 4), "b": weights(4)}),
}  # fmt: skip


@pytest.mark.parametrize("name", OLD)
def test_old_opsets_are_said_anew(name: str, tmp_path: Path) -> None:
    opset, text, constants = OLD[name]
    _exported(_write(tmp_path, opset, text, **constants), tmp_path)


UNRUN = {
    "Add": (
        6,
        f"{MAP} {{ y = Add<broadcast=1, axis=1>(x, w) }}",
        {"w": weights(4)},
        lambda x, w: x + w[:, None, None],
    ),
    "Mul of the last": (
        6,
        f"{MAP} {{ y = Mul<broadcast=1>(x, w) }}",
        {"w": weights(6)},
        lambda x, w: x * w,
    ),
    "PRelu": (
        6,
        f"{MAP} {{ y = PRelu(x, w) }}",
        {"w": weights(4)},
        lambda x, w: np.where(x < 0, x * w[:, None, None], x),
    ),
    "Relu": (1, f"{MAP} {{ y = Relu<consumed_inputs=[0]>(x) }}", {}, lambda x: np.maximum(x, 0)),
    "Concat": (
        1,
        f"{MAP} {{ y = Concat(x, x) }}",
        {},
        lambda x: np.concatenate([x, x], axis=1),
    ),
}


@pytest.mark.parametrize("name", UNRUN)
def test_opsets_that_no_runtime_runs(name: str, tmp_path: Path) -> None:
    opset, text, constants, truth = UNRUN[name]
    prepared = source.resolve(str(_write(tmp_path, opset, text, **constants)))
    assert prepared.reference.endswith("net.onnx in a newer opset")
    for feed, answer in zip(prepared.feeds, prepared.answers, strict=True):
        np.testing.assert_allclose(answer["y"], truth(feed["x"], **constants), rtol=1e-6)


def test_no_change_of_the_standard_is_forgotten() -> None:
    """Whatever an operator no longer takes has a conversion at that opset."""
    covered = {(change.opset, op) for change in opsets.CHANGES for op in change.operators}
    versions: dict[str, list[onnx.defs.OpSchema]] = {}
    for schema in onnx.defs.get_all_schemas_with_history():
        if schema.domain == "" and schema.since_version <= opsets.CANONICAL:
            versions.setdefault(schema.name, []).append(schema)
    forgotten = []
    for name, schemas in versions.items():
        schemas.sort(key=lambda schema: schema.since_version)
        for before, after in itertools.pairwise(schemas):
            gone = set(before.attributes) - set(after.attributes) - {"consumed_inputs"}
            shared = set(before.attributes) & set(after.attributes)
            other = {
                key
                for key in shared
                if before.attributes[key].default_value != after.attributes[key].default_value
                and name != "Clip"  # absent bounds bound nothing in either
            }
            if (gone or other or after.deprecated) and (after.since_version, name) not in covered:
                forgotten.append((name, after.since_version, gone, other))
    known = {("Scan", 9), ("Upsample", 10), ("LSTM", 7), ("RNN", 7), ("GRU", 3), ("Dropout", 7)}
    assert {(name, opset) for name, opset, *_ in forgotten} <= known


def test_new_opsets_are_stamped_with_the_oldest_that_says_the_same(tmp_path: Path) -> None:
    text = f"{MAP} {{ a = Relu(x)\n y = AveragePool<kernel_shape=[2,2]>(a) }}"
    path = _write(tmp_path, 23, text)
    prepared = source.resolve(str(path))
    assert prepared.graph.opset_imports[""] == 18
    (entry,) = export.to_files(prepared, ["onnx"], tmp_path / "out")
    assert entry.verified == "passed"
    path = _write(
        tmp_path, 23, 'g (float[1,4] x) => (float[a,b] y) { y = Gelu<approximate="tanh">(x) }'
    )
    assert source.resolve(str(path)).graph.opset_imports[""] == 20


def test_group_normalization_of_either_kind(tmp_path: Path) -> None:
    text = f"{MAP} {{ y = GroupNormalization<num_groups=2>(x, s, b) }}"
    scale, bias = np.array([0.5, 2], np.float32), np.array([1, -1], np.float32)
    old = source.resolve(str(_write(tmp_path, 18, text, s=scale, b=bias)))
    new = source.resolve(str(_write(tmp_path, 21, text, s=scale.repeat(2), b=bias.repeat(2))))
    for first, second in zip(old.answers, new.answers, strict=True):
        np.testing.assert_allclose(first["y"], second["y"], atol=1e-5)
    assert [node.op_type for node in old.graph.graph] == ["GroupNormalization"]
    assert old.graph.opset_imports[""] == 21


def test_constants_of_every_kind_are_folded(tmp_path: Path) -> None:
    text = f"""{MAP} {{
        one = Constant<value_float=1.5>()
        many = Constant<value = float[4,1,1] {{1.0, 2.0, 3.0, 4.0}}>()
        shape = Shape(x)
        zeros = ConstantOfShape<value = float[1] {{0.25}}>(shape)
        same = Identity(zeros)
        a = Mul(x, many)
        b = Add(a, one)
        c = Sum(b)
        y = Sub(c, same) }}"""
    path = _write(tmp_path, 12, text)
    before = path.read_bytes()
    assert sorted(_exported(path, tmp_path)) in (
        ["Add", "Mul", "Sub"],
        ["Add", "Mul", "Sub", "Sum"],
    )
    assert path.read_bytes() == before


def test_stale_shapes_are_inferred_anew(tmp_path: Path) -> None:
    text = "g (float[1,4] x) => (float[7,9] y) { a = Relu(x)\n y = Add(a, a) }"
    path = _write(tmp_path, 13, text)
    model = onnx.load(path)
    for sizes in ([-1, 4], [3, 3]):
        del model.graph.value_info[:]
        wrong = onnx.helper.make_tensor_value_info("a", onnx.TensorProto.FLOAT, sizes)
        model.graph.value_info.append(wrong)
        onnx.save(model, path)
        prepared = source.resolve(str(path))
        assert prepared.answers[0]["y"].shape == (1, 4)
        _exported(path, tmp_path / str(sizes[0]))


def test_an_output_without_a_shape(tmp_path: Path) -> None:
    text = """g (float[1,4,2] x, float[1,4] z) => (float[a] y) {
        s = Shape(z)
        n = ReduceProd<keepdims=0>(s)
        c = Equal(n, k)
        y = If (c) <then_branch = t () => (float[p] o) { o = Reshape(x, r) },
                    else_branch = e () => (float[p,q] o) { o = Identity(z) }> }"""
    path = _write(tmp_path, 18, text, k=np.array(4), r=np.array([8, 1, 1]))
    model = onnx.load(path)
    model.graph.output[0].type.tensor_type.ClearField("shape")
    path.write_bytes(model.SerializeToString())
    assert _exported(path, tmp_path) == ["Reshape"]
    assert source.resolve(str(path)).answers[0]["y"].shape == (8, 1, 1)


@pytest.mark.parametrize("dtype", ["float16", "double"])
def test_half_and_double_precision_are_read_as_float32(dtype: str, tmp_path: Path) -> None:
    text = f"g ({dtype}[1,4,6,6] x) => ({dtype}[a,b,c,d] y) {{ a = Conv(x, w)\n y = Add(a, k) }}"
    numpy_type = np.float16 if dtype == "float16" else np.float64
    constants = {
        "w": weights(3, 4, 3, 3).astype(numpy_type),
        "k": np.array(0.5, numpy_type),
    }
    prepared = source.resolve(str(_write(tmp_path, 18, text, **constants)))
    assert prepared.reference.endswith("in float32")  # also where no kernel takes doubles
    for entry in export.to_files(prepared, ["onnx", "tflite"], tmp_path / "out"):
        takes = "float16" if (dtype, entry.format) == ("float16", "onnx") else "float32"
        assert (entry.verified, entry.inputs[0].dtype) == ("passed", takes)


@pytest.mark.parametrize("kind", ["uint8", "int8", "int32", "int64", "bool"])
def test_inputs_of_other_types(kind: str, tmp_path: Path) -> None:
    text = f"g ({kind}[1,4] x) => (float[a,b] y) {{ a = Cast<to=1>(x)\n y = Mul(a, k) }}"
    path = _write(tmp_path, 18, text, k=weights(1, 4))
    assert source.resolve(str(path)).feeds[0]["x"].dtype == np.dtype(kind)
    assert _exported(path, tmp_path) == ["Cast", "Mul"]


@pytest.mark.parametrize(
    ("text", "constants", "size"),
    [
        ("g (int64[1,4] x) => (float[a,b,c] y) { y = Gather(t, x) }", {"t": weights(7, 3)}, 7),
        (
            "g (float[1,4] x) => (float[a,b,c] y) { i = Cast<to=7>(x)\n y = Gather(t, i) }",
            {"t": weights(3, 3)},
            3,
        ),
    ],
)
def test_indices_stay_within_what_they_point_into(
    text: str, constants: dict[str, np.ndarray], size: int, tmp_path: Path
) -> None:
    prepared = source.resolve(str(_write(tmp_path, 18, text, **constants)))
    drawn = np.concatenate([feed["x"].ravel() for feed in prepared.feeds])
    assert drawn.min() >= 0
    assert size - 1 <= drawn.max() < size


def test_numbers_that_the_graph_compares_with_are_met(tmp_path: Path) -> None:
    text = """g (int64[1] x, float[1,3] z) => (float[a,b] y) {
        c = Equal(x, k)
        n = Neg(z)
        y = Where(c, z, n) }"""
    prepared = source.resolve(str(_write(tmp_path, 18, text, k=np.array([16000]))))
    drawn = {int(feed["x"].item()) for feed in prepared.feeds}
    assert 16000 in drawn
    assert len(drawn) > 1


def test_a_mask_is_drawn_as_truth_values(tmp_path: Path) -> None:
    text = """g (int64[1,9] mask, float[1,9] x) => (float[a,b] y) {
        m = Cast<to=1>(mask)
        n = Sub(one, m)
        k = Mul(n, low)
        y = Add(x, k) }"""
    constants = {"one": np.float32(1), "low": np.float32(-3e38)}
    prepared = source.resolve(str(_write(tmp_path, 18, text, **constants)))
    assert {int(x) for feed in prepared.feeds for x in feed["mask"].ravel()} == {0, 1}


def test_a_batch_is_known_by_its_name_wherever_it_stands(tmp_path: Path) -> None:
    text = """g (float[batch,steps] x, float[2,batch,4] state) => (float[a,b,c] y) {
        y = Add(state, state) }"""
    path = str(_write(tmp_path, 18, text))
    with pytest.raises(RefusedError, match=r"--input-shape x:1,224, with"):
        source.resolve(path)
    asked = shapes.parse(["x:3,5"])
    assert source.resolve(path, asked=asked).feeds[0]["state"].shape == (2, 3, 4)


BRANCHES = """g (float[1,4] x, int64 rate) => (float[a,b] y) {
    fast = Equal(rate, high)
    y = If (fast) <
        then_branch = t () => (float[p,q] o) {
            twice = Add(x, x)
            o = If (fast) <
                then_branch = tt () => (float[r,s] i) { i = Relu(twice) },
                else_branch = te () => (float[r,s] i) { i = Neg(twice) }> },
        else_branch = e () => (float[p,q] o) { o = Identity(x) }> }"""


@pytest.mark.parametrize(("rate", "operators"), [(16000, ["Add", "Relu"]), (8000, ["Identity"])])
def test_an_input_that_decides_becomes_a_constant(
    rate: int, operators: list[str], tmp_path: Path
) -> None:
    path = _write(tmp_path, 18, BRANCHES, high=np.array(16000))
    with pytest.raises(RefusedError, match="--input-value rate=NUMBER"):
        source.resolve(str(path))
    prepared = source.resolve(str(path), asked=shapes.parse((), None, [f"rate={rate}"]))
    assert list(prepared.feeds[0]) == ["x"]
    assert [node.op_type for node in prepared.graph.graph] == operators
    x = prepared.feeds[0]["x"]
    wanted = np.maximum(2 * x, 0) if rate == 16000 else x
    np.testing.assert_array_equal(prepared.answers[0]["y"], wanted)
    for entry in export.to_files(prepared, ["onnx", "tflite"], tmp_path / "out"):
        assert (entry.verified, [each.name for each in entry.inputs]) == ("passed", ["x"])


def test_values_of_inputs_that_cannot_be(tmp_path: Path) -> None:
    path = str(_write(tmp_path, 18, BRANCHES, high=np.array(16000)))
    for text, message in (
        ("rat=1", "rate"),
        ("rate=1.5", "cannot hold 1.5"),
        ("rate=fast", "write name=16000"),
        ("rate", "write name=16000"),
    ):
        with pytest.raises(EdgekitError, match=message):
            source.resolve(path, asked=shapes.parse((), None, [text]))


def test_a_loop_of_few_rounds_is_laid_out(tmp_path: Path) -> None:
    text = """g (float[1,4] x) => (float[a,b] y, float[c,d,e] all) {
        y, all = Loop (three, yes, x) <body = l (int64 i, bool k, float[1,4] a)
            => (bool m, float[1,4] b, float[1,4] s) {
                f = Cast<to=1>(i)
                s = Add(a, f)
                b = Mul(s, s)
                m = Identity(k) }> }"""
    path = _write(tmp_path, 18, text, three=np.array(3), yes=np.array(True))
    prepared = source.resolve(str(path))
    assert "Loop" not in {node.op_type for node in prepared.graph.graph}
    for entry in export.to_files(prepared, ["onnx", "tflite"], tmp_path / "out"):
        assert entry.verified == "passed"


REFUSED = {
    "stride": (
        "g (float[1,3,8,8] x) => (float[a,b,c,d] y) { y = Conv<strides=[0,0]>(x, w) }",
        {"w": weights(4, 3, 3, 3)},
        "strides 0,0",
    ),
    "rank": (
        f"g (float[{','.join(['1'] * 40)}] x) => (float[a] y) {{ y = Relu(x) }}",
        {},
        "'x' has 40 axes",
    ),
    "nan": (
        "g (float[1,3] x) => (float[a,b] y) { y = Add(x, bad) }",
        {"bad": np.array([1, np.nan, 2], np.float32)},
        "'bad' of Add 'Add_0' are not finite",
    ),
    "infinite": (
        "g (float[1,3] x) => (float[a,b] y) { y = MatMul(x, bad) }",
        {"bad": np.full((3, 2), np.inf, np.float32)},
        "'bad' of MatMul 'MatMul_0' are not finite",
    ),
    "random": (
        "g (float[1,3] x) => (float[a,b] y) { a = RandomNormalLike(x)\n y = Add(x, a) }",
        {},
        "random numbers",
    ),
    "dropout": (
        "g (float[1,3] x) => (float[a,b] y) { y = Dropout(x, r, t) }",
        {"r": np.array(0.5, np.float32), "t": np.array(True)},
        "random numbers",
    ),
    "text": (
        "g (string[1,3] x) => (string[a,b] y) { y = Identity(x) }",
        {},
        "input 'x' is of type string",
    ),
    "loop": (
        """g (float[1,3] x, int64 n) => (float[a,b] y) {
            y = Loop (n, c, x) <body = l (int64 i, bool k, float[1,3] a) => (bool m, float[1,3] b)
                { b = Relu(a)\n m = Identity(k) }> }""",
        {"c": np.array(True)},
        "Loop .* depends on the input",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_by_name(name: str, tmp_path: Path) -> None:
    text, constants, message = REFUSED[name]
    with pytest.raises(RefusedError, match=message) as caught:
        source.resolve(str(_write(tmp_path, 18, text, **constants)))
    assert "\n" not in str(caught.value)


def test_a_mask_of_infinities_is_no_broken_weight(tmp_path: Path) -> None:
    text = "g (float[1,3] x) => (float[a,b] y) { a = Add(x, m)\n y = Softmax(a) }"
    mask = np.array([0, -np.inf, 0], np.float32)
    assert _exported(_write(tmp_path, 18, text, m=mask), tmp_path) == ["Add", "Softmax"]


def test_batch_norm_in_training_mode(tmp_path: Path) -> None:
    text = """g (float[1,4,6,6] x) => (float[a,b,c,d] y) {
        n, m2, v2 = BatchNormalization<training_mode=1>(x, one, zero, mean, var)
        y = Relu(n) }"""
    zero, one = np.zeros(4, np.float32), np.ones(4, np.float32)
    path = _write(tmp_path, 18, text, one=one, zero=zero, mean=zero, var=one)
    assert "BatchNormalization" not in _exported(path, tmp_path)
    with pytest.raises(EdgekitError, match="training mode"):
        export.to_files(source.resolve(str(path)), ["tflite"], tmp_path / "out")


# --- weights beside the model --------------------------------------------------------------


def _beside(folder: Path, location: str) -> Path:
    folder.mkdir(exist_ok=True)
    path = _write(
        folder, 18, "g (float[1,3] x) => (float[a,b] y) { y = MatMul(x, w) }", w=weights(3, 4)
    )
    model = onnx.load(path)
    tensor = model.graph.initializer[0]
    data = tensor.raw_data
    onnx.external_data_helper.set_external_data(tensor, location)
    tensor.ClearField("raw_data")
    path.write_bytes(model.SerializeToString())
    (folder / Path(location).name).write_bytes(data)
    return path


def test_weights_beside_the_model(tmp_path: Path) -> None:
    path = _beside(tmp_path / "in", "weights.bin")
    assert _exported(path, tmp_path) == ["MatMul"]
    (tmp_path / "in" / "weights.bin").unlink()
    with pytest.raises(EdgekitError, match=r"'w' in weights.bin, which is not beside it"):
        source.resolve(str(path))


@pytest.mark.parametrize("location", ["../outside.bin", "/etc/hostname"])
def test_weights_elsewhere_are_not_read(location: str, tmp_path: Path) -> None:
    (tmp_path / "outside.bin").write_bytes(weights(3, 4).tobytes())
    path = _beside(tmp_path / "in", location)
    with pytest.raises(RefusedError, match="outside of its folder") as caught:
        source.resolve(str(path))
    assert caught.value.reason_code == "external-data"


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "outside.bin").write_bytes(weights(3, 4).tobytes())
    path = _beside(tmp_path / "in", "weights.bin")
    (tmp_path / "in" / "weights.bin").unlink()
    (tmp_path / "in" / "weights.bin").symlink_to(tmp_path / "outside.bin")
    with pytest.raises(RefusedError, match="outside of its folder"):
        source.resolve(str(path))


@pytest.mark.parametrize(
    ("spread", "error", "passes"),
    [(0.0, 5e-5, True), (0.0, 5e-4, False), (2e-4, 5e-4, True), (1.0, 0.02, False)],
    ids=["as-others", "float32-holds-more", "float32-holds-less", "never-above-one-percent"],
)
def test_the_tolerance_is_what_float32_holds_of_the_network(
    spread: float, error: float, passes: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = _write(tmp_path, 18, f"{MAP} {{ y = Relu(x) }}")
    prepared = source.resolve(str(path))
    assert prepared.original is not None
    assert not any(prepared.original.spreads(prepared.feeds, prepared.answers))
    held = [spread] * len(prepared.feeds)
    monkeypatch.setattr(type(prepared.original), "spreads", lambda *_: held)
    moved = tuple(
        {"y": y + error * np.ptp(y)} for answer in prepared.answers for y in [answer["y"]]
    )
    written = dataclasses.replace(prepared, answers=moved)
    if passes:
        export.to_files(written, ["onnx"], tmp_path / "out")
        return
    with pytest.raises(ParityError):
        export.to_files(written, ["onnx"], tmp_path / "out")


# --- operators outside the standard ---------------------------------------------------------

FOREIGN = {
    "FusedConv": (
        11,
        f"""{MAP} {{ y = com.microsoft.FusedConv<activation="LeakyRelu", activation_params=[0.2],
              strides=[2,2]>(x, w, b) }}""",
        {"w": weights(3, 4, 3, 3), "b": weights(3)},
        {"Conv": 1, "LeakyRelu": 1},
    ),
    "FusedConv of a sum": (
        8,
        f"""{MAP} {{ y = com.microsoft.FusedConv<activation="Clip", activation_params=[-1.0,1.0]>
              (x, w, b, z) }}""",
        {"w": weights(4, 4, 1, 1), "b": weights(4), "z": weights(1, 4, 6, 6)},
        {"Conv": 1, "Add": 1, "Clip": 1},
    ),
    "FusedMatMul": (
        13,
        f"{ROWS} {{ y = com.microsoft.FusedMatMul<alpha=0.5, transA=1>(x, w) }}",
        {"w": weights(2, 3, 5)},
        {"Transpose": 1, "MatMul": 1, "Mul": 1},
    ),
    "Gelu": (13, f"{ROWS} {{ y = com.microsoft.Gelu(x) }}", {}, {"Gelu": 1}),
    "BiasGelu": (
        13,
        f"{ROWS} {{ y = com.microsoft.BiasGelu(x, b) }}",
        {"b": weights(4)},
        {"Add": 1, "Gelu": 1},
    ),
    "FastGelu": (
        13,
        f"{ROWS} {{ y = com.microsoft.FastGelu(x, b) }}",
        {"b": weights(4)},
        {"Add": 1, "Gelu": 1},
    ),
    "QuickGelu": (
        13,
        f"{ROWS} {{ y = com.microsoft.QuickGelu<alpha=1.5>(x) }}",
        {},
        {"Mul": 2, "Sigmoid": 1},
    ),
    "SkipLayerNormalization": (
        13,
        f"{ROWS} {{ y = com.microsoft.SkipLayerNormalization<epsilon=0.1>(x, x, g, b, c) }}",
        {"g": weights(4), "b": weights(4, seed=1), "c": weights(4, seed=2)},
        {"Add": 2, "LayerNormalization": 1},
    ),
    "LayerNormalization": (
        12,
        f"{ROWS} {{ y = LayerNormalization<axis=-1>(x, g, b) }}",
        {"g": weights(4), "b": weights(4, seed=1)},
        {"LayerNormalization": 1},
    ),
    "SimplifiedLayerNormalization": (
        14,
        f"{ROWS} {{ y = SimplifiedLayerNormalization<axis=-1, epsilon=0.01>(x, g) }}",
        {"g": weights(4)},
        {"Mul": 2, "ReduceMean": 1, "Add": 1, "Sqrt": 1, "Div": 1},
    ),
    "ImageScaler": (
        9,
        f"{MAP} {{ y = ImageScaler<bias=[1.0,2.0,3.0,4.0], scale=0.5>(x) }}",
        {},
        {"Mul": 1, "Add": 1},
    ),
}


@pytest.mark.parametrize("name", FOREIGN)
def test_private_operators_get_their_standard_form(name: str, tmp_path: Path) -> None:
    opset, text, constants, expected = FOREIGN[name]
    found = _exported(_write(tmp_path, opset, text, **constants), tmp_path)
    assert Counter(found) == expected


def test_attention_stays_standard_operators(tmp_path: Path) -> None:
    """The simplifier knows the private operator that ONNX Runtime has for it."""
    parts = "\n".join(
        f"{name} = MatMul(x, w{name})\n {name}4 = Reshape({name}, apart)" for name in "qkv"
    )
    text = f"""g (float[1,3,8] x) => (float[a,b,c] y) {{ {parts}
        rows = Transpose<perm=[0,2,1,3]>(q4)
        columns = Transpose<perm=[0,2,3,1]>(k4)
        values = Transpose<perm=[0,2,1,3]>(v4)
        scores = MatMul(rows, columns)
        less = Mul(scores, half)
        shares = Softmax<axis=-1>(less)
        heads = MatMul(shares, values)
        turned = Transpose<perm=[0,2,1,3]>(heads)
        y = Reshape(turned, whole) }}"""
    path = _write(
        tmp_path, 13, text,
        wq=weights(8, 8), wk=weights(8, 8, seed=1), wv=weights(8, 8, seed=2),
        half=np.float32(0.5), apart=np.array([1, 3, 2, 4]), whole=np.array([1, 3, 8]),
    )  # fmt: skip
    assert _exported(path, tmp_path).count("MatMul") == 5


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("y = com.microsoft.Inverse(x)", "foreign-operator"),
        ('y = com.microsoft.FusedConv<activation="Elu">(x, w)', "foreign-operator"),
        ("y = com.microsoft.QGather(x, x, x, x, x, x)", "already-quantized"),
        ("y = com.microsoft.DynamicQuantizeLSTM(x, x, x)", "foreign-operator"),
    ],
)
def test_other_private_operators_are_refused(text: str, reason: str, tmp_path: Path) -> None:
    path = _write(tmp_path, 13, f"{MAP} {{ {text} }}", w=weights(4, 4, 1, 1))
    with pytest.raises(RefusedError, match=r"com\.microsoft\.") as caught:
        source.resolve(str(path))
    assert caught.value.reason_code == reason


def test_a_default_that_onnx_infers_no_shape_with_is_said(tmp_path: Path) -> None:
    model = onnx.parser.parse_model(
        """<ir_version: 10, opset_import: ["" : 18]>
        g (float[2,3,4,5] x) => (float[2,3,4,5] y) { y = MeanVarianceNormalization(x) }"""
    )
    onnx.save(model, tmp_path / "net.onnx")
    prepared = source.resolve(str(tmp_path / "net.onnx"))
    for entry in export.to_files(prepared, ["onnx", "tflite"], tmp_path / "out"):
        assert entry.verified == "passed"
