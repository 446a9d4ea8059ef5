"""Quantization as a whole: recipes, rescaling, rungs, the search, and what they do to accuracy."""

from __future__ import annotations

import dataclasses
import math
import tracemalloc
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx_ir as ir
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgekit import models, quantize, runtimes
from edgekit.data import folder
from edgekit.errors import InvalidPathError, RefusedError, UnknownNameError, UsageError
from edgekit.export import QuantizationRecord, parity
from edgekit.export.graph import nodes as g
from edgekit.export.graph import weight_layers
from edgekit.export.graph.annotations import is_integer
from edgekit.export.integer import encoded, quantizable, rescale
from edgekit.export.integer.rescale import Rescaling
from edgekit.quantize import Context, Draft, Recipe, build, network, ranges, recipe, rungs
from edgekit.quantize.analysis import sensitivity
from edgekit.quantize.budget import climb as search
from edgekit.quantize.budget.score import Score
from edgekit.quantize.rungs.equalize import channels
from edgekit.quantize.rungs.equalize import factors as equalize
from edgekit.quantize.samples import reading
from tests.specimens import graphs, integers
from tests.specimens.graphs import weights

SHIPPED = [name for name in models.names() if models.get(name).trained]

NET = """net (float[1,4,8,8] x) => (float[1,10] y) {
  a = Conv<pads=[1,1,1,1]>(x, w1, b1)
  r = Relu(a)
  b = Conv<group=8, pads=[1,1,1,1]>(r, w2, b2)
  s = Relu(b)
  c = Conv(s, w3, b3)
  d = Relu(c)
  p = GlobalAveragePool(d)
  f = Flatten(p)
  y = Gemm<transB=1>(f, w4, b4) }"""


def net(factors: np.ndarray | None = None) -> ir.Model:
    """A small separable network; the channels between its first layers may be rescaled."""
    constants = {
        "w1": weights(8, 4, 3, 3) / 6,
        "w2": weights(8, 1, 3, 3, seed=2) / 3,
        "w3": weights(12, 8, 1, 1, seed=4) / 3,
        "w4": weights(10, 12, seed=6) / 3,
        "b1": weights(8, seed=1) / 10,
        "b2": weights(8, seed=3) / 10,
        "b3": weights(12, seed=5) / 10,
        "b4": weights(10, seed=7) / 10,
    }
    if factors is not None:
        scaled = factors.astype(np.float32)
        constants["w1"] = constants["w1"] * scaled[:, None, None, None]
        constants["b1"] = constants["b1"] * scaled
        constants["w2"] = constants["w2"] / scaled[:, None, None, None]
    return integers.network(NET, **constants)


SOUND, HARMED = net(), net(np.geomspace(1, 1000, 8))
FEEDS = integers.noise(SOUND, 8)
OTHERS = integers.noise(SOUND, 8, seed=5)


def quality(graph: ir.Model, text: str, **how: Any) -> float:
    """SQNR in decibels on inputs that were not calibrated with."""
    wanted = dataclasses.replace(recipe.parse(text), **how)
    return integers.quality_db(integers.drafted(graph, FEEDS, wanted), OTHERS)


# --- channels and their factors -----------------------------------------------------------

WIDTH = 6
BLOCKS = {
    "conv": "{n} = Conv<pads=[1,1,1,1]>({p}, {n}w, {n}b)",
    "relu": "{n}c = Conv({p}, {n}v, {n}b)\n {n} = Relu({n}c)",
    "leaky": "{n} = LeakyRelu<alpha=0.1>({p})",
    "depthwise": "{n} = Conv<group=6, pads=[1,1,1,1]>({p}, {n}d)",
    "grouped": "{n} = Conv<group=2>({p}, {n}g)",
    "residual": "{n}c = Conv({p}, {n}v)\n {n}s = Add({n}c, {p})\n {n} = Relu({n}s)",
    "shuffle": "{n} = Gather<axis=1>({p}, order)",
    "concat": "{n}c = Conv({p}, {n}v)\n {n}k = Concat<axis=1>({n}c, {p})\n"
    "{n} = Conv({n}k, {n}wide)",
    "split": "{n}s, {n}t = Split<axis=1>({p}, halves)\n {n}r = Relu({n}s)\n"
    "{n} = Concat<axis=1>({n}t, {n}r)",
    "max pool": "{n} = MaxPool<kernel_shape=[3,3], pads=[1,1,1,1]>({p})",
    "sigmoid": "{n} = Sigmoid({p})",
    "scaled": "{n} = Mul({p}, {n}m)",
    "gate": "{n}e = Less({p}, least)\n {n} = Where({n}e, least, {p})",
}


def random_net(blocks: list[str], seed: int) -> ir.Model:
    body, before, constants = [], "x", {"order": np.array([0, 2, 4, 1, 3, 5])}
    shapes = {
        "w": (WIDTH, WIDTH, 3, 3), "v": (WIDTH, WIDTH, 1, 1), "b": (WIDTH,), "d": (WIDTH, 1, 3, 3),
        "g": (WIDTH, 3, 1, 1), "wide": (WIDTH, 2 * WIDTH, 1, 1), "m": (1, WIDTH, 1, 1),
    }  # fmt: skip
    constants["halves"] = np.array([2, 4])
    constants["least"] = np.float32(-0.1)
    for number, block in enumerate([*blocks, "relu"]):
        name = f"n{number}_"
        text = BLOCKS[block].format(n=name, p=before)
        body.append(text)
        for key, shape in shapes.items():
            if f"{name}{key}" in text.replace(")", " ").replace(",", " ").split():
                spread = np.exp(weights(shape[0], seed=seed + number)).reshape(
                    -1, *[1] * (len(shape) - 1)
                )
                constants[f"{name}{key}"] = weights(*shape, seed=seed + number + 50) * spread / 3
        before = name
    used = " ".join(body)
    head = f"net (float[1,{WIDTH},6,6] x) => (float[1,3] y) {{\n"
    tail = f"\n p = GlobalAveragePool({before})\n f = Flatten(p)\n y = Gemm<transB=1>(f, last) }}"
    kept = {k: v for k, v in constants.items() if k in used or k == "last"}
    return integers.network(
        head + "\n".join(body) + tail, last=weights(3, WIDTH, seed=seed), **kept
    )


def assert_same_function(graph: ir.Model, other: ir.Model, feeds: list[integers.Feed]) -> None:
    for feed in feeds:
        for wanted, given_ in zip(
            integers.floating(graph, feed), integers.floating(other, feed), strict=True
        ):
            span = float(np.abs(wanted).max())
            np.testing.assert_allclose(given_, wanted, rtol=2e-4, atol=2e-4 * span)


NETS = st.builds(
    random_net, st.lists(st.sampled_from(list(BLOCKS)), min_size=1, max_size=5), st.integers(0, 99)
)


@given(graph=NETS, seed=st.integers(0, 99))
@settings(max_examples=25, deadline=None)
def test_any_factors_of_free_channels_leave_the_function_as_it_is(
    graph: ir.Model, seed: int
) -> None:
    found = channels.classes(graph)
    drawn = np.exp(np.random.default_rng(seed).uniform(-2, 2, found.free.size))
    factors = np.where(found.free, drawn, 1.0)
    layers = [node for node in graph.graph if weight_layers.is_layer(node)]
    rescalings = {
        str(node.name): Rescaling(
            factors[found.of[str(node.outputs[0].name)]],
            factors[found.of[str(g.operand(node, 0).name)]],
        )
        for node in layers
    }
    assert_same_function(graph, rescale.apply(graph, rescalings), integers.noise(graph, 2))


@given(graph=NETS, per_channel=st.booleans())
@settings(max_examples=25, deadline=None)
def test_equalizing_leaves_the_function_as_it_is(graph: ir.Model, per_channel: bool) -> None:
    feeds = integers.noise(graph, 2)
    factors = equalize.factors(graph, feeds, per_channel=per_channel)
    assert_same_function(graph, rescale.apply(graph, factors), [*feeds, *integers.noise(graph, 2)])


def test_the_random_networks_do_get_factors() -> None:
    for block in ("relu", "residual", "shuffle", "concat", "grouped", "depthwise"):
        graph = random_net(["relu", block, "conv"], 0)
        found = equalize.factors(graph, integers.noise(graph, 2), per_channel=True)
        assert any((each.outputs != 1).any() for each in found.values()), block


def test_channels_that_a_residual_sum_joins_have_one_factor() -> None:
    graph = random_net(["relu", "residual"], 0)
    found = channels.classes(graph)
    (addition,) = [node for node in graph.graph if node.op_type == "Add"]
    classes = [found.of[str(v.name)] for v in (*addition.inputs, *addition.outputs) if v]
    for other in classes[1:]:
        np.testing.assert_array_equal(other, classes[0])


def test_network_inputs_outputs_and_curved_functions_are_fixed() -> None:
    graph = random_net(["conv", "sigmoid"], 0)
    found = channels.classes(graph)
    (curve,) = [node for node in graph.graph if node.op_type == "Sigmoid"]
    fixed = [*graph.graph.inputs, *graph.graph.outputs, *curve.inputs, *curve.outputs]
    for value in fixed:
        assert value is not None
        assert not found.free[found.of[str(value.name)]].any()


CLIPPED = """net (float[1,4,6,6] x) => (float[1,3] y) <float low = {0.0}, float high = {6.0}> {
  a = Conv(x, w1, b1)
  r = Clip(a, low, high)
  c = Conv(r, w2)
  p = GlobalAveragePool(c)
  f = Flatten(p)
  y = Gemm<transB=1>(f, w3) }"""


def test_a_channel_that_reaches_six_keeps_its_factor_and_others_stay_below() -> None:
    strength = np.array([20.0, 0.01, 1.0, 0.1], np.float32)
    graph = integers.network(
        CLIPPED,
        w1=weights(4, 4, 1, 1) * strength[:, None, None, None],
        b1=np.zeros(4, np.float32),
        w2=weights(5, 4, 1, 1, seed=1),
        w3=weights(3, 5, seed=2),
    )
    feeds = integers.noise(graph, 6)
    first = next(node for node in graph.graph if weight_layers.is_layer(node))
    (clip,) = [node for node in graph.graph if node.op_type == "Clip"]
    session = quantize.GraphSession(graph, [str(clip.outputs[0].name)])
    reach = np.max([next(iter(session.run(f).values())).max(axis=(0, 2, 3)) for f in feeds], axis=0)
    assert reach[0] == 6, "the seeded channel reaches the bound"
    assert reach[1] < 1
    factors = equalize.factors(graph, feeds, per_channel=True)[str(first.name)].outputs
    assert factors[0] == 1
    assert factors[1] > 1
    assert (factors[1:] * reach[1:] < 6).all()
    assert_same_function(graph, rescale.apply(graph, _factors_of(graph, feeds)), feeds)


def _factors_of(graph: ir.Model, feeds: list[integers.Feed]) -> dict[str, Rescaling]:
    return equalize.factors(graph, feeds, per_channel=True)


def test_factors_that_do_not_fit_are_refused() -> None:
    name = next(str(node.name) for node in SOUND.graph if weight_layers.is_layer(node))
    for factors, says in (
        ({"nothing": Rescaling(np.ones(8), np.ones(4))}, "no layer 'nothing'"),
        ({name: Rescaling(np.ones(7), np.ones(4))}, "do not fit"),
        ({name: Rescaling(np.ones(8), np.ones(3))}, "do not fit"),
    ):
        with pytest.raises(ValueError, match=says):
            rescale.apply(SOUND, factors)
    for bad in (np.array([0.0]), np.array([-1.0]), np.array([np.inf]), np.ones((1, 1))):
        with pytest.raises(ValueError, match="positive and finite"):
            Rescaling(bad, np.ones(1))


# --- rungs --------------------------------------------------------------------------------


def test_the_fault_is_of_the_ranges_alone() -> None:
    assert_same_function(SOUND, HARMED, OTHERS)
    assert quality(SOUND, "minmax") > 28
    assert quality(HARMED, "minmax") < 15
    assert quality(HARMED, "minmax", per_channel=False) < 12


@pytest.mark.parametrize("per_channel", [True, False])
def test_the_ladder_brings_a_harmed_network_back(per_channel: bool) -> None:
    unharmed = quality(SOUND, "minmax", per_channel=per_channel)
    repaired = quality(HARMED, "auto+equalize+bias", per_channel=per_channel)
    assert repaired > unharmed - 2


@pytest.mark.parametrize("name", rungs.RUNGS)
@pytest.mark.parametrize("graph", [SOUND, HARMED], ids=["sound", "harmed"])
def test_every_rung_leaves_a_draft_whose_files_answer_alike(
    name: str, graph: ir.Model, tmp_path: Path
) -> None:
    draft = integers.drafted(graph, FEEDS, f"minmax+{name}")
    for feed in OTHERS[:2]:
        assert integers.answers(draft, feed, tmp_path).worst_steps() <= 2.01
    assert quantizable.digest(draft.graph) == draft.encodings.graph_sha256


@pytest.mark.parametrize("name", rungs.RUNGS)
@pytest.mark.parametrize("graph", [SOUND, HARMED], ids=["sound", "harmed"])
def test_no_rung_costs_more_than_noise(name: str, graph: ir.Model) -> None:
    assert quality(graph, f"minmax+{name}") > quality(graph, "minmax") - 1.5


def shifted(draft: Draft, name: str, shift: float) -> Draft:
    layer = draft.encodings.layers[name]
    moved = dataclasses.replace(layer, bias=layer.bias + shift)
    return draft.with_layers({name: moved})


def test_bias_correction_repairs_a_shift() -> None:
    plain = integers.drafted(SOUND, FEEDS)
    (first, *_) = plain.encodings.layers
    broken = shifted(plain, first, 0.3)
    repaired = rungs.get("bias").apply(broken, integers.context(FEEDS))
    assert integers.quality_db(broken, OTHERS) < integers.quality_db(plain, OTHERS) - 8
    assert integers.quality_db(repaired, OTHERS) > integers.quality_db(plain, OTHERS) - 0.5
    left = repaired.encodings.layers[first].bias - plain.encodings.layers[first].bias
    assert np.abs(left).max() < 0.03


def test_the_batch_norm_rung_repairs_a_gain() -> None:
    plain = integers.drafted(SOUND, FEEDS)
    (first, *_) = plain.encodings.layers
    layer = plain.encodings.layers[first]
    gains = np.linspace(0.85, 1.15, layer.scales.size)
    loud = dataclasses.replace(
        layer, scales=(layer.scales * gains).astype(np.float32), bias=layer.bias * gains
    )
    broken = plain.with_layers({first: loud})
    repaired = rungs.get("batch-norm").apply(broken, integers.context(FEEDS))
    by_bias = rungs.get("bias").apply(broken, integers.context(FEEDS))
    assert integers.quality_db(broken, OTHERS) < integers.quality_db(plain, OTHERS) - 4
    assert integers.quality_db(repaired, OTHERS) > integers.quality_db(plain, OTHERS) - 0.5
    assert integers.quality_db(repaired, OTHERS) > integers.quality_db(by_bias, OTHERS)
    found = repaired.encodings.layers[first].scales / layer.scales
    np.testing.assert_allclose(found, 1, atol=0.02)


def test_a_gain_of_one_scale_for_all_is_left_alone() -> None:
    wanted = dataclasses.replace(recipe.parse("minmax"), per_channel=False)
    plain = integers.drafted(SOUND, FEEDS, wanted)
    found = rungs.get("batch-norm").apply(plain, integers.context(FEEDS, per_channel=False))
    for name, layer in plain.encodings.layers.items():
        np.testing.assert_array_equal(found.encodings.layers[name].scales, layer.scales)


def test_adaround_lowers_the_error_of_coarse_weights() -> None:
    """One scale for all channels of very different size makes rounding the main loss."""
    graph = integers.network(
        "g (float[1,16,4,4] x) => (float[1,8,4,4] y) { y = Conv(x, w) }",
        w=weights(8, 16, 1, 1) * np.geomspace(0.02, 1, 8, dtype=np.float32).reshape(8, 1, 1, 1),
    )
    mix = weights(16, 16, seed=3)
    feeds = [
        {"x": np.einsum("ij,njhw->nihw", mix, np.maximum(feed["x"], 0)).astype(np.float32)}
        for feed in integers.noise(graph, 16)
    ]
    wanted = dataclasses.replace(recipe.parse("minmax"), per_channel=False)
    plain = integers.drafted(graph, feeds[:12], wanted)
    context = integers.context(feeds[:12], per_channel=False)
    learned = rungs.get("adaround").apply(plain, context)
    (before,), (after,) = plain.encodings.layers.values(), learned.encodings.layers.values()
    difference = np.abs(after.weight.astype(int) - before.weight)
    assert 0 < difference.max() <= 1
    quiet = slice(0, 4)  # the channels that suffer

    def error(draft: Draft) -> float:
        pairs = [(integers.floating(graph, f)[0], integers.simulated(draft, f)[0]) for f in feeds]
        return float(
            np.mean([np.square(truth[:, quiet] - given_[:, quiet]) for truth, given_ in pairs])
        )

    assert error(learned) < 0.8 * error(plain)


def test_mixed_keeps_the_layers_that_lose_most_in_float() -> None:
    draft = integers.drafted(HARMED, FEEDS)
    ranked = sensitivity.by_layer(draft, FEEDS, lambda _: None)
    assert [row.alone_db for row in ranked] == sorted(row.alone_db for row in ranked)
    assert {row.layer for row in ranked} == set(draft.encodings.layers)
    mixed = rungs.get("mixed").apply(draft, integers.context(FEEDS)).encodings.float_nodes
    layers = [row.layer for row in ranked]
    kept = [name for name in layers if name in mixed]
    assert kept == layers[: len(kept)]
    assert 0 < len(kept) <= 0.7 * len(layers) + 1
    assert integers.quality_db(draft.with_float(sorted(mixed)), FEEDS) > integers.quality_db(
        draft, FEEDS
    )


def test_mixed_takes_no_more_layers_than_it_needs() -> None:
    draft = integers.drafted(SOUND, FEEDS)
    mixed = rungs.get("mixed").apply(draft, integers.context(FEEDS)).encodings.float_nodes
    fewest = math.ceil(len(draft.encodings.layers) / 10)
    assert integers.quality_db(draft, FEEDS) > 30, "the specimen has to be easy"
    assert len([name for name in draft.encodings.layers if name in mixed]) == fewest


def test_sensitivity_finds_the_one_broken_layer() -> None:
    draft = integers.drafted(SOUND, FEEDS)
    for name in draft.encodings.layers:
        broken = shifted(draft, name, 2.0)
        (worst, *_) = sensitivity.by_layer(broken, FEEDS, lambda _: None)
        assert worst.layer == name


def test_seven_bit_layers_have_seven_bits_through_every_rung() -> None:
    layers = [str(node.name) for node in SOUND.graph if weight_layers.is_layer(node)]
    wanted = dataclasses.replace(
        recipe.parse("auto+equalize+batch-norm+adaround+bias"), seven_bit=frozenset(layers[:2])
    )
    draft = integers.drafted(SOUND, FEEDS, wanted)
    for name, layer in draft.encodings.layers.items():
        largest = int(np.abs(layer.weight.astype(int)).max())
        assert largest == 63 if name in layers[:2] else 63 < largest <= 127


def test_only_the_operators_asked_for_are_on_integers() -> None:
    for text in ("minmax@Conv", "auto+equalize+batch-norm+adaround+bias+mixed@Conv"):
        draft = integers.drafted(SOUND, FEEDS, text)
        encoded_graph = encoded.apply(draft.graph, draft.encodings)
        on_integers = {n.op_type for n in encoded_graph.graph if is_integer(n)}
        assert on_integers == {"Conv"}


def test_operators_are_part_of_a_recipe_in_writing() -> None:
    found = recipe.get("fast@Gemm, Conv")
    assert found.operators == {"Conv", "Gemm"}
    assert recipe.parse(found.text).operators == found.operators
    assert found.text == f"{recipe.NAMED['fast'].text}@Conv,Gemm"


def test_equal_samples_give_equal_encodings() -> None:
    for text in ("auto+equalize+bias", "mse:mse+batch-norm", "minmax+adaround"):
        first, second = (integers.drafted(SOUND, FEEDS, text) for _ in range(2))
        assert integers.onnx_bytes(first) == integers.onnx_bytes(second)


@pytest.mark.parametrize("what", [np.nan, np.inf])
def test_weights_that_are_not_finite_are_refused(what: float) -> None:
    bad = weights(8, 4, 3, 3)
    bad[0, 0, 0, 0] = what
    graph = integers.network(
        "g (float[1,4,8,8] x) => (float[1,8,6,6] y) { a = Conv(x, w)\n y = Relu(a) }",
        w=weights(8, 4, 3, 3),
    )
    conv = next(node for node in graph.graph if node.op_type == "Conv")
    conv.replace_input_with(1, g.add_constant(graph.graph, "bad", bad))  # the reader refuses it
    with pytest.raises(RefusedError) as caught:
        integers.drafted(graph, FEEDS)
    assert caught.value.reason_code == "not-finite"


def test_memory_does_not_grow_with_the_samples() -> None:
    """Each sample is 48 kB; a pass may hold a few at a time, not all."""
    graph = integers.network(
        "g (float[1,3,64,64] x) => (float[1,4,32,32] y) { a = Conv<strides=[2,2]>(x, w)\n"
        "y = Relu(a) }",
        w=weights(4, 3, 2, 2),
    )
    sample_bytes = 3 * 64 * 64 * 4

    def peak(count: int) -> int:
        def feeds() -> Iterator[Mapping[str, np.ndarray]]:
            return ({"x": weights(1, 3, 64, 64, seed=number)} for number in range(count))

        tracemalloc.start()
        build(graph, recipe.parse("mse+equalize"), Context(feeds, count, True, lambda _: None))
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    peak(2)  # what is made once
    assert peak(64) < peak(8) + 16 * sample_bytes


def test_rungs_that_hold_samples_hold_a_fixed_number() -> None:
    started = integers.context([{"x": np.full(1, number)} for number in range(1000)])
    for most in (1, 7, 32, 1000, 2000):
        kept = [int(sample["x"][0]) for sample in started.few(most)]
        assert len(kept) == min(most, 1000)
        assert kept == sorted(set(kept))
        gaps = np.diff(kept)
        assert gaps.size == 0 or gaps.max() - gaps.min() <= 1


# --- recipes ------------------------------------------------------------------------------

RECIPES = st.builds(
    lambda method, kind, names: Recipe("r", method, kind, tuple(names)),
    st.sampled_from(["auto", *ranges.METHODS]),
    st.sampled_from(["max", "mse"]),
    st.lists(st.sampled_from(list(rungs.RUNGS)), unique=True),
)


@given(wanted=RECIPES)
def test_a_recipe_is_what_its_text_says(wanted: Recipe) -> None:
    again = recipe.get(wanted.text)
    assert dataclasses.replace(again, name="r") == wanted
    assert again.text == wanted.text
    assert again.name == wanted.text


def test_named_recipes_are_texts_of_the_grammar() -> None:
    for name, found in recipe.NAMED.items():
        assert recipe.get(name) == found
        assert dataclasses.replace(recipe.parse(found.text), name=name, samples=found.samples) == (
            found
        )


def test_rungs_are_put_in_the_order_of_the_ladder() -> None:
    assert recipe.parse("mse + bias + equalize").text == "mse+equalize+bias"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("defualt", "did you mean default"),
        ("minimax", "did you mean minmax"),
        ("minmax+equal", "did you mean equalize"),
        ("minmax+bais", "did you mean bias"),
        ("minmax:mze", "did you mean mse"),
        ("", "unknown recipe"),
        ("+bias", "unknown recipe"),
        ("minmax+", "unknown rung"),
    ],
)
def test_unknown_words_get_help(text: str, says: str) -> None:
    with pytest.raises(UnknownNameError, match=says):
        recipe.get(text)


def toml(folder: Path, text: str) -> str:
    (folder / "mine.toml").write_text(text, encoding="utf-8")
    return str(folder / "mine.toml")


def test_a_toml_file_says_all_that_a_recipe_is(tmp_path: Path) -> None:
    text = """
        name = "careful"
        ranges = "mse"
        weights = "mse"
        rungs = ["bias", "equalize"]
        per_channel = false
        activation_bits = 16
        samples = 12
        seven_bit = ["first"]
        operators = ["Conv", "Gemm"]
    """
    assert recipe.get(toml(tmp_path, text)) == Recipe(
        "careful", "mse", "mse", ("equalize", "bias"), False, 16, 12, frozenset({"first"}),
        frozenset({"Conv", "Gemm"}),
    )  # fmt: skip
    assert recipe.get(toml(tmp_path, "")) == Recipe("mine.toml")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("ranges = ", "is not TOML"),
        ("rungz = []", "no key 'rungz'"),
        ("rungs = 'bias'", "rungs is a list"),
        ("rungs = [1]", "rungs is a list of names"),
        ("ranges = 3", "ranges is a string"),
        ("samples = true", "samples is a number"),
        ("samples = 1.5", "samples is a number"),
        ("per_channel = 1", "per_channel is a boolean"),
    ],
)
def test_bad_recipe_files_are_refused(text: str, says: str, tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match=says) as caught:
        recipe.get(toml(tmp_path, text))
    assert (caught.value.reason_code, caught.value.exit_code) == ("bad-recipe", 4)


def test_other_faults_of_recipe_files(tmp_path: Path) -> None:
    with pytest.raises(InvalidPathError, match="cannot read the recipe"):
        recipe.get(str(tmp_path / "missing.toml"))
    (tmp_path / "mine.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(RefusedError, match="is not TOML"):
        recipe.get(str(tmp_path / "mine.toml"))
    with pytest.raises(UnknownNameError, match="did you mean mse"):
        recipe.get(toml(tmp_path, "ranges = 'mze'"))
    with pytest.raises(UsageError, match="8 or 16 bits"):
        recipe.get(toml(tmp_path, "activation_bits = 12"))
    with pytest.raises(UsageError, match="1 calibration sample or more"):
        recipe.get(toml(tmp_path, "samples = 0"))


def test_a_recipe_uses_no_more_samples_than_it_says() -> None:
    shown: list[int] = []

    def feeds() -> Iterator[Mapping[str, np.ndarray]]:
        for number, feed in enumerate(FEEDS):
            shown.append(number)
            yield feed

    few = dataclasses.replace(recipe.parse("minmax"), samples=2)
    context = Context(feeds, len(FEEDS), True, lambda _: None)
    limited = build(SOUND, few, context)
    taken = integers.drafted(SOUND, [FEEDS[0], FEEDS[4]])
    assert limited.encodings.activations == taken.encodings.activations


# --- the search ---------------------------------------------------------------------------


def scored(lost: float, sqnr_db: float = 20.0) -> Score:
    return Score(lost, True, 99.0, sqnr_db, 100, 1000, {})


class Bench:
    """Builds nothing and judges by what a recipe says; notes what was asked."""

    def __init__(self, lost_by: Callable[[Recipe], float]) -> None:
        self.asked: list[str] = []
        self._lost_by = lost_by

    def build(self, what: Recipe) -> Any:
        self.asked.append(what.text)
        return what

    def score(self, draft: Any) -> Score:
        return scored(self._lost_by(draft))

    def climb(self, start: str, max_drop: float) -> search.Outcome:
        return search.climb(recipe.get(start), max_drop, self.build, self.score)


def test_a_start_within_the_budget_is_the_answer() -> None:
    bench = Bench(lambda _: 0.4)
    outcome = bench.climb("minmax", 0.5)
    assert bench.asked == ["minmax"]
    assert (outcome.within, outcome.chosen.recipe.text) == (True, "minmax")
    assert [step.action for step in outcome.steps] == ["start"]


def test_the_search_stops_at_the_first_recipe_within_the_budget() -> None:
    bench = Bench(lambda what: 3.0 - 2.9 * ("equalize" in what.rungs))
    outcome = bench.climb("minmax", 0.5)
    assert outcome.within
    assert outcome.chosen.recipe.rungs == ("equalize",)
    assert bench.asked[-1] == outcome.chosen.recipe.text
    assert not any("bias" in text for text in bench.asked)


def test_what_makes_things_worse_is_left_out_afterwards() -> None:
    def lost(what: Recipe) -> float:
        return 3 + 2 * ("equalize" in what.rungs) - 2.9 * ("bias" in what.rungs)

    outcome = Bench(lost).climb("minmax", 0.5)
    assert outcome.within
    assert outcome.chosen.recipe.rungs == ("bias",)
    (worse,) = [step for step in outcome.steps if step.action == "add equalize"]
    assert not worse.kept
    after = outcome.steps[outcome.steps.index(worse) + 1 :]
    assert all("equalize" not in step.recipe.rungs for step in after)


def test_what_did_not_help_enough_is_pruned() -> None:
    """Equalization gains a little, but the bias alone keeps the budget."""

    def lost(what: Recipe) -> float:
        return 3 - 0.1 * ("equalize" in what.rungs) - 2.6 * ("bias" in what.rungs)

    outcome = Bench(lost).climb("minmax", 0.5)
    assert outcome.within
    assert outcome.chosen.recipe.rungs == ("bias",)
    (dropped,) = [step for step in outcome.steps if step.action == "drop equalize"]
    assert dropped.kept
    assert outcome.chosen is dropped


def test_what_is_needed_is_not_pruned_and_what_was_asked_for_stays() -> None:
    def lost(what: Recipe) -> float:
        return 3 - 1.3 * ("equalize" in what.rungs) - 1.3 * ("bias" in what.rungs)

    outcome = Bench(lost).climb("minmax", 0.5)
    assert outcome.chosen.recipe.rungs == ("equalize", "bias")
    (kept,) = [step for step in outcome.steps if step.action == "drop equalize"]
    assert not kept.kept

    asked = Bench(lambda what: 3 - 2.9 * ("bias" in what.rungs)).climb("auto+equalize", 0.5)
    assert asked.chosen.recipe.rungs == ("equalize", "bias")
    assert not any(step.action.startswith("drop") for step in asked.steps)


def test_a_budget_that_no_rung_keeps_is_reported_with_the_best() -> None:
    outcome = Bench(lambda what: 9 - ("equalize" in what.rungs)).climb("auto", 0.5)
    assert not outcome.within
    assert outcome.chosen.recipe.rungs == ("equalize",)
    assert [step.action for step in outcome.steps] == [
        "start", *(f"add {name}" for name in rungs.RUNGS)
    ]  # fmt: skip


def test_equal_losses_are_told_apart_by_the_noise() -> None:
    scores = iter([scored(1, 20), scored(1, 25), scored(1, 22), *[scored(1, 20)] * 9])
    outcome = search.climb(recipe.get("minmax"), 0.5, lambda what: what, lambda _: next(scores))  # type: ignore[arg-type, return-value]
    assert [step.kept for step in outcome.steps][:3] == [True, True, False]


@pytest.mark.parametrize("budget", [-0.1, float("nan")])
def test_a_budget_is_not_negative(budget: float) -> None:
    with pytest.raises(UsageError, match="--max-drop takes points from 0 up"):
        Bench(lambda _: 0).climb("minmax", budget)


def test_steps_say_in_json_what_they_bought() -> None:
    outcome = Bench(lambda _: 0.25).climb("minmax", 0.5)
    (step,) = (each.document() for each in outcome.trace)
    assert (step["action"], step["recipe"], step["kept"]) == ("start", "minmax", True)
    assert (step["lost_points"], step["images"], step["latency"]) == (0.25, 100, {})


# --- trained networks on real images ------------------------------------------------------

CALIBRATED, EVALUATED = 100, 1000


@pytest.fixture(scope="module")
def test_set(cifar10: Path) -> tuple[np.ndarray, np.ndarray]:
    """Images, uint8 (N, 32, 32, 3), and their labels."""
    listed = folder.read(cifar10 / "test")
    pixels = np.stack([listed.pixels(number) for number in range(len(listed.files))])
    return pixels, np.array(listed.labels)


@pytest.mark.parametrize("name", SHIPPED)
def test_trained_networks_keep_their_accuracy_on_both_runtimes(
    name: str, cifar10: Path, test_set: tuple[np.ndarray, np.ndarray], tmp_path: Path
) -> None:
    subject = quantize.prepare(name)
    preprocessing = subject.source.preprocessing
    assert preprocessing is not None
    shown = reading.read(cifar10 / "train", subject.inputs, preprocessing, CALIBRATED)
    assert shown.count == CALIBRATED
    context = Context(shown, shown.sets, True, lambda _: None)
    draft = build(subject.graph, recipe.get("default"), context)
    origin = QuantizationRecord("default", shown.description)
    entries = quantize.to_files(subject.source, draft, origin, quantize.FileSettings(tmp_path))
    pixels, labels = test_set
    assert len(labels) == EVALUATED
    (source,) = subject.inputs
    sessions = [
        quantize.GraphSession(subject.graph),
        *(runtimes.load(entry.format, entry.path, exact_sums=True) for entry in entries),
    ]
    scores: list[list[np.ndarray]] = [[] for _ in sessions]
    for image in preprocessing.apply(pixels):
        feed = {source: image[None]}
        for kept, session, like in zip(scores, sessions, ("", "", "nhwc"), strict=True):
            answer = session.run(parity.to_nhwc(feed, feed) if like else feed)
            kept.append(next(iter(answer.values()))[0])
    in_float, in_onnx, in_tflite = map(np.array, scores)
    before, *after = (100 * (each.argmax(1) == labels).mean() for each in map(np.array, scores))
    card = models.get(name).trained
    assert card is not None
    assert before == pytest.approx(card.top1_percent, abs=6)
    assert min(after) >= before - 1.5
    assert (in_onnx.argmax(1) == in_tflite.argmax(1)).mean() >= 0.99
    assert integers.sqnr_db([in_onnx], [in_tflite]) >= 30
    assert integers.sqnr_db([in_float], [in_onnx]) >= 15


def test_a_batch_norm_in_training_mode_is_refused(tmp_path: Path) -> None:
    model = graphs.proto(
        """g (float[1,4,6,6] x) => (float[1,4,6,6] y) {
             y, m2, v2 = BatchNormalization<training_mode=1>(x, s, b, m, v) }""",
        s=weights(4),
        b=weights(4, seed=1),
        m=weights(4, seed=2),
        v=weights(4, seed=3) ** 2,
    )
    path = tmp_path / "net.onnx"
    path.write_bytes(model.SerializeToString())
    with pytest.raises(RefusedError, match="in training mode") as caught:
        network.prepare(str(path))
    assert caught.value.reason_code == "training-mode"
