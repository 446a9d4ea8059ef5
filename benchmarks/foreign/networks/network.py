"""What a network of the table is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn

Built = tuple[nn.Module, tuple[torch.Tensor, ...]]


@dataclass(frozen=True)
class Network:
    """One architecture.

    Attributes:
        name: as printed, and as asked for.
        build: makes the module, with weights of the current seed, and example inputs.
    """

    name: str
    build: Callable[[], Built]


def image(side: int, channels: int = 3) -> torch.Tensor:
    """Return a seeded image (1, channels, side, side) of float32."""
    return torch.randn(1, channels, side, side, generator=torch.Generator().manual_seed(1))


def tokens(count: int, words: int) -> torch.Tensor:
    """Return seeded tokens (1, count) of int64."""
    return torch.randint(0, words, (1, count), generator=torch.Generator().manual_seed(1))


def sound(*shape: int) -> torch.Tensor:
    """Return a seeded array of float32."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(1))


class Parts(nn.Module):
    """A module that calls one function of another one, whose weights it has."""

    def __init__(self, inner: nn.Module, call: Callable[..., object]) -> None:
        super().__init__()
        self.inner, self.call = inner, call

    def forward(self, *inputs: torch.Tensor) -> object:
        """Return what the function makes of the inputs."""
        return self.call(self.inner, *inputs)
