"""Networks that nobody thought of, in every form, and those of them that went wrong once."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edgekit.export import formats
from edgekit.export.rewriting.choices import Choices
from tests.specimens import generated, graphs, judged

RULES = [rule.name for rule in formats.get("tflite").lowering.alternatives]

ONCE_WRONG = {
    "a vector's elements turned round": (
        "g (float[1,4] x) => (float[1,4] y) { a = Gather<axis=1>(x, order)\n y = Sub(a, x) }",
        {"order": np.array([3, 2, 1, 0])},
    ),
    "a vector's elements shuffled": (
        "g (float[1,6] x) => (float[1,6] y) { y = Gather<axis=1>(x, order) }",
        {"order": np.array([0, 3, 1, 4, 2, 5])},
    ),
    "softmax cut off": (
        "g (float[1,4] x) => (float[1,4] y) { s = Softmax<axis=1>(x)\n y = Clip(s, low, high) }",
        {"low": np.float32(0), "high": np.float32(0.5)},
    ),
    "zeros before a mean with a border of its own": (
        """g (float[1,2,5,5] x) => (float[1,2,6,8] y) { a = Pad(x, pads)
             y = AveragePool<kernel_shape=[2,2], pads=[0,1,1,1], count_include_pad=1>(a) }""",
        {"pads": np.array([0, 0, 0, 1, 0, 0, 1, 1])},
    ),
    "zeros before a maximum": (
        """g (float[1,2,5,5] x) => (float[1,2,6,6] y) {
             a = Pad(x, pads)\n y = MaxPool<kernel_shape=[2,2]>(a) }""",
        {"pads": np.array([0, 0, 1, 1, 0, 0, 1, 1])},
    ),
    "zeros before a maximum with a border of its own": (
        """g (float[1,2,5,5] x) => (float[1,2,4,4] y) { a = Pad(x, pads)
             y = MaxPool<kernel_shape=[2,2], pads=[1,1,1,1], strides=[2,2]>(a) }""",
        {"pads": np.array([0, 0, 1, 1, 0, 0, 1, 1])},
    ),
    "zeros before a maximum in float32": (
        """g (float[1,2,5,5] x) => (float[1,2,6,6] y) { c = Conv(x, w)\n e = Exp(c)\n n = Neg(e)
             a = Pad(n, pads)\n m = MaxPool<kernel_shape=[2,2]>(a)\n y = Exp(m) }""",
        {"w": graphs.weights(2, 2, 1, 1), "pads": np.array([0, 0, 1, 1, 0, 0, 1, 1])},
    ),
    "a tensor and its reshaped form, one of them overwritten": (
        """g (float[1,1,5,5] x) => (float[1,1,5,5] y, float[1,1,5,5] r, float[1,1,4,5] z) {
             a = Softmax<axis=3>(x)\n r = Relu(a)\n y = Softmax<axis=3>(a)
             z = Slice(a, first, last, axis) }""",
        {"first": np.array([0]), "last": np.array([4]), "axis": np.array([2])},
    ),
    "a bound within 16 bits behind a folded convolution": (
        """g (float[2,1,7,5] x) => (float[2,1,7,5] y) { a = Conv(x, w)\n y = Relu(a) }""",
        {"w": np.full((1, 1, 1, 1), -1.6, np.float32)},
    ),
    "a sum that its reshaped form would overwrite": (
        """g (float[1,4,5] x) => (float[4,5] y, float[1,4,5] z) { a = Mul(x, x)\n b = Add(a, c)
             r = Reshape(b, shape)\n s = Softmax<axis=-1>(r)\n y = Sqrt(s)\n z = Sub(b, c) }""",
        {"c": np.full((1, 4, 5), 0.3, np.float32), "shape": np.array([4, 5])},
    ),
    "a maximum within bounds of its own": (
        """g (float[1,2,5,5] x) => (float[1,2,5,5] y) { a = MaxPool<kernel_shape=[2,2]>(x)
             b = Clip(a, low, high)\n y = Pad(b, pads) }""",
        {"low": np.float32(-1), "high": np.float32(1), "pads": np.array([0, 0, 0, 1, 0, 0, 1, 0])},
    ),
    "integers by rules alone": (
        "g (float[1,4,5,5] x) => (float[1,4,5,5] y) { y = HardSwish(x) }",
        {},
    ),
}


@pytest.mark.parametrize("name", ONCE_WRONG)
def test_what_was_wrong_once_is_right(name: str) -> None:
    text, constants = ONCE_WRONG[name]
    verdicts = judged.judge(graphs.proto(text, **constants), Choices())
    assert verdicts
    assert [verdict for verdict in verdicts if verdict.is_fault] == []


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(st.data())
def test_random_networks_are_right_or_refused_in_every_form(data: st.DataObject) -> None:
    model = generated.network(lambda count: data.draw(st.integers(0, count - 1)))
    added = tuple(name for name in RULES if data.draw(st.booleans()))
    verdicts = judged.judge(model, Choices(added=added))
    assert [verdict for verdict in verdicts if verdict.is_fault] == []
