"""Ensembles of decision trees, in comparisons and matrix products.

All nodes of all trees decide at once. A leaf is reached where as many nodes decide for it as lie on
its path: what leads to the left counts 1, what leads to the right -1, and each leaf knows its sum.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import onnx_ir as ir

from edgekit.export.sources.onnx_file import edit
from edgekit.export.sources.onnx_file.foreign import scikit
from edgekit.export.sources.onnx_file.foreign.base import UnknownFormError, give

_FLOAT = int(ir.DataType.FLOAT)
_MODES = ("BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT")
_COMPARISONS = ("LessOrEqual", "Less", "GreaterOrEqual", "Greater")
_AGGREGATES, _TRANSFORMS = ("AVERAGE", "SUM"), ("NONE", "SOFTMAX", "LOGISTIC")
_MOST_NUMBERS = 1 << 25  # of all paths together


@dataclass(frozen=True)
class _Forest:
    """Nodes and leaves of all trees.

    Attributes:
        roots: the first node of each tree.
        features: that each node looks at.
        splits: what it compares with, float64.
        mode: how all of them compare, a place in `_MODES`.
        missing: whether what is no number goes left, for each node.
        left: where each node leads to if it is so; below 0 for a leaf, -1 for leaf 0.
        right: likewise if it is not.
        leaves: (leaves, targets), what each adds, float64.
    """

    roots: Sequence[int]
    features: np.ndarray
    splits: np.ndarray
    mode: int
    missing: np.ndarray
    left: np.ndarray
    right: np.ndarray
    leaves: np.ndarray


def ensemble(node: ir.Node) -> None:
    """TreeEnsemble: the newest form."""
    get = node.attributes
    names = ("nodes_splits", "leaf_weights", "nodes_modes")
    splits, weights, modes = (np.array(get[name].as_tensor().numpy()) for name in names)
    if "membership_values" in get or len(set(modes.tolist())) > 1 or modes[0] >= len(_MODES):
        raise UnknownFormError("its nodes compare in several ways, or look for members")
    ways = []
    for side in ("true", "false"):
        ids = _ints(node, f"nodes_{side}nodeids")
        ways.append(np.where(_ints(node, f"nodes_{side}leafs") == 1, -1 - ids, ids))
    targets = _ints(node, "leaf_targetids")
    leaves = np.zeros((len(weights), get.get_int("n_targets", 1)))
    leaves[np.arange(len(weights)), targets] = weights
    missing = _missing(node, len(splits))
    forest = _Forest(
        _ints(node, "tree_roots").tolist(),
        _ints(node, "nodes_featureids"), splits, int(modes[0]), missing, ways[0], ways[1], leaves,
    )  # fmt: skip
    aggregate, transform = get.get_int("aggregate_function", 1), get.get_int("post_transform", 0)
    if aggregate >= len(_AGGREGATES) or transform >= len(_TRANSFORMS):
        raise UnknownFormError("its aggregate_function or its post_transform is another")
    total = _sum(node, forest, is_mean=aggregate == 0)
    scikit.transform(node, total, _TRANSFORMS[transform])


def regressor(node: ir.Node) -> None:
    """TreeEnsembleRegressor."""
    get = node.attributes
    how = get.get_string("aggregate_function", "SUM")
    if how not in _AGGREGATES:
        raise UnknownFormError(f"its aggregate_function is {how}")
    forest = _old_forest(node, "target", get.get_int("n_targets", 1))
    total = _sum(node, forest, is_mean=how == "AVERAGE")
    scikit.transform(node, total, get.get_string("post_transform", "NONE"))


def classifier(node: ir.Node) -> None:
    """TreeEnsembleClassifier of scores for each class."""
    labels = list(node.attributes.get_ints("classlabels_int64s", ()))
    if not labels:
        raise UnknownFormError("its labels are texts")
    if len({*_ints(node, "class_ids").tolist()}) < len(labels):
        raise UnknownFormError("it has one score for two classes")
    scores = _sum(node, _old_forest(node, "class", len(labels)), is_mean=False)
    best = edit.insert(node, "ArgMax", [scores], {"axis": 1, "keepdims": 0})
    named = edit.insert(node, "Gather", [edit.integers(node, labels), best], {"axis": 0})
    kind = node.attributes.get_string("post_transform", "NONE")
    give(node.outputs[1], scikit.transformed(node, scores, kind))
    node.resize_outputs(1)
    edit.become(node, "Identity", [named])


def _old_forest(node: ir.Node, kind: str, count: int) -> _Forest:
    """Read the older form, in which leaves are nodes and are named by tree and number."""
    get = node.attributes
    names = get.get_strings("nodes_modes", ())
    used = {name for name in names if name != "LEAF"}
    if len(used) > 1 or not used <= {*_MODES} or "nodes_values_as_tensor" in get:
        raise UnknownFormError("its nodes compare in several ways, or in double precision")
    ids = list(zip(_ints(node, "nodes_treeids"), _ints(node, "nodes_nodeids"), strict=True))
    place = {key: index for index, key in enumerate(ids)}
    leaf = {
        key: number
        for number, key in enumerate(k for k, n in zip(ids, names, strict=True) if n == "LEAF")
    }
    ways = []
    for side in ("true", "false"):
        keys = zip(_ints(node, "nodes_treeids"), _ints(node, f"nodes_{side}nodeids"), strict=True)
        ways.append(
            np.array([-1 - leaf[key] if key in leaf else place.get(key, 0) for key in keys])
        )
    leaves = np.zeros((len(leaf), count))
    parts = [_ints(node, f"{kind}_{name}") for name in ("treeids", "nodeids", "ids")]
    for tree, number, target, weight in zip(
        *parts, get.get_floats(f"{kind}_weights", ()), strict=True
    ):
        if (tree, number) not in leaf:
            raise UnknownFormError("it gives a weight to a node that is no leaf")
        leaves[leaf[tree, number], target] += weight
    firsts: dict[int, int] = {}
    for index, (tree, _) in enumerate(ids):
        firsts.setdefault(tree, index)
    roots = [-1 - leaf[ids[i]] if ids[i] in leaf else i for i in firsts.values()]
    missing = _missing(node, len(ids))
    return _Forest(
        roots, _ints(node, "nodes_featureids"),
        np.array(get.get_floats("nodes_values"), np.float64),
        _MODES.index(used.pop()) if used else 0,
        missing, ways[0], ways[1], leaves,
    )  # fmt: skip


def _sum(node: ir.Node, forest: _Forest, *, is_mean: bool) -> ir.Value:
    """Insert what the trees add up to: (rows, targets)."""
    paths = [_paths(forest, root) for root in forest.roots]
    inside = [sorted({place for path in tree.values() for place, _ in path}) for tree in paths]
    trees = len(paths)
    nodes, ends = max(1, *map(len, inside)), max(map(len, paths))
    if trees * nodes * ends > _MOST_NUMBERS:
        raise UnknownFormError("its trees are too large")
    used = np.zeros((trees, nodes), np.int64)
    turns = np.zeros((trees, nodes, ends), np.float32)
    wanted = np.full((trees, 1, ends), nodes + 1, np.float32)  # which no leaf is
    adds = np.zeros((trees, ends, forest.leaves.shape[1]))
    for number, (tree, own) in enumerate(zip(paths, inside, strict=True)):
        used[number, : len(own)] = own
        for end, (leaf, path) in enumerate(tree.items()):
            for place, is_left in path:
                turns[number, own.index(place), end] = 1 if is_left else -1
            wanted[number, 0, end] = sum(is_left for _, is_left in path)
            adds[number, end] = forest.leaves[leaf]
    flat = used.reshape(-1)
    decided = _decided(node, forest, flat)
    apart = edit.insert(node, "Reshape", [decided, edit.integers(node, [-1, trees, nodes])])
    by_tree = edit.insert(node, "Transpose", [apart], {"perm": (1, 0, 2)})
    sums = edit.insert(node, "MatMul", [by_tree, edit.literal(node, turns)])
    reached = edit.insert(node, "Equal", [sums, edit.literal(node, wanted)])
    chosen = edit.insert(node, "Cast", [reached], {"to": _FLOAT})
    by_row = edit.insert(node, "Transpose", [chosen], {"perm": (1, 0, 2)})
    together = edit.insert(node, "Reshape", [by_row, edit.integers(node, [-1, trees * ends])])
    adds = adds.reshape(trees * ends, -1) / (trees if is_mean else 1)
    total = edit.insert(node, "MatMul", [together, edit.literal(node, adds.astype(np.float32))])
    base = np.array(node.attributes.get_floats("base_values", ()), np.float32)
    if base.size:
        total = edit.insert(node, "Add", [total, edit.literal(node, base)])
    source = node.inputs[0]
    if node.op_type == "TreeEnsemble" and source is not None and source.dtype is not None:
        total = edit.insert(node, "Cast", [total], {"to": int(source.dtype)})
    return total


def _decided(node: ir.Node, forest: _Forest, used: np.ndarray) -> ir.Value:
    """Insert 1 where what a node asks is so, else 0: (rows, nodes)."""
    source = edit.insert(node, "Cast", [node.inputs[0]], {"to": _FLOAT})
    columns = edit.integers(node, forest.features[used].tolist())
    seen = edit.insert(node, "Gather", [source, columns], {"axis": 1})
    splits = _float32(forest.splits[used], up=forest.mode in (1, 2))
    found = edit.insert(node, _COMPARISONS[forest.mode], [seen, edit.literal(node, splits)])
    if forest.missing[used].any():
        none = edit.insert(node, "IsNaN", [seen])
        leads = edit.insert(node, "And", [none, edit.literal(node, forest.missing[used])])
        found = edit.insert(node, "Or", [found, leads])
    return edit.insert(node, "Cast", [found], {"to": _FLOAT})


def _float32(numbers: np.ndarray, *, up: bool) -> np.ndarray:
    """Round so that float32 numbers compare with the result as they do with ``numbers``."""
    near = numbers.astype(np.float32)
    beyond = near < numbers if up else near > numbers
    side = np.float32(np.inf if up else -np.inf)
    return np.where(beyond, np.nextafter(near, side), near)


def _paths(forest: _Forest, root: int) -> dict[int, list[tuple[int, bool]]]:
    """Return the way to each leaf of a tree: nodes, and whether it goes left there."""
    found: dict[int, list[tuple[int, bool]]] = {}
    waiting: list[tuple[int, list[tuple[int, bool]]]] = [(int(root), [])]
    while waiting:
        place, path = waiting.pop()
        if place < 0:
            found[-1 - place] = path
        elif len(path) > len(forest.features):
            raise UnknownFormError("its nodes lead in a circle")
        else:
            waiting.append((int(forest.left[place]), [*path, (place, True)]))
            waiting.append((int(forest.right[place]), [*path, (place, False)]))
    return found


def _missing(node: ir.Node, count: int) -> np.ndarray:
    """Return which nodes send what is no number to the left."""
    given = _ints(node, "nodes_missing_value_tracks_true")
    return given == 1 if given.size else np.zeros(count, np.bool_)


def _ints(node: ir.Node, name: str) -> np.ndarray:
    return np.array(node.attributes.get_ints(name, ()), np.int64)
