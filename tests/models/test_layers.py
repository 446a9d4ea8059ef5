"""The layers equal loops written by hand."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
import torch
from torch import nn
from torch.nn import functional

from edgekit.models import layers
from edgekit.models.layers.dynamic_shift_max import DynamicShiftMax
from edgekit.models.layers.shift import Assignment, Shift
from tests.specimens.networks import one_thread  # noqa: F401 (an autouse fixture)


def _shifted_by_hand(
    x: npt.NDArray[np.float32], kernel: int, dilation: int, assignment: Assignment
) -> npt.NDArray[np.float32]:
    _, channels, height, width = x.shape
    share = channels // kernel**2
    result = np.zeros_like(x)
    for channel in range(channels):
        direction = channel % kernel**2 if assignment == "interleaved" else channel // share
        dy, dx = direction // kernel - kernel // 2, direction % kernel - kernel // 2
        if channel >= share * kernel**2:
            dy = dx = 0
        for row in range(height):
            for column in range(width):
                y, z = row + dilation * dy, column + dilation * dx
                if 0 <= y < height and 0 <= z < width:
                    result[:, channel, row, column] = x[:, channel, y, z]
    return result


@pytest.mark.parametrize("assignment", ["interleaved", "contiguous"])
@pytest.mark.parametrize(
    ("channels", "kernel", "dilation"), [(9, 3, 1), (22, 3, 1), (20, 3, 2), (53, 5, 1), (7, 1, 1)]
)
def test_shift_equals_a_loop(
    channels: int, kernel: int, dilation: int, assignment: Assignment
) -> None:
    x = np.random.default_rng(0).standard_normal((2, channels, 6, 7), dtype=np.float32)
    shift = Shift(channels, kernel, dilation=dilation, assignment=assignment)
    assert np.array_equal(
        shift(torch.from_numpy(x)).numpy(), _shifted_by_hand(x, kernel, dilation, assignment)
    )
    assert list(shift.parameters()) == []
    assert shift.state_dict() == {}


def test_shift_leaves_the_remaining_channels_alone() -> None:
    x = torch.randn(1, 12, 4, 4)
    assert torch.equal(Shift(12)(x)[:, 9:], x[:, 9:])
    assert torch.equal(Shift(8)(x[:, :8]), x[:, :8])


def test_shift_refuses_an_even_kernel() -> None:
    with pytest.raises(ValueError, match="must be odd, got 4"):
        Shift(16, 4)


def test_sc2_is_csc_behind_a_shift() -> None:
    sc2 = layers.sc2(9, 18, 12, stride=2).eval()
    x = torch.randn(1, 9, 8, 8)
    csc = layers.csc(9, 18, 12, stride=2).eval()
    csc.load_state_dict({k.removeprefix("1."): v for k, v in sc2.state_dict().items()})
    assert torch.equal(sc2(x), csc(Shift(9)(x)))
    assert sc2(x).shape == (1, 12, 4, 4)


def test_shuffle_moves_channel_by_channel() -> None:
    x = torch.randn(2, 12, 3, 3)
    y = layers.ChannelShuffle(3)(x)
    for group in range(3):
        for index in range(4):
            assert torch.equal(y[:, index * 3 + group], x[:, group * 4 + index])


@pytest.mark.parametrize("fusions", [2, 4])
def test_dynamic_shift_max_equals_a_loop(fusions: int) -> None:
    channels, groups = 12, 3
    offsets = (1.0, 0.0, 0.5, 0.5)[:fusions]
    layer = DynamicShiftMax(channels, groups, 4, offsets)
    x = torch.randn(2, channels, 3, 5)
    means = x.mean(dim=(2, 3))
    hidden = functional.linear(means, layer.squeeze.weight, layer.squeeze.bias).clamp(min=0)
    excited = functional.linear(hidden, layer.excite.weight, layer.excite.bias)
    gates = (excited / 6 + 0.5).clamp(0, 1) * 4 - 2
    expected = torch.empty_like(x)
    size = channels // groups
    for n in range(2):
        for c in range(channels):
            i, j = divmod(c, size)
            other = (i + 1) % groups * size + (j + 1) % size
            fused = [
                (gates[n, k * channels + c] + offsets[k]) * x[n, c]
                + (gates[n, (k + 1) * channels + c] + offsets[k + 1]) * x[n, other]
                for k in range(0, fusions, 2)
            ]
            expected[n, c] = torch.stack(fused).amax(dim=0)
    torch.testing.assert_close(layer(x), expected)
    assert set(layer.state_dict()) == {
        f"{fc}.{kind}" for fc in ("squeeze", "excite") for kind in ("weight", "bias")
    }


def test_dynamic_shift_max_refuses_three_offsets() -> None:
    with pytest.raises(ValueError, match="2 or 4 offsets, got 3"):
        DynamicShiftMax(8, 2, 4, (1.0, 0.0, 1.0))


def test_squeeze_excite_scales_by_its_gate() -> None:
    layer = layers.SqueezeExcite(6, squeeze=2)
    nn.init.zeros_(layer.excite.weight)
    nn.init.zeros_(layer.excite.bias)
    x = torch.randn(2, 6, 3, 3)
    torch.testing.assert_close(layer(x), x / 2)


@pytest.mark.parametrize("size", [7, 8, 9])
@pytest.mark.parametrize(("kernel", "stride"), [(3, 1), (3, 2), (5, 2), (2, 1), (1, 2), (3, 4)])
def test_same_convolution_pads_more_after_than_before(size: int, kernel: int, stride: int) -> None:
    conv = layers.SameConv2d(2, 3, kernel, stride=stride)
    x = torch.randn(1, 2, size, size)
    outputs = -(-size // stride)
    total = max((outputs - 1) * stride + kernel - size, 0)
    before, after = total // 2, total - total // 2
    padded = functional.pad(x, (before, after, before, after))
    expected = functional.conv2d(padded, conv.weight, conv.bias, stride)
    assert conv(x).shape[-2:] == (outputs, outputs)
    torch.testing.assert_close(conv(x), expected)
