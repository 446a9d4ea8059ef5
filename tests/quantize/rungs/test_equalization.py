"""Channels and their factors: a network says the same after it has been rescaled."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgekit import quantize
from edgekit.export.graph import nodes as g
from edgekit.export.graph import weight_layers
from edgekit.export.integer import rescale
from edgekit.export.integer.rescale import Rescaling
from edgekit.quantize.rungs.equalize import channels
from edgekit.quantize.rungs.equalize import factors as equalize
from tests.specimens import integers
from tests.specimens.drawn.harmed import SOUND
from tests.specimens.graphs import weights

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
    integers.assert_same_function(graph, rescale.apply(graph, rescalings), integers.noise(graph, 2))


@given(graph=NETS, per_channel=st.booleans())
@settings(max_examples=25, deadline=None)
def test_equalizing_leaves_the_function_as_it_is(graph: ir.Model, per_channel: bool) -> None:
    feeds = integers.noise(graph, 2)
    factors = equalize.factors(graph, feeds, per_channel=per_channel)
    integers.assert_same_function(
        graph, rescale.apply(graph, factors), [*feeds, *integers.noise(graph, 2)]
    )


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
    integers.assert_same_function(graph, rescale.apply(graph, _factors_of(graph, feeds)), feeds)


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
