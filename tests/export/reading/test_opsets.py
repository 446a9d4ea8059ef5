"""Any opset: what has changed since is said anew, and nothing that changed is forgotten."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import onnx
import onnx.parser
import pytest

from edgekit import export
from edgekit.export.sources import source
from edgekit.export.sources.onnx_file import opsets
from tests.export.reading.foreign_files import MAP, ROWS, exported, write
from tests.specimens.graphs import weights

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
    exported(write(tmp_path, opset, text, **constants), tmp_path)


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
    prepared = source.resolve(str(write(tmp_path, opset, text, **constants)))
    assert prepared.reference.endswith("net.onnx in a newer opset")
    for feed, answer in zip(prepared.feeds, prepared.answers, strict=True):
        np.testing.assert_allclose(answer["y"], truth(feed["x"], **constants), rtol=1e-6)


@pytest.mark.parametrize(("mode", "after"), [("UPPER", 2), ("LOWER", 1)])
def test_padding_of_widened_windows_that_no_runtime_computes(
    mode: str, after: int, tmp_path: Path
) -> None:
    """As torch writes it: three more rows go two to the one side and one to the other."""
    text = f"""g (float[1,1,5,5] x) => (float[a,b,c,d] y) {{
        y = Conv<auto_pad="SAME_{mode}", dilations=[3,1]>(x, w) }}"""
    prepared = source.resolve(str(write(tmp_path, 18, text, w=np.ones((1, 1, 2, 1), np.float32))))
    for feed, answer in zip(prepared.feeds, prepared.answers, strict=True):
        wide = np.pad(feed["x"], ((0, 0), (0, 0), (3 - after, after), (0, 0)))
        np.testing.assert_allclose(answer["y"], wide[:, :, :5] + wide[:, :, 3:], rtol=1e-5)


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
    path = write(tmp_path, 23, text)
    prepared = source.resolve(str(path))
    assert prepared.graph.opset_imports[""] == 18
    (entry,) = export.to_files(prepared, ["onnx"], tmp_path / "out")
    assert entry.verified == "passed"
    path = write(
        tmp_path, 23, 'g (float[1,4] x) => (float[a,b] y) { y = Gelu<approximate="tanh">(x) }'
    )
    assert source.resolve(str(path)).graph.opset_imports[""] == 20


def test_group_normalization_of_either_kind(tmp_path: Path) -> None:
    text = f"{MAP} {{ y = GroupNormalization<num_groups=2>(x, s, b) }}"
    scale, bias = np.array([0.5, 2], np.float32), np.array([1, -1], np.float32)
    old = source.resolve(str(write(tmp_path, 18, text, s=scale, b=bias)))
    new = source.resolve(str(write(tmp_path, 21, text, s=scale.repeat(2), b=bias.repeat(2))))
    for first, second in zip(old.answers, new.answers, strict=True):
        np.testing.assert_allclose(first["y"], second["y"], atol=1e-5)
    assert [node.op_type for node in old.graph.graph] == ["GroupNormalization"]
    assert old.graph.opset_imports[""] == 21
