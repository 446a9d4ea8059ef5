"""Small torch modules, one or more for every row of the table of ATen operators."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.nn import functional

Shape = tuple[int, ...]
MAP = (1, 4, 8, 8)


@dataclass(frozen=True)
class Specimen:
    """A module, its inputs' shapes, and how many outputs it has."""

    make: Callable[[], nn.Module]
    shapes: tuple[Shape, ...] = (MAP,)
    outputs: int = 1


class Calls(nn.Module):
    """A function as a module."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()
        self.function = function

    def forward(self, *inputs: torch.Tensor) -> Any:
        return self.function(*inputs)


class Selects(nn.Module):
    """Channels chosen by a constant."""

    order: torch.Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("order", torch.tensor([3, 1, 0, 2]))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.index_select(1, self.order)


def function(*shapes: Shape, outputs: int = 1) -> Callable[[Callable[..., Any]], Specimen]:
    return lambda called: Specimen(lambda: Calls(called), shapes or (MAP,), outputs)


def layers(*made: Callable[[], nn.Module], shape: Shape = MAP) -> Specimen:
    return Specimen(lambda: nn.Sequential(*(make() for make in made)), (shape,))


def trained(module: nn.Module) -> nn.Module:
    """Draw weights and statistics that are neither zero nor one."""
    generator = torch.Generator().manual_seed(0)
    for name, tensor in module.state_dict().items():
        if tensor.is_floating_point():
            low, high = (0.5, 1.5) if name.endswith("running_var") else (-1.0, 1.0)
            tensor.uniform_(low, high, generator=generator)
    return module


def shuffled(x: torch.Tensor) -> torch.Tensor:
    return x.reshape(1, 2, 2, 8, 8).transpose(1, 2).reshape(1, 4, 8, 8)


SPECIMENS = {
    "convolutions": layers(
        lambda: nn.Conv2d(4, 6, 3, padding=1, stride=(2, 1)),
        lambda: nn.ReLU(inplace=True),
        lambda: nn.Conv2d(6, 6, 3, dilation=2, padding=2, groups=6, bias=False),
        lambda: nn.BatchNorm2d(6),
        lambda: nn.Conv2d(6, 4, 1, bias=False),
    ),
    "batch norms": layers(
        lambda: nn.BatchNorm2d(4),
        lambda: nn.Conv2d(4, 4, 1),
        lambda: nn.BatchNorm2d(4),
        nn.Flatten,
        lambda: nn.Linear(256, 8),
        lambda: nn.BatchNorm1d(8),
    ),
    "padding": layers(
        lambda: nn.ZeroPad2d((0, 1, 0, 1)),
        lambda: nn.Conv2d(4, 4, 3),
        lambda: nn.ReflectionPad2d(1),
        lambda: nn.ReplicationPad2d(1),
        lambda: nn.ConstantPad2d(1, 2.5),
    ),
    "activations": function(outputs=9)(
        lambda x: [
            functional.hardswish(x),
            functional.hardsigmoid(x),
            functional.silu(x),
            torch.tanh(x),
            torch.sigmoid(x + 1.5),
            functional.softmax(x, 1),
            functional.leaky_relu(x, 0.1),
            functional.hardtanh(x, -1.5, 1.0),
            functional.relu6(x),
        ]
    ),
    "arithmetic": function(MAP, MAP, outputs=13)(
        lambda x, y: [
            x + y,
            x - y,
            x * y,
            x / y,
            x + 1,
            x - 1.5,
            2 * x,
            x / 4,
            1 - x,
            2.5 - x,
            torch.maximum(x, y),
            torch.minimum(x, y),
            (x * 1 + 0).relu() + y,
        ]
    ),
    "in place": function(MAP, MAP, outputs=9)(
        lambda x, y: [
            (x * 2).add_(y).mul_(3).sub_(1.5),
            functional.relu(x / y, inplace=True) - y,
            functional.relu6(x - y, inplace=True),
            functional.hardtanh(x + y, inplace=True),
            functional.hardswish(x * y, inplace=True),
            functional.hardsigmoid(x - 2.5, inplace=True),
            functional.silu(x - 0.5, inplace=True),
            functional.leaky_relu(x + 2.5, 0.1, inplace=True),
            (x + 0.5).sigmoid_(),
        ]
    ),
    "pools": function(outputs=8)(
        lambda x: [
            functional.max_pool2d(x, 2),
            functional.max_pool2d(x, 3, 2, 1, ceil_mode=True),
            functional.avg_pool2d(x, 2),
            functional.avg_pool2d(x, 3, 2, 1, count_include_pad=False),
            functional.adaptive_avg_pool2d(x, 1),
            functional.adaptive_avg_pool2d(x, 4),
            x.mean((2, 3)),
            x.mean(1, keepdim=True),
        ]
    ),
    "matrices": function(MAP, MAP, (6, 8), outputs=3)(
        lambda x, y, z: [x @ y, functional.linear(x, z), torch.addmm(y[0, 0], x[0, 1], y[0, 1])]
    ),
    "classifier": layers(
        nn.Flatten, lambda: nn.Linear(256, 8), nn.Dropout, lambda: nn.Linear(8, 4, bias=False)
    ),
    "linear of a map": layers(lambda: nn.Linear(8, 6), lambda: nn.Linear(6, 8, bias=False)),
    "shapes": function(outputs=8)(
        lambda x: [
            x.view(1, -1),
            x.reshape(4, 64),
            x.permute(0, -2, -1, 1),
            x.transpose(-1, 1),
            x.transpose(1, 2).reshape(1, -1),
            x.transpose(1, 2).contiguous().view(4, -1),
            x.relu().contiguous().flatten(1, 1).sigmoid(),
            x.view(256),
        ]
    ),
    "what the optimizer merges": function(outputs=10)(
        lambda x: [
            x.sub(0.0).div(1.0).sigmoid(),
            (x.reshape(4, 8, 8) @ x.reshape(4, 8, 8)).reshape(1, 4, 8, 8),
            x[:, :3][:, 1:],
            x[..., :4],
            x[..., 4:],
            x.transpose(1, 2).transpose(1, 2).relu(),
            x.relu().relu(),
            x.reshape(1, 4, 64).reshape(4, 64),
            shuffled(shuffled(x)),
            functional.relu6(functional.hardtanh(x)),
        ]
    ),
    "joints and parts": function(MAP, MAP, outputs=8)(
        lambda x, y: [
            torch.cat([x, y], 1),
            torch.cat([x, y], -1),
            *(part * 1.5 for part in x.chunk(3, 1)),
            *(part * 1.5 for part in x.split(3, 1)),
            *(part * 1.5 for part in torch.split(x, [1, 3], 1)),
        ]
    ),
    "slices": function(outputs=6)(
        lambda x: [x[:, :2], x[:, 2:], x[..., ::2], x[:, :, 1:-1], x[:, 1], x.select(2, 3)]
    ),
    "chosen channels": Specimen(Selects),
    "one value in two outputs": function(outputs=2)(lambda x: [y := x.relu(), y]),
    "the input as an output": function(outputs=2)(lambda x: [x, x.relu()]),
    "memory in another order": Specimen(
        lambda: nn.Sequential(nn.Conv2d(4, 4, 1), Calls(shuffled)).to(
            memory_format=torch.channels_last  # type: ignore[call-overload]
        )
    ),
    "inputs called as operators": Specimen(lambda: NamedInputs(), (MAP, MAP)),
}
"""By what they show."""


class NamedInputs(nn.Module):
    """Names that fx would give away."""

    def forward(self, relu: torch.Tensor, view: torch.Tensor) -> torch.Tensor:
        return relu.relu() + view.view(1, 4, 8, 8)


ELSEWHERE = {
    "an operator outside the table": function()(lambda x: torch.cumsum(x, 1)),
    "a view of what was overwritten, as an output": layers(
        lambda: nn.Conv2d(4, 4, 1), lambda: nn.ReLU(inplace=True), nn.Flatten
    ),
    "a view overwritten": function()(lambda x: (x * 2.5).view(1, -1).relu_()),
    "an input overwritten": function()(lambda x: x.relu_()),
    "truth values": function()(lambda x: (x > 0).float() * x),
    "a sum with a factor": function(MAP, MAP)(lambda x, y: torch.add(x, y, alpha=2)),
}
"""What goes through torch's exporter, by why."""
