"""Every rewrite rule: equal outputs before and after, and the effect that it promises."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import onnx
import onnx_ir as ir
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgekit import runtimes
from edgekit.export import formats, lowering
from edgekit.export.graph import permutations
from edgekit.export.rewriting import choices, rules
from edgekit.export.rewriting.choices import Choices
from tests.specimens import graphs, judged
from tests.specimens.graphs import weights
from tests.specimens.rules import SPECIMENS

MENUS = (
    lowering.TFLITE, lowering.INTEGER, lowering.TFLITE_INTEGER, lowering.ONNXRUNTIME,
    lowering.ONNXRUNTIME_INTEGER,
)  # fmt: skip
STAGES = (
    lowering.CANONICAL,
    *(menu.rules for menu in MENUS),
    # One of these at a time.
    *((rule,) for menu in MENUS for rule in menu.alternatives),
)  # fmt: skip
CANONICAL = [rule.name for rule in lowering.CANONICAL]
TFLITE = [rule.name for rule in lowering.TFLITE.rules]
INTEGER = [rule.name for rule in lowering.INTEGER.rules]
STORED = [rule.name for rule in lowering.TFLITE_INTEGER.rules if rule.name not in TFLITE]
BY_ONNX = [rule.name for rule in lowering.ONNXRUNTIME.rules if rule.name not in (*TFLITE, *INTEGER)]
IN_ONNX = [rule.name for rule in lowering.ONNXRUNTIME.alternatives]
RULES = {rule.name: rule for stage in STAGES for rule in stage}
CASES = [(number, rule.name) for number, stage in enumerate(STAGES) for rule in stage]


def test_every_rule_has_a_specimen_and_every_file_a_rule(repository: Path) -> None:
    assert set(SPECIMENS) == set(RULES)
    folder = repository / "edgekit" / "export" / "lowering"
    files = {path.stem for path in folder.glob("*.py")} - {
        "__init__", "permutation", "ranges", "windows",
    }  # fmt: skip
    assert files == set(RULES)


@pytest.mark.parametrize(("stage", "name"), CASES)
def test_rule_fires_on_its_specimen(stage: int, name: str) -> None:
    specimen = SPECIMENS[name]
    model = graphs.lowered(graphs.proto(specimen.text, **specimen.constants))
    assert rules.apply(model, STAGES[stage]).get(name, 0) >= 1
    assert rules.apply(model, STAGES[stage]) == {}, "a settled graph must stay as it is"


@pytest.mark.parametrize("name", CANONICAL)
def test_canonical_rule_keeps_outputs_and_has_its_effect(name: str, tmp_path: Path) -> None:
    specimen = SPECIMENS[name]
    model = graphs.proto(specimen.text, **specimen.constants)
    inputs = graphs.feeds(model)
    after = graphs.lowered(model, RULES[name], RULES["merge_permutations"])
    before = graphs.run_onnx(model.SerializeToString(), inputs, tmp_path)
    now = graphs.run_onnx(graphs.to_onnx(after), inputs, tmp_path)
    np.testing.assert_allclose(now["y"], before["y"], rtol=1e-5, atol=1e-5)
    ops = Counter(node.op_type for node in after.graph)
    assert specimen.effect(ops), dict(ops)


@pytest.mark.parametrize("name", TFLITE)
def test_tflite_rule_keeps_outputs_and_has_its_effect(name: str, tmp_path: Path) -> None:
    specimen = SPECIMENS[name]
    model = graphs.proto(specimen.text, **specimen.constants)
    inputs = graphs.feeds(model)
    before = graphs.run_onnx(model.SerializeToString(), inputs, tmp_path)
    after = graphs.lowered(model, *lowering.TFLITE.rules)
    now = graphs.run_tflite(graphs.tflite_file(after), inputs, tmp_path)
    np.testing.assert_allclose(now["y"], before["y"], rtol=1e-5, atol=1e-5)
    info = runtimes.load("tflite", tmp_path / "model.tflite").info()
    assert specimen.effect(Counter(info.operators)), info.operators
    assert info.operators_outside == specimen.outside
    assert info.partitions == 1 or specimen.outside


@pytest.mark.parametrize("name", STORED)
def test_rule_on_what_is_stored_keeps_outputs_and_has_its_effect(name: str, tmp_path: Path) -> None:
    specimen = SPECIMENS[name]
    model = graphs.proto(specimen.text, **specimen.constants)
    inputs = graphs.feeds(model)
    before = graphs.run_onnx(model.SerializeToString(), inputs, tmp_path)
    after = graphs.lowered(model, *lowering.TFLITE_INTEGER.rules)
    now = graphs.run_tflite(graphs.tflite_file(after), inputs, tmp_path)
    np.testing.assert_allclose(now["y"], before["y"], rtol=1e-5, atol=1e-5)
    info = runtimes.load("tflite", tmp_path / "model.tflite").info()
    assert specimen.effect(Counter(info.operators)), info.operators


@pytest.mark.parametrize("name", BY_ONNX)
def test_onnx_rule_keeps_outputs_and_has_its_effect(name: str) -> None:
    specimen = SPECIMENS[name]
    model = graphs.proto(specimen.text, **specimen.constants)
    # ONNX Runtime itself is wrong about some of these when it optimizes.
    (verdict, *_) = judged.judge(model, Choices(), integers=False)
    assert (verdict.form, verdict.outcome) == ("onnx", "right"), verdict.detail
    graph = graphs.lowered(model, *lowering.ONNXRUNTIME.rules)
    ops = Counter(node.op_type for node in graph.graph)
    assert specimen.effect(ops), dict(ops)


@pytest.mark.parametrize("name", IN_ONNX)
def test_onnx_alternative_keeps_outputs_in_standard_operators(name: str, tmp_path: Path) -> None:
    specimen = SPECIMENS[name]
    model = graphs.proto(specimen.text, **specimen.constants)
    inputs = graphs.feeds(model)
    target = formats.get("onnx")
    graph = graphs.lowered(model, *Choices(added=(name,)).rules(target.lowering))
    now = graphs.run_onnx(target.content(graph, "test"), inputs, tmp_path)
    before = graphs.run_onnx(model.SerializeToString(), inputs, tmp_path)
    np.testing.assert_allclose(now["y"], before["y"], rtol=1e-5, atol=1e-5)
    if name not in (*TFLITE, *INTEGER):  # whose effects are told elsewhere
        ops = Counter(node.op_type for node in graph.graph)
        assert specimen.effect(ops), dict(ops)


@pytest.mark.parametrize("change", lowering.TFLITE.changes)
def test_tflite_choice_keeps_outputs(change: str, tmp_path: Path) -> None:
    specimen = SPECIMENS[change[1:]]
    model = graphs.proto(specimen.text, **specimen.constants)
    inputs = graphs.feeds(model)
    target = formats.get("tflite")
    plain = graphs.lowered(model, *target.lowering.rules)
    other = graphs.lowered(model, *choices.parse(change).rules(target.lowering))
    before = graphs.run_onnx(model.SerializeToString(), inputs, tmp_path)
    now = graphs.run_tflite(graphs.tflite_file(other), inputs, tmp_path)
    np.testing.assert_allclose(now["y"], before["y"], rtol=1e-5, atol=1e-5)
    assert target.content(other, "test") != target.content(plain, "test")
    if change[0] == "+" and change[1:] not in (*IN_ONNX, *INTEGER):
        operators = runtimes.load("tflite", tmp_path / "model.tflite").info().operators
        assert specimen.effect(Counter(operators)), operators


@pytest.mark.parametrize("name", INTEGER)
def test_integer_rule_keeps_outputs_in_standard_operators(name: str, tmp_path: Path) -> None:
    specimen = SPECIMENS[name]
    model = graphs.proto(specimen.text, **specimen.constants)
    inputs = graphs.feeds(model)
    before = graphs.run_onnx(model.SerializeToString(), inputs, tmp_path)
    after = graphs.lowered(model, *lowering.INTEGER.rules)
    now = graphs.run_onnx(graphs.to_onnx(after), inputs, tmp_path)
    assert set(now) == set(before)
    for output, wanted in before.items():
        np.testing.assert_allclose(now[output], wanted, rtol=1e-5, atol=1e-5)
    if name not in TFLITE:  # whose effects are told in operators of .tflite files
        ops = Counter(node.op_type for node in after.graph)
        assert specimen.effect(ops), dict(ops)


def test_channels_of_computed_weights_are_not_repeated(tmp_path: Path) -> None:
    model = graphs.proto(
        """g (float[1,4,5,6] x, float[6] b) => (float[1,12,5,6] y) {
             a = Conv(x, w0, b)
             y = Conv<group=6, kernel_shape=[3,1], pads=[1,0,1,0]>(a, w1) }""",
        w0=weights(6, 4, 1, 1),
        w1=weights(12, 1, 3, 1),
    )
    inputs = graphs.feeds(model)
    after = graphs.lowered(model, RULES["repeated_channels"])
    before = graphs.run_onnx(model.SerializeToString(), inputs, tmp_path)
    now = graphs.run_onnx(graphs.to_onnx(after), inputs, tmp_path)
    np.testing.assert_allclose(now["y"], before["y"], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("gate_first", [True, False])
@pytest.mark.parametrize("scale", ["Div(c, six)", "Mul(sixth, c)"])
def test_hard_swish_is_found_as_code_writes_it(
    gate_first: bool, scale: str, tmp_path: Path
) -> None:
    product = "Mul(b, x)" if gate_first else "Mul(x, b)"
    model = graphs.proto(
        f"""g (float[1,4,2,3] x) => (float[1,4,2,3] y) {{
             a = Add(three, x)
             b = Clip(a, zero, six)
             c = {product}
             y = {scale} }}""",
        zero=np.float32(0),
        three=np.float32(3),
        six=np.float32(6),
        sixth=np.float32(1 / 6),
    )
    inputs = {"x": 4 * weights(1, 4, 2, 3)}
    after = graphs.lowered(model, *lowering.CANONICAL)
    assert [node.op_type for node in after.graph] == ["HardSwish"]
    before = graphs.run_onnx(model.SerializeToString(), inputs, tmp_path)
    now = graphs.run_onnx(graphs.to_onnx(after), inputs, tmp_path)
    np.testing.assert_allclose(now["y"], before["y"], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("bounds", [(0, 5), (-1, 6)])
def test_another_gate_is_no_hard_sigmoid(bounds: tuple[int, int]) -> None:
    model = graphs.proto(
        """g (float[1,4] x) => (float[1,4] y) {
             a = Add(x, three)
             b = Clip(a, low, high)
             y = Div(b, six) }""",
        low=np.float32(bounds[0]),
        high=np.float32(bounds[1]),
        three=np.float32(3),
        six=np.float32(6),
    )
    assert "Clip" in {node.op_type for node in graphs.lowered(model, *lowering.CANONICAL).graph}


def test_the_last_window_of_an_average_becomes_the_global_one() -> None:
    text = "g (float[1,4,7,6] x) => (float[1,4,1,1] y) { y = AveragePool<kernel_shape=[7,6]>(x) }"
    after = graphs.lowered(graphs.proto(text), *lowering.CANONICAL)
    assert [node.op_type for node in after.graph] == ["GlobalAveragePool"]


def test_torch_form_of_local_response_normalisation_is_one_partition(tmp_path: Path) -> None:
    model = graphs.proto(
        """g (float[1,8,3,5] x) => (float[1,8,3,5] y)
           <int64[5] deep = {1,1,8,3,5}, int64[4] map = {1,8,3,5}> {
             a = Mul(x, x)
             b = Reshape(a, deep)
             c = AveragePool<kernel_shape=[5,1,1], pads=[2,0,0,2,0,0], count_include_pad=1>(b)
             d = Reshape(c, map)
             e = Mul(d, alpha)
             f = Add(e, k)
             h = Pow(f, beta)
             y = Div(x, h) }""",
        alpha=np.float32(0.5),
        beta=np.float32(0.75),
        k=np.float32(2),
    )
    inputs = graphs.feeds(model)
    expected = graphs.run_onnx(model.SerializeToString(), inputs, tmp_path)["y"]
    answer = graphs.run_tflite(graphs.to_tflite(model), inputs, tmp_path)["y"]
    np.testing.assert_allclose(answer, expected, rtol=1e-5, atol=1e-5)
    info = runtimes.load("tflite", tmp_path / "model.tflite").info()
    assert (info.partitions, info.operators_outside) == (1, ())


@given(st.lists(st.integers(1, 9), min_size=5, max_size=12))
def test_wide_concatenations_keep_their_order(sizes: list[int]) -> None:
    joined = ", ".join(f"p{number}" for number in range(len(sizes)))
    text = (
        f"g (float[1,1] x) => (float[1,{sum(sizes) + 1}] y) {{ y = Concat<axis=1>(x, {joined}) }}"
    )
    parts = {f"p{number}": weights(1, size, seed=number) for number, size in enumerate(sizes)}
    after = graphs.lowered(graphs.proto(text, **parts), RULES["split_concat"])
    assert all(len(node.inputs) <= 4 for node in after.graph)
    flat: list[str | None] = []

    def walk(value: ir.Value | None) -> None:
        producer = None if value is None else value.producer()
        if producer is None:
            flat.append(value.name if value is not None else None)
        else:
            for part in producer.inputs:
                walk(part)

    walk(after.graph.outputs[0])
    assert flat == ["x", *parts]


def _divisors(channels: int) -> list[int]:
    return [n for n in range(1, channels + 1) if channels % n == 0]


@given(st.integers(2, 60).flatmap(lambda c: st.tuples(st.just(c), st.sampled_from(_divisors(c)))))
def test_recognised_permutations_are_what_they_say(case: tuple[int, int]) -> None:
    channels, groups = case
    shuffled = permutations.shuffle(channels, groups)
    found = permutations.shuffle_groups(shuffled)
    if found is None:  # one group, or one channel a group, moves nothing
        assert np.array_equal(shuffled, np.arange(channels))
    else:
        assert np.array_equal(permutations.shuffle(channels, found), shuffled)
    rolled = permutations.roll(channels, groups)
    again = permutations.roll_groups(rolled)
    assert again is not None
    assert np.array_equal(permutations.roll(channels, again), rolled)


@given(st.permutations(range(6)), st.permutations(range(6)))
def test_permutations_merge_in_order(first: list[int], second: list[int]) -> None:
    model = graphs.proto(
        """g (float[1,6,1,1] x) => (float[1,6,1,1] y) {
             a = Gather<axis=1>(x, p)
             y = Gather<axis=1>(a, q) }""",
        p=np.array(first),
        q=np.array(second),
    )
    merged = [
        found
        for node in graphs.lowered(model, RULES["merge_permutations"]).graph
        if (found := permutations.of_gather(node)) is not None
    ]
    assert len(merged) == 1
    values = np.arange(6)
    assert np.array_equal(values[merged[0]], values[first][second])


def test_a_reshape_that_mixes_pixels_is_no_shuffle() -> None:
    model = graphs.proto(
        """g (float[1,4,4,4] x) => (float[1,4,4,4] y)
           <int64[5] split = {1,2,2,4,4}, int64[4] flat = {1,4,4,4}> {
             a = Reshape(x, split)
             b = Transpose<perm=[0,3,2,1,4]>(a)
             y = Reshape(b, flat) }"""
    )
    assert "Gather" not in {n.op_type for n in graphs.lowered(model, *lowering.CANONICAL).graph}


def test_a_value_with_two_readers_is_not_fused() -> None:
    model = graphs.proto(
        """g (float[1,4,4,4] x) => (float[1,4,4,4] y, float[1,4,4,4] z) {
             a = Conv(x, w)
             y = Relu(a)
             z = Add(a, x) }""",
        w=weights(4, 4, 1, 1),
    )
    assert (
        Counter(n.op_type for n in graphs.lowered(model, *lowering.TFLITE.rules).graph)["Relu"] == 1
    )


def test_rules_that_undo_each_other_are_reported() -> None:
    model = graphs.lowered(graphs.proto("g (float[1,2] x) => (float[1,2] y) { y = Relu(x) }"))
    with pytest.raises(RuntimeError, match="do not settle"):
        rules.apply(model, [rules.Rule("restless", lambda _: True)])


def test_specimens_are_valid_onnx() -> None:
    for specimen in SPECIMENS.values():
        onnx.checker.check_model(graphs.proto(specimen.text, **specimen.constants), full_check=True)
