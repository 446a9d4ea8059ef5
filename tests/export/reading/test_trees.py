"""Ensembles of decision trees answer as ONNX Runtime's own operators do."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from edgekit import export
from edgekit.errors import RefusedError
from edgekit.export.sources import source

_FEATURES, _TREES = 4, 3


def _file(folder: Path, node: onnx.NodeProto, kind: int, outputs: dict[str, int]) -> Path:
    """Write trees that look at whole numbers, which often are what they compare with."""
    rounded = helper.make_node("Round", ["x"], ["r"])
    graph = helper.make_graph(
        [rounded, node],
        "g",
        [helper.make_tensor_value_info("x", kind, [5, _FEATURES])],
        [helper.make_tensor_value_info(name, each, None) for name, each in outputs.items()],
    )
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid("ai.onnx.ml", 5)]
    if node.op_type != "TreeEnsemble":
        opsets[1].version = 3
    path = folder / "net.onnx"
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=10), path)
    return path


def _old(kind: str, mode: str, targets: int, **more: object) -> onnx.NodeProto:
    """Trees of three nodes and four leaves, and one that is a leaf."""
    rng, prefix = np.random.default_rng(3), "class" if kind == "Classifier" else "target"
    modes = [mode, mode, mode, "LEAF", "LEAF", "LEAF", "LEAF"]
    rows = [(tree, number) for tree in range(_TREES) for number in range(7)]
    leaves = [(tree, number) for tree, number in rows if number > 2] + [(_TREES, 0)]
    every = [(*leaf, target) for leaf in leaves for target in range(targets)]
    return helper.make_node(
        f"TreeEnsemble{kind}",
        ["r"],
        ["label", "y"] if kind == "Classifier" else ["y"],
        domain="ai.onnx.ml",
        nodes_treeids=[*(tree for tree, _ in rows), _TREES],
        nodes_nodeids=[*(number for _, number in rows), 0],
        nodes_featureids=[*rng.integers(0, _FEATURES, len(rows)).tolist(), 0],
        nodes_values=[*rng.integers(-1, 2, len(rows)).astype(float).tolist(), 0.0],
        nodes_modes=modes * _TREES + ["LEAF"],
        nodes_truenodeids=[1, 3, 5, 0, 0, 0, 0] * _TREES + [0],
        nodes_falsenodeids=[2, 4, 6, 0, 0, 0, 0] * _TREES + [0],
        **{
            f"{prefix}_{key}": value
            for key, value in {
                "treeids": [tree for tree, _, _ in every],
                "nodeids": [number for _, number, _ in every],
                "ids": [target for _, _, target in every],
                "weights": rng.standard_normal(len(every)).tolist(),
            }.items()
        },
        **more,
    )


def _newest(mode: int, kind: type) -> onnx.NodeProto:
    """Two trees: one of two nodes, where what is no number goes left, and one of one node."""

    def tensor(values: list[float], name: str, dtype: type = kind) -> TensorProto:
        return numpy_helper.from_array(np.array(values, dtype), name)

    return helper.make_node(
        "TreeEnsemble",
        ["r"],
        ["y"],
        domain="ai.onnx.ml",
        tree_roots=[0, 2],
        nodes_featureids=[1, 3, 0],
        nodes_splits=tensor([0.1, 1.0, -1.0], "splits"),
        nodes_modes=tensor([mode] * 3, "modes", np.uint8),
        nodes_truenodeids=[1, 0, 3],
        nodes_trueleafs=[0, 1, 1],
        nodes_falsenodeids=[1, 2, 4],
        nodes_falseleafs=[1, 1, 1],
        nodes_missing_value_tracks_true=[1, 0, 0],
        leaf_targetids=[0, 1, 0, 1, 0],
        leaf_weights=tensor([0.5, -1.5, 2.5, 3.5, -4.5], "weights"),
        n_targets=2,
        aggregate_function=1,
        post_transform=0,
    )


@pytest.mark.parametrize("mode", ["BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT"])
def test_regressors(mode: str, tmp_path: Path) -> None:
    node = _old("Regressor", mode, 2, n_targets=2, base_values=[0.5, -1.0])
    _check(_file(tmp_path, node, TensorProto.FLOAT, {"y": TensorProto.FLOAT}), tmp_path)


def test_classifiers(tmp_path: Path) -> None:
    node = _old(
        "Classifier", "BRANCH_LEQ", 3,
        classlabels_int64s=[7, 1, 5], post_transform="SOFTMAX",
    )  # fmt: skip
    outputs = {"label": TensorProto.INT64, "y": TensorProto.FLOAT}
    _check(_file(tmp_path, node, TensorProto.FLOAT, outputs), tmp_path)


@pytest.mark.parametrize("mode", range(4))
@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_the_newest_form(mode: int, kind: type, tmp_path: Path) -> None:
    code = TensorProto.DOUBLE if kind is np.float64 else TensorProto.FLOAT
    _check(_file(tmp_path, _newest(mode, kind), code, {"y": code}), tmp_path)


@pytest.mark.parametrize(
    ("node", "why"),
    [
        (_newest(4, np.float32), "compare in several ways"),
        (
            _old("Classifier", "BRANCH_LEQ", 1, classlabels_int64s=[0, 1]),
            "one score",
        ),
        (_old("Classifier", "BRANCH_LEQ", 1, classlabels_strings=["a"]), "texts"),
        (
            _old("Regressor", "BRANCH_LEQ", 1, aggregate_function="MAX"),
            "aggregate_function is MAX",
        ),
        (
            helper.make_node(
                "TreeEnsembleRegressor",
                ["x"],
                ["y"],
                domain="ai.onnx.ml",
                nodes_treeids=[0, 0, 0],
                nodes_nodeids=[0, 1, 2],
                nodes_featureids=[0, 0, 0],
                nodes_modes=["BRANCH_LEQ", "LEAF", "LEAF"],
                nodes_values=[0.5, 0.0, 0.0],
                nodes_truenodeids=[1, 0, 0],
                nodes_falsenodeids=[2, 0, 0],
                n_targets=1,
                target_treeids=[0, 0],
                target_nodeids=[1, 9],
                target_ids=[0, 0],
                target_weights=[1.0, 2.0],
            ),
            "no leaf",
        ),
    ],
)
def test_other_forms_are_refused(node: onnx.NodeProto, why: str, tmp_path: Path) -> None:
    outputs = dict.fromkeys(node.output, TensorProto.FLOAT)
    path = _file(tmp_path, node, TensorProto.FLOAT, outputs)
    with pytest.raises(RefusedError, match=why):
        source.resolve(str(path))


def _check(path: Path, folder: Path) -> None:
    prepared = source.resolve(str(path))
    for entry in export.to_files(prepared, ["onnx", "tflite"], folder / "out"):
        assert entry.verified == "passed"
