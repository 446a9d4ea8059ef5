"""MobileNetV1: nearly all work lies in its 1x1 convolutions, by MACs and by time."""

from __future__ import annotations

from collections.abc import Iterator

from edgekit import models
from edgekit.study.claims import citations
from edgekit.study.claims.claim import Bar, Claim
from edgekit.study.claims.laboratory import ratio
from edgekit.study.claims.laboratory.base import Laboratory
from edgekit.study.claims.laboratory.specimen import Specimen
from edgekit.study.claims.measured import Measured, exact

_NET = Specimen("mobilenet-v1-1.0-224")
_POINTWISE = ("1x1 convolution", "1x1 grouped")


def _macs(lab: Laboratory) -> Iterator[Measured]:
    from torch import nn

    spec = models.get(_NET.name)
    # What is left without them has none of their MACs.
    module = spec.build()
    whole = lab.cost(_NET).macs
    pointwise = 0
    sizes = _sizes(module, spec.input_shape)
    for layer, pixels in sizes.items():
        if isinstance(layer, nn.Conv2d) and layer.kernel_size == (1, 1):
            pointwise += layer.weight.numel() * pixels
    yield exact("share of MACs", f"1x1 convolutions of {_NET.name}", pointwise / whole)


def _sizes(module: object, shape: tuple[int, ...]) -> dict[object, int]:
    """Return the pixels of each convolution's output."""
    import torch
    from torch import Tensor, nn

    if not isinstance(module, nn.Module):
        raise TypeError(f"not a network: {module!r}")
    found: dict[object, int] = {}

    def note(layer: nn.Module, _inputs: tuple[Tensor, ...], output: Tensor) -> None:
        found[layer] = output.shape[2] * output.shape[3]

    for layer in module.modules():
        if isinstance(layer, nn.Conv2d):
            layer.register_forward_hook(note)
    with torch.no_grad():
        module.to("meta").eval()(torch.empty(shape, device="meta"))
    return found


def _time(lab: Laboratory) -> Iterator[Measured]:
    for file in (_NET, _NET.on("onnx")):
        shares = [each.share(*_POINTWISE) for each in lab.layer_times(file)]
        value, interval = ratio.of_processes(shares)
        yield Measured(
            "share of time",
            f"1x1 convolutions of {file.label} on {file.runtime}",
            value,
            (interval[0], min(1.0, interval[1])) if value <= 1 else interval,
            len(shares),
            conditions={"threads": "1", "timed": "each operator alone, or by the profiler"},
        )


CLAIMS = (
    Claim(
        name="pointwise-share-of-macs",
        paper=citations.MOBILENET_V1,
        where="Table 2" + citations.QUOTED,
        statement="94.86 % of MobileNetV1's MACs lie in 1x1 convolutions",
        experiment="the MACs of mobilenet-v1-1.0-224, by layer",
        kind="exact",
        bars=(Bar("share of MACs", 0.9481, 0.9491),),
        measure=_macs,
    ),
    Claim(
        name="pointwise-share-of-time",
        paper=citations.MOBILENET_V1,
        where="section 3.2",
        statement="MobileNetV1 spends 95 % of its computation time in 1x1 convolutions",
        experiment="the time of each operator of mobilenet-v1-1.0-224, float32, on both runtimes",
        kind="latency",
        bars=(Bar("share of time", low=0.9),),
        measure=_time,
    ),
)
