"""What the transcriptions share: bias-free convolutions, random tensors."""

from __future__ import annotations

import math

import torch
from torch import nn


def conv(inputs: int, outputs: int, size: int | tuple[int, int], **options: int) -> nn.Conv2d:
    sides = (size, size) if isinstance(size, int) else size
    padding = (sides[0] // 2, sides[1] // 2)
    stride = options.get("stride", 1)
    strides = (stride if sides[0] > 1 else 1, stride if sides[1] > 1 else 1)
    if sides == (1, 1):
        strides = (stride, stride)
    groups = options.get("groups", 1)
    return nn.Conv2d(inputs, outputs, sides, strides, padding, groups=groups, bias=False)


class Named(nn.Module):
    """Attributes by name; a subclass says how they run."""

    def __init__(self, **parts: nn.Module) -> None:
        super().__init__()
        for name, part in parts.items():
            self.add_module(name, part)


V2_STAGES = (
    (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2),
    (6, 320, 1, 1),
)  # fmt: skip


def randomize(module: nn.Module) -> nn.Module:
    """Draw every tensor, batch norm's statistics too, so that no two are alike."""
    generator = torch.Generator().manual_seed(7)
    with torch.no_grad():
        for key, tensor in module.state_dict().items():
            if key.endswith("num_batches_tracked"):
                continue
            draw = torch.rand(tensor.shape, generator=generator)
            if tensor.ndim > 1:
                fan_in = math.prod(tensor.shape[1:])
                tensor.copy_((draw - 0.5) * math.sqrt(24 / fan_in))
            elif key.endswith(("running_var", "weight")):
                tensor.copy_(0.5 + draw)
            else:
                tensor.copy_((draw - 0.5) / 2)
    return module.eval()
