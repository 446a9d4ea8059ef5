"""ShuffleNet: real speed beside MACs."""

from __future__ import annotations

from collections.abc import Iterator

from edgekit.study.claims import citations
from edgekit.study.claims.claim import Bar, Claim
from edgekit.study.claims.laboratory import ratio
from edgekit.study.claims.laboratory.base import Laboratory
from edgekit.study.claims.laboratory.specimen import Specimen
from edgekit.study.claims.measured import Measured, exact

_ALEXNET = Specimen("alexnet")
_HALF = Specimen("shufflenet-v1-0.5x-g3")
_ONE = Specimen("shufflenet-v1-1.0x-g3")
_TWO = Specimen("shufflenet-v1-2.0x-g3")
_MOBILENET = Specimen("mobilenet-v1-1.0-224")


def _theory(lab: Laboratory) -> Iterator[Measured]:
    saved = lab.cost(_ALEXNET).macs / lab.cost(_HALF).macs
    yield exact("MACs saved, times", f"{_HALF.name} beside {_ALEXNET.name}", saved)


def _alexnet(lab: Laboratory) -> Iterator[Measured]:
    for found in lab.ratios((_ALEXNET, _HALF), (_ALEXNET.on("onnx"), _HALF.on("onnx"))):
        yield found.measured("speed-up", ratio.inverse)


def _exponent(lab: Laboratory) -> Iterator[Measured]:
    macs = {each: lab.cost(each).macs for each in (_HALF, _ONE, _TWO)}
    for found in lab.ratios((_TWO, _ONE), (_ONE, _HALF)):
        factor = macs[found.candidate] / macs[found.base]
        yield found.measured("p in time ~ MACs^p", ratio.exponent(factor))


def _mobilenet(lab: Laboratory) -> Iterator[Measured]:
    for found in lab.ratios((_MOBILENET, _TWO), (_MOBILENET.on("onnx"), _TWO.on("onnx"))):
        yield found.measured()


CLAIMS = (
    Claim(
        name="shufflenet-alexnet-theory",
        paper=citations.SHUFFLENET_V1,
        where="Actual Speedup Evaluation",
        statement="ShuffleNet 0.5x has 18 times fewer MACs than AlexNet",
        experiment="the MACs of shufflenet-v1-0.5x-g3 and of alexnet",
        kind="exact",
        bars=(Bar("MACs saved, times", 17.0, 19.5),),
        measure=_theory,
    ),
    Claim(
        name="shufflenet-alexnet-real",
        paper=citations.SHUFFLENET_V1,
        where="abstract",
        statement="ShuffleNet 0.5x is about 13 times faster than AlexNet on a phone (18 in theory)",
        experiment="shufflenet-v1-0.5x-g3 beside alexnet, float32; about: within a fifth, or more",
        kind="latency",
        bars=(Bar("speed-up", low=10.4),),
        measure=_alexnet,
    ),
    Claim(
        name="macs-overstate-speed",
        paper=citations.SHUFFLENET_V1,
        where="Actual Speedup Evaluation" + citations.QUOTED,
        statement="4 times fewer MACs are about 2.6 times less time (time ~ MACs^0.69)",
        experiment="shufflenet-v1 2.0x, 1.0x and 0.5x with g = 3; the exponent stays below 0.9",
        kind="latency",
        bars=(Bar("p in time ~ MACs^p", high=0.9),),
        measure=_exponent,
    ),
    Claim(
        name="shufflenet-2x-as-fast-as-mobilenet",
        paper=citations.SHUFFLENET_V1,
        where="Table 8" + citations.QUOTED,
        statement="ShuffleNet 2x (524 M MACs) takes 108.8 ms, MobileNet (569 M) 110.0 ms: as long",
        experiment="shufflenet-v1-2.0x-g3 beside mobilenet-v1-1.0-224, float32, within a tenth",
        kind="latency",
        bars=(Bar("time ratio", 0.9, 1.1),),
        measure=_mobilenet,
    ),
)
