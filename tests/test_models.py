"""The zoo: every card is re-measured, every network runs in sane ranges, weights load safely.

Nothing here names the networks to test: registering one makes it tested. Golden files hold what
the papers and official sources print, by network name.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import safetensors.torch
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode

from edgekit import models
from edgekit.data import synthetic
from edgekit.errors import InvalidPathError, RefusedError, UnknownNameError
from edgekit.models import ModelSpec, Preprocessing, Published, layers, preprocessing, registry
from edgekit.models.layers.dynamic_shift_max import DynamicShiftMax
from edgekit.models.layers.shift import Assignment, Shift

SMALL = "shiftresnet20-e1"


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def _golden(repository: Path, name: str) -> list[dict[str, str]]:
    with (repository / "tests" / "golden" / name).open() as file:
        return list(csv.DictReader(file))


def _on_meta(spec: ModelSpec) -> nn.Module:
    with torch.device("meta"):
        return spec.build().eval()


def _run_on_meta(module: nn.Module, shape: tuple[int, ...]) -> Tensor:
    with torch.no_grad():
        output: Tensor = module(torch.empty(shape, device="meta"))
    return output


def _child(script: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, **environment},
    )
    return done.stdout


# ------------------------------------------------------------------------------------- registry


def test_listing_imports_no_torch() -> None:
    script = (
        "import sys, edgekit.models as m; m.names(); m.aliases(); m.get('micronet-m0');"
        "print('torch' in sys.modules)"
    )
    assert _child(script).strip() == "False"


def test_every_family_file_is_in_the_table_of_contents() -> None:
    folder = Path(models.__file__).parent
    registering = {
        path.stem for path in folder.glob("*.py") if "\n    register(\n" in path.read_text()
    }
    assert {family.__name__.split(".")[-1] for family in models.FAMILIES} == registering


def test_lazy_names_exist_and_others_do_not() -> None:
    for package in (models, layers):
        assert all(getattr(package, name) is not None for name in package.__all__)
        with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
            package.nonsense  # noqa: B018


def test_reference_set_has_one_network_of_four_families() -> None:
    families = [models.get(name).family for name in models.REFERENCE]
    assert len(set(families)) == len(families) == 4


def test_get_ignores_case_and_follows_aliases() -> None:
    assert models.get("MicroNet-M0") is models.get("micronet-m0")
    for alias, name in models.aliases().items():
        assert models.get(alias.upper()).name == name
        assert alias not in models.names()


def test_get_suggests_names() -> None:
    with pytest.raises(UnknownNameError, match="did you mean mobilenet-v1-"):
        models.get("mobilenet_v1_1.0_224")
    with pytest.raises(UnknownNameError, match="did you mean micronet-v1-m0 or"):
        models.get("micronetv1-m0")


def test_names_match_wildcards_in_natural_order() -> None:
    everything = models.names()
    assert len(everything) == len(set(everything))
    assert models.names("MICRONET-M[13]") == ["micronet-m1", "micronet-m3"]
    assert models.names("nothing*") == []
    depths = [name for name in everything if name.endswith("-e1")]
    assert depths == ["shiftresnet20-e1", "shiftresnet56-e1", "shiftresnet110-e1"]
    widths = models.names("mobilenet-v1-*-224")
    assert [name.split("-")[2] for name in widths] == ["0.25", "0.5", "0.75", "1.0"]


def test_register_refuses_duplicates_and_upper_case(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_specs", dict(registry._specs))
    monkeypatch.setattr(registry, "_aliases", dict(registry._aliases))
    spec = replace(models.get(SMALL), name="a-new-net")
    for aliases in ([SMALL], ["micronet-v1-m0"], ["twice", "twice"], ["a-new-net"]):
        with pytest.raises(ValueError, match="registered twice"):
            models.register(spec, aliases)
    with pytest.raises(ValueError, match="lower case"):
        models.register(spec, ["Upper"])
    assert "a-new-net" not in models.names()
    models.register(spec, ["another-name"])
    assert models.get("another-name") is spec
    with pytest.raises(ValueError, match="'a-new-net' is registered twice"):
        models.register(spec)


# ---------------------------------------------------------------------------------------- cards


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": "Upper"}, "not a model name"),
        ({"name": "a--b"}, "not a model name"),
        ({"input_shape": (1, 3, 33, 33)}, "input shape"),
        ({"params": 0}, "must be positive"),
        ({"macs_published_convention": -1}, "must be positive"),
        ({"paper": "somewhere"}, "arXiv"),
    ],
)
def test_a_card_checks_itself(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        replace(models.get(SMALL), **change)


def test_a_published_figure_checks_itself() -> None:
    with pytest.raises(ValueError, match="finite"):
        Published("top-1", float("nan"), "%", "ImageNet", "paper")
    with pytest.raises(ValueError, match="needs metric, unit and source"):
        Published("top-1", 70.0, "%", "ImageNet", "")


def _count_independently(spec: ModelSpec, module: nn.Module) -> tuple[int, int]:
    """Parameters by size, MACs by torch's own operator counter without the shifts."""
    shifts = {name for name, layer in module.named_modules() if isinstance(layer, Shift)}
    counter = FlopCounterMode(display=False)
    with counter:
        _run_on_meta(module, spec.input_shape)
    flops = 0
    for name, by_operator in counter.get_flop_counts().items():
        if name == "Global":
            flops += sum(by_operator.values())
        elif name.partition(".")[2] in shifts:
            flops -= sum(by_operator.values())
    return sum(parameter.numel() for parameter in module.parameters()), flops // 2


def test_cards_equal_two_independent_counts() -> None:
    offenders = []
    for name in models.names():
        spec = models.get(name)
        module = _on_meta(spec)
        ours = models.count(module, spec.input_shape)
        measured = {
            "ours": (ours.params, ours.macs),
            "torch's": _count_independently(spec, module),
        }
        offenders += [
            f"{name}: declares {spec.params, spec.macs}, {who} count is {count}"
            for who, count in measured.items()
            if count != (spec.params, spec.macs)
        ]
    assert offenders == []


def test_cards_equal_the_golden_counts(repository: Path) -> None:
    offenders = []
    for row in _golden(repository, "model_counts.csv"):
        spec = models.get(row["name"])
        for what, value in (("params", spec.params), ("macs", spec.macs)):
            digits = len(row[what].partition(".")[2])
            if f"{value / int(row[f'{what}_unit']):.{digits}f}" != row[what]:
                offenders.append(f"{spec.name}: {what} {value} is not {row[what]}")
        extra = row["shift_max_multiplies"]
        published = spec.macs + int(extra) if extra else None
        if spec.macs_published_convention != published:
            offenders.append(f"{spec.name}: {spec.macs_published_convention} is not {published}")
    assert offenders == []


def test_cards_agree_with_the_published_costs() -> None:
    """Within 8 %: papers round, and cut off more often than they round."""
    offenders = []
    for spec in map(models.get, models.names()):
        ours = {"params": spec.params, "macs": spec.macs_published_convention or spec.macs}
        offenders += [
            f"{spec.name}: {figure} but {ours}"
            for figure in spec.published
            if figure.metric in ours
            if abs(ours[figure.metric] / 1e6 / figure.value - 1) > 0.08
        ]
    assert offenders == []


def test_micronet_blocks_equal_the_golden_table(repository: Path) -> None:
    rows = _golden(repository, "micronet_blocks.csv")
    measured: list[dict[str, str]] = []
    for name in dict.fromkeys(row["name"] for row in rows):
        spec = models.get(name)
        module = _on_meta(spec)
        x = _run_on_meta(module.get_submodule("stem"), spec.input_shape)
        for index, block in enumerate(module.get_submodule("blocks").children()):
            y = _run_on_meta(block, x.shape)
            row = _block_row(block, x.shape, y.shape)
            measured.append({"name": name, "block": str(index + 1), **row})
            x = y
    assert measured == rows


def _block_row(block: nn.Module, before: torch.Size, after: torch.Size) -> dict[str, str]:
    activations = [layer for layer in block.modules() if isinstance(layer, DynamicShiftMax)]
    multiplies: list[int] = []
    for layer in activations:
        layer.register_forward_hook(
            lambda layer, _inputs, output: multiplies.append(layer.fusions * output.numel())
        )
    counter = FlopCounterMode(display=False)
    with counter:
        _run_on_meta(block, before)
    flops = counter.get_flop_counts()["Global"]
    return {
        "residual": "yes" if isinstance(block, layers.Residual) else "no",
        "inputs": str(before[1]),
        "outputs": str(after[1]),
        "shift_max": ";".join(
            f"{layer.fusions} {layer.groups} {layer.squeeze.out_features}" for layer in activations
        ),
        "size": str(after[2]),
        "params": str(sum(parameter.numel() for parameter in block.parameters())),
        "conv_macs": str(flops.get(torch.ops.aten.convolution, 0) // 2),
        "fc_macs": str(flops.get(torch.ops.aten.addmm, 0) // 2),
        "shift_max_multiplies": str(sum(multiplies)),
    }


# ---------------------------------------------------------------------------------------- count


def test_count_knows_groups_and_repeats_and_leaves_the_module_alone() -> None:
    shared = nn.Conv2d(4, 4, 3, padding=1, groups=2, bias=True)
    module = nn.Sequential(shared, nn.BatchNorm2d(4), nn.ReLU(), shared, nn.Flatten())
    module.append(nn.Linear(4 * 5 * 6, 7)).train()
    count = models.count(module, (1, 4, 5, 6))
    assert count.macs == 2 * (5 * 6 * 4 * 2 * 9) + 4 * 5 * 6 * 7
    assert count.params == (4 * 2 * 9 + 4) + 8 + (4 * 5 * 6 * 7 + 7)
    assert module.training
    assert all(not layer._forward_hooks for layer in module.modules())
    assert shared.weight.device.type == "cpu"


# --------------------------------------------------------------------------------------- layers


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


# -------------------------------------------------------------------------------- preprocessing


def _pixels() -> npt.NDArray[np.uint8]:
    return np.arange(2 * 4 * 4 * 3, dtype=np.uint8).reshape(2, 4, 4, 3)


def test_preprocessing_is_the_stated_formula() -> None:
    pixels = _pixels()
    mean, std = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    expected = ((pixels / 255 - mean) / std).transpose(0, 3, 1, 2)
    result = preprocessing.imagenet().apply(pixels)
    assert result.dtype == np.float32
    assert result.flags.c_contiguous
    np.testing.assert_allclose(result, expected, atol=1e-6)
    minus_one_to_one = preprocessing.minus_one_to_one(4, 4).apply(pixels)
    np.testing.assert_allclose(
        minus_one_to_one, (pixels / 127.5 - 1).transpose(0, 3, 1, 2), atol=1e-6
    )


def test_preprocessing_reverses_the_channels_for_bgr() -> None:
    bgr = Preprocessing((1.0, 2.0, 3.0), (1.0, 1.0, 1.0), 4, 4, scale=1.0, channel_order="BGR")
    result = bgr.apply(_pixels())
    np.testing.assert_array_equal(result[0, :, 0, 0], [2.0 - 1.0, 1.0 - 2.0, 0.0 - 3.0])


@pytest.mark.parametrize(
    "pixels", [_pixels().astype(np.float32), _pixels()[0], _pixels().transpose(0, 3, 1, 2)]
)
def test_preprocessing_refuses_other_images(pixels: npt.NDArray[Any]) -> None:
    with pytest.raises(ValueError, match="images must be uint8 of shape"):
        preprocessing.imagenet().apply(pixels)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"mean": (0.5,)}, "3 values each"),
        ({"std": (1.0, 0.0, 1.0)}, "must be positive"),
        ({"scale": 0.0}, "must be positive"),
        ({"crop": 300}, "crop <= resize"),
        ({"channel_order": "RBG"}, "RGB or BGR"),
        ({"interpolation": "nearest"}, "bilinear or bicubic"),
    ],
)
def test_preprocessing_checks_itself(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        replace(preprocessing.imagenet(), **change)


# ------------------------------------------------------------------------------- initialisation


def _digest(module: nn.Module) -> str:
    digest = hashlib.sha256()
    for name, tensor in module.state_dict().items():
        digest.update(name.encode() + tensor.numpy().tobytes())
    return digest.hexdigest()


@pytest.mark.parametrize("name", models.names())
def test_initialised_networks_are_sane(name: str) -> None:
    spec = models.get(name)
    module = models.initialise(spec)
    assert not module.training
    assert not any(parameter.requires_grad for parameter in module.parameters())
    assert {parameter.dtype for parameter in module.parameters()} == {torch.float32}

    side = spec.preprocessing.crop
    unseen = torch.from_numpy(spec.preprocessing.apply(synthetic.images(4, side, side, seed=99)))
    found = models.activation_range(module, unseen)
    assert found.lowest_std > 0.05, found
    assert found.highest_std < 3, found
    assert found.dead_share < 0.001, found
    assert found.logit_spread > 0.1, found
    logits = module(unseen[:1])
    assert logits.shape == (1, spec.classes)
    assert logits.dtype == torch.float32


@pytest.mark.parametrize("name", models.names("micronet*"))
def test_shift_max_coefficients_are_not_saturated(name: str) -> None:
    spec = models.get(name)
    module = models.initialise(spec)
    gates: list[Tensor] = []
    for layer in module.modules():
        if isinstance(layer, DynamicShiftMax):
            layer.excite.register_forward_hook(lambda _l, _i, output: gates.append(output))
    module(torch.from_numpy(spec.preprocessing.apply(synthetic.images(2, 224, 224, seed=99))))
    assert max(float(gate.abs().max()) for gate in gates) < 2.5
    assert all(float((gate[0] - gate[1]).abs().max()) > 0 for gate in gates)


@pytest.mark.parametrize("name", ["micronet-m0", "shufflenet-v1-0.25x-g2"])
def test_initialise_depends_on_the_seed_alone(name: str) -> None:
    spec = models.get(name)
    torch.manual_seed(1)
    state = torch.get_rng_state()
    first = _digest(models.initialise(spec))
    assert torch.equal(torch.get_rng_state(), state)
    torch.manual_seed(2)
    torch.set_num_threads(2)
    assert _digest(models.initialise(spec, seed=0)) == first
    assert torch.get_num_threads() == 2
    assert _digest(models.initialise(spec, seed=1)) != first


def test_initialise_is_the_same_on_every_processor(repository: Path) -> None:
    """A child without vector instructions, and the digests of the machine that recorded them."""
    golden = json.loads((repository / "tests" / "golden" / "initialise.json").read_text())
    assert {name: _digest(models.initialise(models.get(name))) for name in golden} == golden
    script = (
        "import hashlib, torch, edgekit.models as m;"
        f"state = m.initialise(m.get('{SMALL}')).state_dict();"
        "digest = hashlib.sha256();"
        "[digest.update(k.encode() + v.numpy().tobytes()) for k, v in state.items()];"
        "print(torch.backends.cpu.get_cpu_capability(), digest.hexdigest())"
    )
    answer = _child(script, ATEN_CPU_CAPABILITY="default", OMP_NUM_THREADS="2")
    assert answer.split() == ["DEFAULT", golden[SMALL]]


def test_activation_range_sees_dead_and_exploding_channels() -> None:
    norms = nn.Sequential(nn.BatchNorm2d(4), nn.ReLU(), nn.BatchNorm2d(4)).eval()
    assert isinstance(norms[2], nn.BatchNorm2d)
    norms[2].weight.data = torch.tensor([0.0, 1.0, 1.0, 100.0])
    found = models.activation_range(norms, torch.randn(8, 4, 5, 5))
    assert found.highest_at == "2"
    assert found.highest_std > 20
    assert found.lowest_at == "1"
    assert found.lowest_std == pytest.approx(0.58, abs=0.1)
    assert found.dead_share == 2 / 16  # in the last norm and in the output, which are the same
    assert all(not layer._forward_hooks for layer in norms.modules())


# -------------------------------------------------------------------------------------- weights


@pytest.fixture
def state() -> dict[str, Tensor]:
    return models.initialise(models.get(SMALL), seed=3).state_dict()


@pytest.mark.parametrize(
    ("file", "save"),
    [
        ("w.safetensors", lambda state, path: safetensors.torch.save_file(state, path)),
        ("w.pt", torch.save),
        ("w.pth", lambda state, path: torch.save({"epoch": 3, "state_dict": state}, path)),
        ("w.pt", lambda s, path: torch.save({f"module.{k}": v for k, v in s.items()}, path)),
        (
            "w.safetensors",
            lambda state, path: safetensors.torch.save_file(
                {k: v for k, v in state.items() if "num_batches" not in k}, path
            ),
        ),
    ],
    ids=["safetensors", "torch", "wrapped", "prefixed", "without-counters"],
)
def test_weights_make_the_round_trip(
    tmp_path: Path,
    state: dict[str, Tensor],
    file: str,
    save: Callable[[dict[str, Tensor], Path], None],
) -> None:
    save(state, tmp_path / file)
    before = torch.get_rng_state()
    module = models.load(models.get(SMALL), tmp_path / file)
    assert torch.equal(torch.get_rng_state(), before)
    assert all(torch.equal(value, state[key]) for key, value in module.state_dict().items())
    assert not module.training
    assert not any(parameter.requires_grad for parameter in module.parameters())


def test_load_names_what_does_not_fit(tmp_path: Path, state: dict[str, Tensor]) -> None:
    del state["fc.bias"]
    state["fc.weight"] = torch.zeros(11, 64)
    state.update({f"extra.{i}": torch.zeros(1) for i in range(5)})
    torch.save(state, tmp_path / "w.pt")
    with pytest.raises(RefusedError) as caught:
        models.load(models.get(SMALL), tmp_path / "w.pt")
    assert caught.value.reason_code == "weights-mismatch"
    message = str(caught.value)
    assert "1 missing (fc.bias)" in message
    assert "5 unexpected (extra.0, extra.1, extra.2, ...)" in message
    assert "1 misshapen (fc.weight (11, 64) for (10, 64))" in message
    assert "\n" not in message


class _Bomb:
    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.marker,)


@pytest.mark.parametrize("how", ["torch", "pickle", "inside"])
def test_load_runs_no_code_from_the_file(tmp_path: Path, how: str) -> None:
    marker, path = tmp_path / "marker", tmp_path / "w.pt"
    if how == "pickle":
        path.write_bytes(pickle.dumps(_Bomb(marker)))
    else:
        torch.save(_Bomb(marker) if how == "torch" else {"fc.bias": _Bomb(marker)}, path)
    with pytest.raises(RefusedError) as caught:
        models.load(models.get(SMALL), path)
    assert caught.value.reason_code == "unsafe-or-unreadable-weights"
    assert not marker.exists()


@pytest.mark.parametrize("file", ["w.safetensors", "w.pt"])
@pytest.mark.parametrize("content", [b"", b"not weights at all", b"PK\x03\x04 cut off"])
def test_load_refuses_damaged_files(tmp_path: Path, file: str, content: bytes) -> None:
    (tmp_path / file).write_bytes(content)
    with pytest.raises(RefusedError) as caught:
        models.load(models.get(SMALL), tmp_path / file)
    assert caught.value.reason_code == "unsafe-or-unreadable-weights"


@pytest.mark.parametrize("content", [[1, 2], {}, {"fc.bias": 3}, {1: torch.zeros(1)}])
def test_load_refuses_what_is_no_state_dict(tmp_path: Path, content: object) -> None:
    torch.save(content, tmp_path / "w.pt")
    with pytest.raises(RefusedError, match="state dict") as caught:
        models.load(models.get(SMALL), tmp_path / "w.pt")
    assert caught.value.reason_code == "unsafe-or-unreadable-weights"


def test_load_wants_a_file(tmp_path: Path) -> None:
    for path in (tmp_path / "missing.pt", tmp_path):
        with pytest.raises(InvalidPathError, match="no weights file"):
            models.load(models.get(SMALL), path)


def test_a_trained_checkpoint_recognises_photographs(data_dir: Path) -> None:
    weights = data_dir / "weights" / "mobilenet_v1_1.0_224_float.pt"
    photographs = data_dir / "demo_ccby_100"
    if not (weights.is_file() and photographs.is_dir()):
        pytest.skip(f"no MobileNetV1 checkpoint and photographs under {data_dir}")
    spec = models.get("mobilenet-v1-1.0-224")
    module = models.load(spec, weights)
    with (photographs / "labels.csv").open() as file:
        rows = list(csv.DictReader(file))
    correct = 0
    for start in range(0, len(rows), 10):
        batch = rows[start : start + 10]
        pixels = np.stack(
            [np.asarray(Image.open(photographs / row["file"]).convert("RGB")) for row in batch]
        )
        top = module(torch.from_numpy(spec.preprocessing.apply(pixels))).argmax(dim=1)
        correct += sum(int(row["label"]) == int(t) for row, t in zip(batch, top, strict=True))
    assert correct / len(rows) == pytest.approx(0.79, abs=0.011)
