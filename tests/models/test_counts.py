"""Every card is re-measured: parameters and multiply-accumulates, counted in two ways.

Golden files hold what the papers and official sources print, by network name.
"""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from edgekit import models
from edgekit.models import ModelSpec, layers
from edgekit.models.layers.dynamic_shift_max import DynamicShiftMax
from edgekit.models.layers.shift import Shift
from tests.specimens.networks import each_kind


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


@pytest.mark.parametrize("name", each_kind())
def test_a_card_equals_two_independent_counts(name: str) -> None:
    spec = models.get(name)
    module = _on_meta(spec)
    ours = models.count(module, spec.input_shape)
    assert (ours.params, ours.macs) == (spec.params, spec.macs)
    assert _count_independently(spec, module) == (spec.params, spec.macs)


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


def test_count_takes_weights_that_are_computed_from_others() -> None:
    layer = nn.utils.parametrizations.weight_norm(nn.Conv2d(3, 4, 3))
    assert models.count(layer, (1, 3, 5, 5)) == models.Count(
        params=4 * 3 * 9 + 4 + 4, macs=9 * 4 * 3 * 9
    )
