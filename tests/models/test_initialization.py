"""Every network starts in sane ranges, and from a seed alone, whatever the processor.

`tests/golden/initialize.json` holds digests of initialized networks, recorded on one machine.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from edgekit import models
from edgekit.data import synthetic
from edgekit.models.layers.dynamic_shift_max import DynamicShiftMax
from tests.specimens.networks import (
    SMALL,
    child,
    each_registered,
    one_thread,  # noqa: F401 (an autouse fixture)
)
from tests.specimens.rules.shared_weights import SharedWeights


def _digest(module: nn.Module) -> str:
    digest = hashlib.sha256()
    for name, tensor in module.state_dict().items():
        digest.update(name.encode() + tensor.numpy().tobytes())
    return digest.hexdigest()


@pytest.mark.parametrize("name", each_registered(baselines=False))
def test_initialized_networks_are_sane(name: str, shared_weights: SharedWeights) -> None:
    spec = models.get(name)
    module = shared_weights.initialize(spec)
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
def test_shift_max_coefficients_are_not_saturated(name: str, shared_weights: SharedWeights) -> None:
    spec = models.get(name)
    module = shared_weights.initialize(spec)
    gates: list[Tensor] = []
    for layer in module.modules():
        if isinstance(layer, DynamicShiftMax):
            layer.excite.register_forward_hook(lambda _l, _i, output: gates.append(output))
    module(torch.from_numpy(spec.preprocessing.apply(synthetic.images(2, 224, 224, seed=99))))
    assert max(float(gate.abs().max()) for gate in gates) < 2.5
    assert all(float((gate[0] - gate[1]).abs().max()) > 0 for gate in gates)


@pytest.mark.parametrize("name", ["micronet-m0", "shufflenet-v1-0.25x-g2"])
def test_initialize_depends_on_the_seed_alone(name: str) -> None:
    spec = models.get(name)
    torch.manual_seed(1)
    state = torch.get_rng_state()
    first = _digest(models.initialize(spec))
    assert torch.equal(torch.get_rng_state(), state)
    torch.manual_seed(2)
    torch.set_num_threads(2)
    assert _digest(models.initialize(spec, seed=0)) == first
    assert torch.get_num_threads() == 2
    assert _digest(models.initialize(spec, seed=1)) != first


def test_initialize_is_the_same_on_every_processor(repository: Path) -> None:
    """A child without vector instructions, and the digests of the machine that recorded them."""
    golden = json.loads((repository / "tests" / "golden" / "initialize.json").read_text())
    assert {name: _digest(models.initialize(models.get(name))) for name in golden} == golden
    script = (
        "import hashlib, torch, edgekit.models as m;"
        f"state = m.initialize(m.get('{SMALL}')).state_dict();"
        "digest = hashlib.sha256();"
        "[digest.update(k.encode() + v.numpy().tobytes()) for k, v in state.items()];"
        "print(torch.backends.cpu.get_cpu_capability(), digest.hexdigest())"
    )
    answer = child(script, ATEN_CPU_CAPABILITY="default", OMP_NUM_THREADS="2")
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
