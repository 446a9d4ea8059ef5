"""Classifiers of torchvision, by its names."""

from __future__ import annotations

from functools import partial

from benchmarks.foreign.networks.network import Built, Network, image

_NAMES = (
    "alexnet squeezenet1_1 googlenet shufflenet_v2_x0_5 mobilenet_v2 mobilenet_v3_small mnasnet0_5"
    " efficientnet_b0 regnet_y_400mf convnext_tiny resnet18 densenet121 vgg11"
)
_SIDES = {"alexnet": 96, "vgg11": 64}


def _build(name: str) -> Built:
    from torchvision import models

    arguments = {"init_weights": True, "aux_logits": False} if name == "googlenet" else {}
    return getattr(models, name)(weights=None, **arguments), (image(_SIDES.get(name, 64)),)


NETWORKS = tuple(Network(f"torchvision/{name}", partial(_build, name)) for name in _NAMES.split())
