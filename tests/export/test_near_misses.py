"""Every rewrite rule on graphs that it must leave alone, or must do right although they differ."""

from __future__ import annotations

import numpy as np
import pytest

from edgekit.export import lowering
from edgekit.export.rewriting.choices import Choices
from tests.export.test_lowering import SPECIMENS
from tests.specimens import graphs, judged, near_misses
from tests.specimens.graphs import weights

FLOAT = {rule.name for rule in (*lowering.CANONICAL, *lowering.TFLITE.rules)}
OPTIONAL = {rule.name for rule in lowering.TFLITE.alternatives}


@pytest.mark.parametrize("name", SPECIMENS)
def test_rule_is_right_one_step_away_from_its_specimen(name: str) -> None:
    specimen = SPECIMENS[name]
    chosen = Choices(added=(name,) if name in OPTIONAL else ())
    faults, tried = [], 0
    for words, model in near_misses.of(graphs.proto(specimen.text, **specimen.constants)):
        if not judged.is_certain(model):
            continue
        tried += 1
        integers = name not in FLOAT | OPTIONAL
        verdicts = judged.judge(model, chosen, integers=integers)
        faults += [(words, verdict) for verdict in verdicts if verdict.is_fault]
    assert faults == []
    assert tried


MAP, ROWS = "float[1,4,3,5]", "float[3,4]"
STATISTICS = {
    "s": weights(3), "b": weights(3, seed=1), "m": weights(3, seed=2),
    "v": weights(3, seed=3) ** 2 + 1,
}  # fmt: skip
FURTHER_AWAY = {
    "add_into_bias: by row": (
        f"g ({MAP} x) => (float[1,6,3,5] y) {{ a = Conv(x, w)\n y = Add(a, c) }}",
        {"w": weights(6, 4, 1, 1), "c": weights(1, 6, 3, 1)},
    ),
    "add_into_bias: everywhere": (
        f"g ({MAP} x) => (float[1,6,3,5] y) {{ a = Conv(x, w)\n y = Add(c, a) }}",
        {"w": weights(6, 4, 1, 1), "c": weights(6, 3, 5)},
    ),
    "add_into_bias: of more channels": (
        f"g ({MAP} x) => (float[1,6,3,5] y) {{ a = Conv(x, w)\n y = Add(a, c) }}",
        {"w": weights(1, 4, 1, 1), "c": weights(6, 1, 1)},
    ),
    "add_into_bias: of more dimensions": (
        f"g ({MAP} x) => (float[2,1,6,3,5] y) {{ a = Conv(x, w)\n y = Add(a, c) }}",
        {"w": weights(6, 4, 1, 1), "c": weights(2, 1, 6, 1, 1)},
    ),
    "add_into_bias: of rows of a product": (
        f"g ({ROWS} x) => (float[3,3] y) {{ a = Gemm(x, w)\n y = Add(a, c) }}",
        {"w": weights(4, 3), "c": weights(3, 1)},
    ),
    "add_into_bias: of another operator": (
        f"g ({ROWS} x) => ({ROWS} y) {{ a = Mul(x, k)\n y = Add(a, c) }}",
        {"k": weights(4), "c": weights(4, seed=1)},
    ),
    "canonical_batch_norm: behind a bias for every row": (
        f"""g ({ROWS} x) => (float[3,3] y) {{ a = Gemm(x, w, c)
             y = BatchNormalization(a, s, b, m, v) }}""",
        {"w": weights(4, 3), "c": weights(3, 1), **STATISTICS},
    ),
    "canonical_batch_norm: behind products that others read": (
        f"""g ({ROWS} x) => (float[3,3] y, float[3,3] z) {{ a = Gemm(x, w)
             y = BatchNormalization(a, s, b, m, v)
             z = Relu(a) }}""",
        {"w": weights(4, 3), **STATISTICS},
    ),
    "canonical_batch_norm: behind more than a matrix": (
        """g (float[2,3,4] x) => (float[2,3,5] y) { a = MatMul(x, w)
             y = BatchNormalization(a, s, b, m, v) }""",
        {"w": weights(4, 5), **STATISTICS},
    ),
    "fuse_activation: one that cuts what another left": (
        f"""g ({MAP} x) => (float[1,6,3,5] y) {{ a = Conv(x, w)
             b = Clip(a, minus, plus)
             y = Relu(b) }}""",
        {"w": weights(6, 4, 1, 1), "minus": np.float32(-1), "plus": np.float32(1)},
    ),
    "fuse_activation: a narrow one behind a wide one": (
        f"""g ({MAP} x) => (float[1,6,3,5] y) {{ a = Conv(x, w)
             b = Relu(a)
             y = Clip(b, minus, plus) }}""",
        {"w": weights(6, 4, 1, 1), "minus": np.float32(-1), "plus": np.float32(1)},
    ),
    "average_pool_as_depthwise: padding that does not count": (
        f"""g ({MAP} x) => (float[1,4,3,5] y) {{
             y = AveragePool<kernel_shape=[3,3], pads=[1,1,1,1]>(x) }}""",
        {},
    ),
    "average_pool_as_depthwise: a last window behind the padding": (
        """g (float[1,4,6,6] x) => (float[1,4,3,3] y) {
             y = AveragePool<kernel_shape=[3,3], strides=[2,2], ceil_mode=1,
                             count_include_pad=1>(x) }""",
        {},
    ),
    "batch_norm_as_depthwise: of a volume": (
        """g (float[1,3,2,4,5] x) => (float[1,3,2,4,5] y) {
             y = BatchNormalization(x, s, b, m, v) }""",
        STATISTICS,
    ),
}


@pytest.mark.parametrize("name", FURTHER_AWAY)
def test_rule_is_right_where_its_specimen_says_nothing(name: str) -> None:
    text, constants = FURTHER_AWAY[name]
    rule = name.partition(":")[0]
    chosen = Choices(added=(rule,) if rule in OPTIONAL else ())
    verdicts = judged.judge(graphs.proto(text, **constants), chosen, integers=False)
    assert [verdict.form for verdict in verdicts if verdict.outcome == "right"]
    assert [verdict for verdict in verdicts if verdict.is_fault] == []
