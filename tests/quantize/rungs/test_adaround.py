"""Learned rounding and fitted biases, on layers small enough to check by hand."""

from __future__ import annotations

import dataclasses
import math
import subprocess
import sys

import numpy as np
import numpy.typing as npt
import pytest
import torch
from torch.nn import functional

from edgekit.errors import RefusedError
from edgekit.quantize.ranges import weight_scales
from edgekit.quantize.reconstruct import Geometry, Layer, Settings, learn_rounding
from edgekit.quantize.reconstruct.bias import fitted
from edgekit.quantize.reconstruct.sampling import draw

Values = npt.NDArray[np.float32]

QUICK = Settings(iterations=120)
GEOMETRIES = {
    "gemm": ((6, 10), Geometry()),
    "pointwise": ((6, 10, 1, 1), Geometry()),
    "dense": ((6, 4, 3, 3), Geometry(pads=(1, 1, 1, 1))),
    "strided": ((6, 3, 3, 3), Geometry(strides=(2, 2), pads=(0, 0, 1, 1))),
    "uneven": ((4, 3, 3, 2), Geometry((2, 1), (2, 0, 1, 3), (1, 2))),
    "grouped": ((6, 4, 3, 3), Geometry(pads=(1, 1, 1, 1), groups=3)),
    "depthwise": ((8, 1, 3, 3), Geometry(pads=(1, 1, 1, 1), groups=8)),
    "multiplier": ((8, 1, 3, 3), Geometry((2, 2), (1, 0, 0, 1), groups=4)),
}


def full_map(layer: Layer, inputs: Values, weight: Values) -> Values:
    """Return what torch computes for the whole map, before the activation function."""
    arrays = (inputs, weight, layer.bias)
    x, w, b = (torch.from_numpy(np.array(array, np.float32)) for array in arrays)
    if w.ndim == 2:
        return np.asarray(functional.linear(x, w, b))
    top, left, bottom, right = layer.geometry.pads
    return np.asarray(
        functional.conv2d(
            functional.pad(x, (left, right, top, bottom)),
            w,
            b,
            layer.geometry.strides,
            0,
            layer.geometry.dilations,
            layer.geometry.groups,
        )
    )


def real(layer: Layer, codes: npt.NDArray[np.int8]) -> Values:
    return np.asarray(codes * layer.scales.reshape(-1, *[1] * (codes.ndim - 1)), np.float32)


def full_error(layer: Layer, inputs: Values, targets: Values, codes: npt.NDArray[np.int8]) -> float:
    outputs = np.clip(full_map(layer, inputs, real(layer, codes)), layer.low, layer.high)
    wanted = np.clip(targets, layer.low, layer.high)
    return float(np.mean(np.square(outputs - wanted, dtype=np.float64)))


def made(
    shape: tuple[int, ...],
    geometry: Geometry,
    bits: int = 4,
    images: int = 24,
    high: float = math.inf,
    per_channel: bool = True,
    seed: int = 0,
) -> tuple[Layer, Values, Values]:
    """Return a random layer, inputs whose neighbours go together, and its float outputs."""
    rng = np.random.default_rng(seed)
    weight = rng.normal(size=shape).astype(np.float32)
    scales = weight_scales(weight, 0 if per_channel else None, bits)
    bias = rng.normal(size=shape[0]).astype(np.float32)
    low = -math.inf if math.isinf(high) else 0.0
    layer = Layer("conv3", weight, scales, bias, bits, geometry, low, high)
    channels = shape[1] * geometry.groups
    size = (images, channels) if len(shape) == 2 else (images, channels, 9, 8)
    common = rng.normal(size=(images, *[1, 3, 4][: len(size) - 1]))
    if len(size) == 4:
        common = common.repeat(3, axis=2).repeat(2, axis=3)
    inputs = np.maximum(common + 0.5 * rng.normal(size=size) + 0.5, 0).astype(np.float32)
    return layer, inputs, full_map(layer, inputs, weight)


@pytest.mark.parametrize("name", GEOMETRIES)
@pytest.mark.parametrize("high", [math.inf, 6.0])
def test_the_whole_map_is_never_worse_than_with_the_nearest(name: str, high: float) -> None:
    shape, geometry = GEOMETRIES[name]
    images = 400 if name == "gemm" else 24
    layer, inputs, targets = made(shape, geometry, high=high, images=images)
    found = learn_rounding(layer, inputs, targets, QUICK)
    nearest = full_error(layer, inputs, targets, layer.nearest())
    learned = full_error(layer.with_bias(found.bias), inputs, targets, found.codes)
    assert learned < 0.8 * nearest
    assert found.error <= found.error_nearest
    assert found.changed == np.count_nonzero(found.codes != layer.nearest()) > 0
    assert found.error == pytest.approx(learned, rel=0.5)
    assert found.error_nearest == pytest.approx(nearest, rel=0.5)


@pytest.mark.parametrize("name", GEOMETRIES)
@pytest.mark.parametrize("high", [math.inf, 3.0])
def test_weights_that_are_codes_already_reproduce_the_map_exactly(name: str, high: float) -> None:
    layer, inputs, _ = made(*GEOMETRIES[name], high=high)
    layer = dataclasses.replace(layer, weight=real(layer, layer.nearest()))
    targets = full_map(layer, inputs, layer.weight)
    found = learn_rounding(layer, inputs, targets, Settings(iterations=5))
    np.testing.assert_array_equal(found.codes, layer.nearest())
    np.testing.assert_allclose(found.bias, layer.bias, atol=1e-5)
    assert found.error <= found.error_nearest < 1e-10


@pytest.mark.parametrize("name", ["gemm", "uneven", "grouped", "depthwise"])
@pytest.mark.parametrize(("bits", "limit"), [(8, 127), (7, 63), (3, 3)])
@pytest.mark.parametrize("per_channel", [True, False])
def test_codes_are_the_two_next_to_the_weight_and_within_limits(
    name: str, bits: int, limit: int, per_channel: bool
) -> None:
    layer, inputs, targets = made(*GEOMETRIES[name], bits=bits, per_channel=per_channel)
    # So small that some weights lie beyond the outermost codes.
    layer = dataclasses.replace(layer, scales=layer.scales * np.float32(0.7))
    codes = learn_rounding(layer, inputs, targets, QUICK).codes
    assert codes.dtype == np.int8
    assert codes.shape == layer.weight.shape
    assert np.abs(codes.astype(int)).max() == limit
    scales = layer.scales.astype(np.float64).reshape(-1, *[1] * (codes.ndim - 1))
    steps = np.clip(layer.weight / scales, -limit, limit)
    assert ((codes == np.floor(steps)) | (codes == np.ceil(steps))).all()


def test_correlated_inputs_lose_most_of_their_error_on_other_inputs_too() -> None:
    layer, inputs, targets = made((16, 32), Geometry(), images=1200)
    found = learn_rounding(layer, inputs[:800], targets[:800])
    nearest = full_error(layer, inputs[800:], targets[800:], layer.nearest())
    with_bias = layer.with_bias(found.bias)
    assert full_error(with_bias, inputs[800:], targets[800:], found.codes) < 0.3 * nearest
    # Most of it by the rounding alone.
    kept = learn_rounding(layer, inputs[:800], targets[:800], Settings(fit_bias=False))
    np.testing.assert_array_equal(kept.bias, layer.bias)
    assert full_error(layer, inputs[800:], targets[800:], kept.codes) < 0.5 * nearest


def test_a_depthwise_channel_is_rounded_as_well_as_by_trying_all_ways() -> None:
    ways = np.indices([2] * 9).reshape(9, -1).T.reshape(-1, 1, 1, 3, 3)
    worst = 1.0
    for seed in range(4):
        layer, inputs, targets = made((1, 1, 3, 3), Geometry(), images=40, seed=seed)
        found = learn_rounding(layer, inputs, targets, Settings(fit_bias=False))
        down = np.floor(layer.weight / layer.scales[0])
        errors = [
            full_error(layer, inputs, targets, np.asarray(down + way, np.int8)) for way in ways
        ]
        assert full_error(layer, inputs, targets, found.codes) <= 1.1 * min(errors)
        worst = max(worst, full_error(layer, inputs, targets, layer.nearest()) / min(errors))
    assert worst > 1.5  # or there was nothing to learn


def test_the_quantized_inputs_own_error_is_compensated() -> None:
    layer, inputs, targets = made((8, 16, 1, 1), Geometry(), bits=8, images=16)
    coarse = np.round(inputs * 2) / 2 * np.float32(0.9)
    found = learn_rounding(layer, coarse, targets, QUICK)
    nearest = full_error(layer, coarse, targets, layer.nearest())
    assert full_error(layer.with_bias(found.bias), coarse, targets, found.codes) < 0.8 * nearest


def test_the_same_seed_gives_the_same_rounding_and_leaves_the_arguments_alone() -> None:
    layer, inputs, targets = made(*GEOMETRIES["dense"])
    before = [array.copy() for array in (inputs, targets, layer.weight, layer.bias)]
    for array in (inputs, targets, layer.weight, layer.bias):
        array.flags.writeable = False
    state = torch.random.get_rng_state()
    one, two = (learn_rounding(layer, inputs, targets, QUICK) for _ in range(2))
    np.testing.assert_array_equal(one.codes, two.codes)
    np.testing.assert_array_equal(one.bias, two.bias)
    assert (one.error, one.changed) == (two.error, two.changed)
    assert torch.equal(state, torch.random.get_rng_state())
    for array, copy in zip((inputs, targets, layer.weight, layer.bias), before, strict=True):
        np.testing.assert_array_equal(array, copy)


@pytest.mark.parametrize("images", [1, 2, 4])
@pytest.mark.parametrize("name", ["gemm", "dense", "depthwise"])
def test_few_images_are_enough_not_to_fail(name: str, images: int) -> None:
    layer, inputs, targets = made(*GEOMETRIES[name], images=images)
    found = learn_rounding(layer, inputs, targets, QUICK)
    assert 0 <= found.error <= found.error_nearest


def test_few_samples_of_a_wide_layer_do_not_make_it_worse_elsewhere() -> None:
    layer, inputs, targets = made((32, 256), Geometry(), images=32 + 500)
    found = learn_rounding(layer, inputs[:32], targets[:32], QUICK)
    nearest = full_error(layer, inputs[32:], targets[32:], layer.nearest())
    with_bias = layer.with_bias(found.bias)
    assert full_error(with_bias, inputs[32:], targets[32:], found.codes) < nearest


@pytest.mark.parametrize("high", [math.inf, 6.0])
def test_inputs_that_are_all_zero_leave_the_nearest(high: float) -> None:
    layer, inputs, _ = made(*GEOMETRIES["dense"], high=high)
    targets = full_map(layer, 0 * inputs, layer.weight)
    found = learn_rounding(layer, 0 * inputs, targets, QUICK)
    np.testing.assert_array_equal(found.codes, layer.nearest())
    assert (found.error, found.changed) == (0, 0)


def test_outputs_that_the_activation_clips_do_not_count() -> None:
    layer, inputs, targets = made((2, 8, 1, 1), Geometry(), high=6.0)
    # The first channel is always below 0, the second now and then.
    bias = np.array([-100, 0], np.float32)
    layer, targets = layer.with_bias(bias), targets + (bias - layer.bias)[:, None, None]
    found = learn_rounding(layer, inputs, targets, QUICK)
    np.testing.assert_array_equal(found.codes[0], layer.nearest()[0])
    assert found.bias[0] == -100
    assert full_error(layer, inputs, targets, found.codes) > 0


# Bias


def fitted_bias(
    layer: Layer, codes: npt.NDArray[np.int8], inputs: Values, targets: Values
) -> Values:
    learned, _ = draw(layer, inputs, targets, 8192, np.random.default_rng(0))
    return fitted(layer, codes, learned).bias


@pytest.mark.parametrize("name", GEOMETRIES)
@pytest.mark.parametrize("high", [math.inf, 6.0])
def test_a_shifted_bias_is_found_again(name: str, high: float) -> None:
    layer, inputs, _ = made(*GEOMETRIES[name], high=high, images=24)
    codes = layer.nearest()
    targets = full_map(layer, inputs, real(layer, codes))
    shifts = np.linspace(-0.5, 0.5, layer.outputs, dtype=np.float32)
    shifted = layer.with_bias(layer.bias + shifts)
    bias = fitted_bias(shifted, codes, inputs, targets)
    assert bias.dtype == np.float32
    reached = np.abs(bias - layer.bias)
    assert (reached <= 1e-3 + 0.1 * np.abs(shifts)).all() or not math.isinf(high)
    before = full_error(shifted, inputs, targets, codes)
    assert full_error(shifted.with_bias(bias), inputs, targets, codes) < 0.2 * before


def test_without_an_activation_the_bias_takes_out_the_mean_error() -> None:
    layer, inputs, targets = made((5, 7), Geometry(), images=2)
    # So few that all of them are looked at, and all of them judge.
    bias = fitted_bias(layer, layer.nearest(), inputs, targets)
    outputs = full_map(layer.with_bias(bias), inputs, real(layer, layer.nearest()))
    np.testing.assert_allclose((outputs - targets).mean(0), 0, atol=1e-5)


# Faults


def test_what_is_not_finite_is_refused_by_name() -> None:
    layer, inputs, targets = made(*GEOMETRIES["dense"])
    bad_weight = np.where(layer.weight > 1, np.nan, layer.weight).astype(np.float32)
    attempts = [
        lambda: learn_rounding(layer, np.full_like(inputs, np.nan), targets),
        lambda: fitted_bias(layer, layer.nearest(), inputs, np.full_like(targets, np.nan)),
        lambda: dataclasses.replace(layer, weight=bad_weight),
        lambda: layer.with_bias(np.full_like(layer.bias, np.inf)),
    ]
    for attempt in attempts:
        with pytest.raises(RefusedError, match="conv3") as caught:
            attempt()
        assert caught.value.reason_code == "not-finite"


def test_shapes_that_do_not_belong_together_are_refused() -> None:
    layer, inputs, targets = made(*GEOMETRIES["strided"])
    for wrong in ((inputs[:, :2], targets), (inputs, targets[:, :, 1:]), (inputs[:0], targets[:0])):
        with pytest.raises(ValueError, match="do not fit"):
            learn_rounding(layer, *wrong)
    wrong_fields: list[dict[str, object]] = [
        {"scales": layer.scales[:2]},
        {"scales": -layer.scales},
        {"bias": layer.bias[:2]},
        {"bits": 9},
        {"low": 1.0, "high": 0.0},
        {"weight": layer.weight[0]},
        {"geometry": Geometry(groups=4)},
    ]
    for fields in wrong_fields:
        with pytest.raises(ValueError, match="conv3"):
            dataclasses.replace(layer, **fields)
    with pytest.raises(ValueError, match="geometry"):
        Geometry(strides=(0, 1))
    with pytest.raises(ValueError, match="Settings"):
        Settings(iterations=0)


def test_torch_is_imported_only_when_something_is_learned() -> None:
    script = "import sys, edgekit.quantize.reconstruct; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", script], check=True)
