"""MobileOne: what does not predict latency, and what costs it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Literal

from edgekit.models import layers
from edgekit.study.claims import citations
from edgekit.study.claims.claim import Bar, Claim
from edgekit.study.claims.laboratory import ratio
from edgekit.study.claims.laboratory.base import Laboratory
from edgekit.study.claims.laboratory.specimen import Specimen
from edgekit.study.claims.measured import Measured, exact

if TYPE_CHECKING:
    from torch import nn

_QUICK = tuple(
    Specimen(name)
    for name in (
        "mobilenet-v1-1.0-224", "mobilenet-v1-0.5-224", "mobilenet-v1-0.25-128",
        "mobilenet-v2-1.0-224", "mobilenet-v3-small-1.0", "shufflenet-v1-2.0x-g3",
        "shufflenet-v1-1.0x-g3", "shufflenet-v1-0.5x-g3", "micronet-m0", "micronet-m3",
        "resnet-18", "alexnet",
    )
)  # fmt: skip
"""Networks that other claims need too."""
_NETS = (
    *_QUICK,
    *map(
        Specimen,
        ("mobilenet-v3-large-1.0", "shufflenet-v2-1.0x", "shiftnet-b", "squeezenet-1.1"),
    ),
)

_CORRELATED = (
    f"{len(_NETS)} networks of many families, {len(_QUICK)} with --quick, LiteRT float32; at most "
    "0.7"
)

_WIDTH, _SHAPE = 64, (1, 64, 28, 28)
_DEPTH = 4  # through more of them shift-max makes differences of rounding large
_Kind = Literal["relu", "silu", "shift-max", "squeeze-excite"]


def _correlation(count: Literal["macs", "params"]) -> Callable[[Laboratory], Iterator[Measured]]:
    def measure(lab: Laboratory) -> Iterator[Measured]:
        base, *others = nets = _QUICK if lab.is_quick else _NETS
        costs = [getattr(lab.cost(each), count) for each in nets]
        every = lab.ratios(*[(base, each) for each in others])
        for target in dict.fromkeys(each.target for each in every):
            found = [each for each in every if each.target == target]
            values = [1.0, *(each.value for each in found)]
            value, interval = ratio.rank_correlation(costs, values)
            yield Measured(
                "Spearman's correlation",
                f"{'MACs' if count == 'macs' else 'parameters'} and time of {len(values)} networks "
                "on LiteRT, float32",
                value,
                interval,
                sum(each.samples for each in found),
                target,
                {**found[0].conditions, "interval": "bootstrap over the networks"},
            )

    return measure


def _plain(kind: _Kind) -> nn.Module:
    """Return four 3x3 depthwise and 1x1 layers with one kind of activation."""
    from torch import nn

    def activation() -> nn.Module:
        if kind == "silu":
            return nn.SiLU()
        if kind == "shift-max":
            return layers.DynamicShiftMax(_WIDTH, 4, 8, (1.0, 0.0, 1.0, 0.0))
        if kind == "squeeze-excite":
            return layers.chain(layers.ReLU(), layers.SqueezeExcite(_WIDTH, 16))
        return layers.ReLU()

    return layers.chain(*[
        layers.chain(
            layers.ConvBnAct(_WIDTH, _WIDTH, 3, groups=_WIDTH),
            layers.ConvBnAct(_WIDTH, _WIDTH, 1),
            activation(),
        )
        for _ in range(_DEPTH)
    ])  # fmt: skip


def _skipping() -> nn.Module:
    """Return the layers with ReLU, each pair with a shortcut."""
    return layers.chain(*[
        layers.chain(
            layers.Residual(
                layers.chain(
                    layers.ConvBnAct(_WIDTH, _WIDTH, 3, groups=_WIDTH),
                    layers.ConvBnAct(_WIDTH, _WIDTH, 1),
                )
            ),
            layers.ReLU(),
        )
        for _ in range(_DEPTH)
    ])  # fmt: skip


_RELU = Specimen("four-layers-relu", partial(_plain, "relu"), _SHAPE)
_SILU = Specimen("four-layers-silu", partial(_plain, "silu"), _SHAPE)
_SHIFT_MAX = Specimen("four-layers-shift-max", partial(_plain, "shift-max"), _SHAPE)
_SE = Specimen("four-layers-se", partial(_plain, "squeeze-excite"), _SHAPE)
_SKIP = Specimen("four-layers-skip", _skipping, _SHAPE)


def _beside_relu(*others: Specimen) -> Callable[[Laboratory], Iterator[Measured]]:
    def measure(lab: Laboratory) -> Iterator[Measured]:
        formats = ("tflite", "onnx")
        for each in others:
            macs = lab.cost(each).macs / lab.cost(_RELU).macs
            yield exact("MACs ratio", f"{each.name} / {_RELU.name}", macs)
        for found in lab.ratios(*[(_RELU.on(f), each.on(f)) for f in formats for each in others]):
            yield found.measured()

    return measure


CLAIMS = (
    Claim(
        name="macs-correlate-weakly",
        paper=citations.MOBILEONE,
        where="Table 1" + citations.QUOTED,
        statement="FLOPs correlate only moderately with latency: Spearman's 0.47 on a phone, 0.06 "
        "on a desktop's processor",
        experiment=_CORRELATED,
        kind="latency",
        bars=(Bar("Spearman's correlation", high=0.7),),
        measure=_correlation("macs"),
    ),
    Claim(
        name="params-correlate-weakly",
        paper=citations.MOBILEONE,
        where="Table 1" + citations.QUOTED,
        statement="the number of parameters correlates weakly with latency: Spearman's 0.30 on a "
        "phone",
        experiment=_CORRELATED,
        kind="latency",
        bars=(Bar("Spearman's correlation", high=0.7),),
        measure=_correlation("params"),
    ),
    Claim(
        name="shift-max-activation-is-dear",
        paper=citations.MOBILEONE,
        where="Table 2" + citations.QUOTED,
        statement="a network with dynamic shift-max takes 37 times as long as with ReLU (57.0 and "
        "1.53 ms)",
        experiment="four depthwise and 1x1 layers with one beside the other, float32; at least "
        "half of that",
        kind="latency",
        bars=(Bar("time ratio", low=18.0),),
        measure=_beside_relu(_SHIFT_MAX),
    ),
    Claim(
        name="silu-activation-is-dear",
        paper=citations.MOBILEONE,
        where="Table 2" + citations.QUOTED,
        statement="a network with SiLU takes 1.7 times as long as with ReLU (2.54 and 1.53 ms)",
        experiment="four depthwise and 1x1 layers with one beside the other, float32; at least 1.3",
        kind="latency",
        bars=(Bar("time ratio", low=1.3),),
        measure=_beside_relu(_SILU),
    ),
    Claim(
        name="branches-cost-time",
        paper=citations.MOBILEONE,
        where="Table 3" + citations.QUOTED,
        statement="shortcuts and squeeze-and-excitation make a network slower beyond their FLOPs, "
        "as they wait and move data",
        experiment="four depthwise and 1x1 layers with shortcuts, and with squeeze-and-excitation, "
        "beside none of either, float32; at least 5 %",
        kind="latency",
        bars=(Bar("time ratio", low=1.05),),
        measure=_beside_relu(_SKIP, _SE),
    ),
)
