"""Nodes that stay float32 among integers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest

from edgekit.export.graph import weight_layers
from tests.export.integer.cases import islands
from tests.specimens import integers
from tests.specimens.graphs import weights

SPREAD = np.array([1, 30, 30, 30], np.float32)
"""Factors on channels, with which one scale in all leaves nothing of the first."""


@pytest.mark.parametrize("which", [(0,), (2,), (3,), (-1,), (0, 2), (0, 1, 2, 3, 4, 5, 6, 7)])
def test_nodes_that_stay_float_agree_on_both_runtimes(
    which: tuple[int, ...], tmp_path: Path
) -> None:
    plain = islands()
    names = [str(node.name) for node in plain.graph.graph]
    draft = plain.with_float([names[place] for place in which])
    for feed in integers.noise(draft.graph, 2, seed=7):
        found = integers.answers(draft, feed, tmp_path)
        assert found.worst_steps() <= 1.01
    layers = {node.name for node in draft.graph.graph if weight_layers.is_layer(node)}
    kept = layers & draft.encodings.float_nodes
    assert _float_weights(tmp_path / "model.onnx") == len(kept)


def test_more_float_layers_are_closer_to_float(tmp_path: Path) -> None:
    plain, feeds = islands(), integers.noise(islands().graph, 3, seed=9)
    everything = plain.with_float([str(node.name) for node in plain.graph.graph])
    assert integers.quality_db(everything, feeds) > 100
    (feed, *_) = feeds
    answers = integers.answers(everything, feed, tmp_path)
    assert "QUANTIZE" not in answers.info.operators
    for key, truth in answers.wanted.items():
        np.testing.assert_allclose(answers.onnx[key], truth, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(answers.tflite[key], truth, rtol=1e-4, atol=1e-5)


def test_float_layers_keep_float_weights_on_onnxruntime(tmp_path: Path) -> None:
    graph = integers.network(
        "g (float[1,4,6,6] x) => (float[1,5,6,6] y) { a = Conv(x, first)\n b = Relu(a)\n"
        "c = Conv<group=4, pads=[1,1,1,1]>(b, middle)\n d = Relu(c)\n y = Conv(d, last) }",
        first=weights(4, 4, 1, 1),
        middle=SPREAD.reshape(4, 1, 1, 1) * weights(4, 1, 3, 3),
        last=weights(5, 4, 1, 1) / SPREAD.reshape(1, 4, 1, 1),
    )
    (middle,) = [str(node.name) for node in graph.graph if node.attributes.get_int("group", 1) > 1]
    draft = integers.drafted(graph, integers.noise(graph)).with_float([middle])
    for feed in integers.noise(graph, 2, seed=7):
        assert integers.answers(draft, feed, tmp_path).worst_steps() <= 1.01


def test_float_weights_are_kept_where_the_rounding_moves_up_to_their_layer(tmp_path: Path) -> None:
    graph = integers.network(
        """g (float[1,4,6,6] x) => (float[1,5,6,6] y) {
          a = Conv(x, first)\n b = Relu(a)\n c = Conv<group=4, pads=[1,1,1,1]>(b, middle)
          t = Transpose<perm=[0,1,3,2]>(c)\n y = Conv(t, last) }""",
        first=weights(4, 4, 1, 1),
        middle=SPREAD.reshape(4, 1, 1, 1) * weights(4, 1, 3, 3),
        last=weights(5, 4, 1, 1) / SPREAD.reshape(1, 4, 1, 1),
    )
    kept = [
        str(node.name)
        for node in graph.graph
        if node.op_type == "Transpose" or node.attributes.get_int("group", 1) > 1
    ]
    draft = integers.drafted(graph, integers.noise(graph)).with_float(kept)
    for feed in integers.noise(graph, 2, seed=7):
        assert integers.answers(draft, feed, tmp_path).worst_steps() <= 1.01
    assert _maxima(tmp_path / "model.onnx") == 1


def test_a_float_layer_that_is_not_rounded_has_no_maximum(tmp_path: Path) -> None:
    graph = integers.network(
        """g (float[1,4,6,6] x) => (float[1,9,6,6] y) {
          a = Conv(x, first)\n b = Relu(a)\n c = Conv(b, left)\n d = Conv(b, right)
          y = Concat<axis=1>(c, d) }""",
        first=weights(4, 4, 1, 1),
        left=weights(4, 4, 1, 1, seed=1),
        right=weights(5, 4, 1, 1, seed=2),
    )
    behind = [str(node.name) for node in graph.graph][2:]
    draft = integers.drafted(graph, integers.noise(graph)).with_float(behind)
    for feed in integers.noise(graph, 2, seed=7):
        assert integers.answers(draft, feed, tmp_path).worst_steps() <= 1.01
    assert _float_weights(tmp_path / "model.onnx") == 2
    assert _maxima(tmp_path / "model.onnx") == 0


def _maxima(path: Path) -> int:
    return sum(node.op_type == "Max" for node in onnx.load(path).graph.node)


def _float_weights(path: Path) -> int:
    model = onnx.load(path)
    constants = {tensor.name for tensor in model.graph.initializer}
    layers = [node for node in model.graph.node if node.op_type in weight_layers.LAYERS]
    return sum(node.input[1] in constants for node in layers)


def test_an_activation_goes_with_the_layer_that_it_is_fused_with(tmp_path: Path) -> None:
    text = """g (float[1,4,6,6] x) => (float[1,4,6,6] y) <float low = {0}, float high = {6}> {
        a = Conv(x, w)\n b = Clip(a, low, high)\n c = Neg(b)\n y = Conv(c, w) }"""
    graph = integers.network(text, w=weights(4, 4, 1, 1))
    draft = integers.drafted(graph, integers.noise(graph), "minmax@Conv")
    for feed in integers.noise(graph, 2, seed=7):
        assert integers.answers(draft, feed, tmp_path).worst_steps() <= 1.01
