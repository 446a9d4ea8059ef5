"""An activation that fused into an operator is there still, whatever comes after it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgekit.export import formats
from edgekit.export.rewriting import rules
from edgekit.export.rewriting.choices import Choices
from edgekit.export.sources import canonical
from tests.specimens import graphs

AFTER = {
    "constant into the bias": ("a = Add(r, c)", {"c": np.full((1, 4, 1, 1), -1, np.float32)}),
    "one scale after another": ("s = Mul(r, c)\n a = Mul(s, c)", {"c": np.float32(-2)}),
    "another convolution": ("a = Conv(r, w)", {}),
    "pool": ("a = MaxPool<kernel_shape=[3,3], pads=[1,1,1,1]>(r)", {}),
    "average pool": ("a = AveragePool<kernel_shape=[3,3], pads=[1,1,1,1]>(r)", {}),
    "permutation": ("a = Gather<axis=1>(r, order)", {"order": np.array([2, 0, 3, 1])}),
}
FIRST = {
    "Conv": "m = Conv(x, w)",
    "Add": "m = Add(x, half)",
    "Mul": "m = Mul(x, half)",
    "MaxPool": "m = MaxPool<kernel_shape=[3,3], pads=[1,1,1,1]>(x)",
    "AveragePool": "m = AveragePool<kernel_shape=[3,3], pads=[1,1,1,1], count_include_pad=1>(x)",
    "shift": "m = Conv<group=4, pads=[1,1,1,1]>(x, shift)",
    "BatchNormalization": "m = BatchNormalization(x, gamma, beta, beta, gamma)",
}
ACTIVATIONS = {"Relu": "r = Relu(m)", "Clip": "r = Clip(m, low, high)"}
SHIFT = np.zeros((4, 1, 3, 3), np.float32)
SHIFT[range(4), 0, [0, 0, 2, 2], [0, 2, 0, 2]] = 1


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("after", AFTER)
@pytest.mark.parametrize("first", FIRST)
def test_two_activations_are_two(first: str, after: str, activation: str, tmp_path: Path) -> None:
    text, constants = AFTER[after]
    model = graphs.proto(
        "g (float[1,4,6,6] x) => (float[1,4,6,6] y) <float low = {-1}, float high = {1}> {"
        f"{FIRST[first]}\n {ACTIVATIONS[activation]}\n {text}\n y = Relu(a) }}",
        **{
            "w": graphs.weights(4, 4, 1, 1),
            "half": np.float32(0.5),
            "shift": SHIFT,
            "gamma": np.array([1, 2, 0.5, 3], np.float32),
            "beta": np.array([0.1, -0.2, 0.3, 0], np.float32),
            **constants,
        },
    )
    feed = graphs.feeds(model)
    before = graphs.run_onnx(model.SerializeToString(), feed, tmp_path)
    target = formats.get("tflite")
    all_of_them = Choices(added=tuple(rule.name for rule in target.lowering.alternatives))
    for chosen in (Choices(), all_of_them):
        graph = canonical.from_proto(model)
        rules.apply(graph, chosen.rules(target.lowering))
        now = graphs.run_tflite(graphs.tflite_file(graph), feed, tmp_path)
        np.testing.assert_allclose(now["y"], before["y"], rtol=1e-4, atol=1e-5)
