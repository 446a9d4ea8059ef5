"""The rungs: what each repairs, and that none of them costs or changes anything else."""

from __future__ import annotations

import dataclasses
import math
import tracemalloc
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import onnx_ir as ir
import pytest

from edgekit.export.graph import weight_layers
from edgekit.export.graph.annotations import is_integer
from edgekit.export.integer import encoded, quantizable
from edgekit.quantize import Context, Draft, build, recipe, rungs
from edgekit.quantize.analysis import sensitivity
from tests.specimens import integers
from tests.specimens.drawn.harmed import FEEDS, HARMED, OTHERS, SOUND, quality
from tests.specimens.graphs import weights


def test_the_fault_is_of_the_ranges_alone() -> None:
    integers.assert_same_function(SOUND, HARMED, OTHERS)
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


def test_equal_samples_give_equal_encodings() -> None:
    for text in ("auto+equalize+bias", "mse:mse+batch-norm", "minmax+adaround"):
        first, second = (integers.drafted(SOUND, FEEDS, text) for _ in range(2))
        assert integers.onnx_bytes(first) == integers.onnx_bytes(second)


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
