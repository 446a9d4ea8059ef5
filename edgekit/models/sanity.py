"""Do activations explode or die on their way through a network?"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from edgekit.models.layers.dynamic_shift_max import DynamicShiftMax
from edgekit.models.layers.join import ConcatShortcut, Residual

_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d)
_WATCHED = (
    *_NORMS, nn.ReLU, nn.ReLU6, nn.Hardswish, DynamicShiftMax, Residual, ConcatShortcut,
)  # fmt: skip


@dataclass(frozen=True)
class ActivationRange:
    """What a batch of images does to the activations of a network.

    Attributes:
        lowest_std: smallest standard deviation of the output of any batch norm, activation,
            join or of the network itself, each taken over the whole tensor.
        highest_std: the largest of them.
        lowest_at: name of the module with ``lowest_std``; "" is the network itself.
        highest_at: name of the module with ``highest_std``.
        dead_share: channels that hold one value over all images and positions, as a share of
            the channels of all those outputs.
        logit_spread: how much the logits differ from image to image: standard deviation over
            the images, averaged over the classes.
    """

    lowest_std: float
    highest_std: float
    lowest_at: str
    highest_at: str
    dead_share: float
    logit_spread: float


def activation_range(module: nn.Module, images: Tensor) -> ActivationRange:
    """Run ``images`` through ``module`` and watch its layers.

    Args:
        module: a network in evaluation mode; it is left as it is.
        images: float32, shape (N, 3, H, W), N at least 2, preprocessed.
    """
    deviations: dict[str, float] = {}
    channels = dead = 0

    def watch(name: str, output: Tensor) -> None:
        nonlocal channels, dead
        deviations[name] = float(output.std())
        values = output.transpose(0, 1).flatten(1)
        channels += values.shape[0]
        dead += int((values.amax(dim=1) == values.amin(dim=1)).sum())

    handles = [
        layer.register_forward_hook(lambda _layer, _inputs, output, name=name: watch(name, output))
        for name, layer in module.named_modules()
        if isinstance(layer, _WATCHED)
    ]
    try:
        with torch.no_grad():
            logits: Tensor = module(images)
    finally:
        for handle in handles:
            handle.remove()
    watch("", logits)
    lowest = min(deviations, key=deviations.__getitem__)
    highest = max(deviations, key=deviations.__getitem__)
    return ActivationRange(
        lowest_std=deviations[lowest],
        highest_std=deviations[highest],
        lowest_at=lowest,
        highest_at=highest,
        dead_share=dead / channels,
        logit_spread=float(logits.std(dim=0).mean()),
    )
