"""Pairs of networks whose published times are known."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from edgekit.study.claims import citations
from edgekit.study.claims.claim import Bar, Claim
from edgekit.study.claims.laboratory import ratio
from edgekit.study.claims.laboratory.base import Laboratory
from edgekit.study.claims.laboratory.specimen import Specimen
from edgekit.study.claims.measured import Measured, exact

_V1 = Specimen("mobilenet-v1-1.0-224")
_V1_HALF = Specimen("mobilenet-v1-0.5-224")
_V2 = Specimen("mobilenet-v2-1.0-224")
_V3_SMALL = Specimen("mobilenet-v3-small-1.0")
_RESNET = Specimen("resnet-18")


def _beside(base: Specimen, candidate: Specimen) -> Callable[[Laboratory], Iterator[Measured]]:
    def measure(lab: Laboratory) -> Iterator[Measured]:
        macs = lab.cost(candidate).macs / lab.cost(base).macs
        yield exact("MACs ratio", f"{candidate.name} / {base.name}", macs)
        for found in lab.ratios((base, candidate), (base.on("onnx"), candidate.on("onnx"))):
            yield found.measured()

    return measure


def _width(lab: Laboratory) -> Iterator[Measured]:
    saved = lab.cost(_V1).macs / lab.cost(_V1_HALF).macs
    for found in lab.ratios((_V1, _V1_HALF), (_V1.on("onnx"), _V1_HALF.on("onnx"))):
        yield found.measured("speed-up", ratio.inverse)
        yield found.measured("speed-up over MACs saved", lambda r: 1 / r / saved)


CLAIMS = (
    Claim(
        name="mobilenet-v2-is-faster-than-v1",
        paper=citations.HOSTED,
        where="tables of float models",
        statement="MobileNetV2 takes 17.5 ms where MobileNetV1 takes 24.0: 0.73 of it, with 0.53 "
        "of the MACs",
        experiment="mobilenet-v2-1.0-224 beside mobilenet-v1-1.0-224, float32; 0.73 within a fifth",
        kind="latency",
        bars=(Bar("time ratio", 0.58, 0.88),),
        measure=_beside(_V1, _V2),
    ),
    Claim(
        name="half-width-is-three-times-faster",
        paper=citations.HOSTED,
        where="table of float models",
        statement="MobileNetV1 0.5 has 3.8 times fewer MACs than 1.0 and is 3.0 times faster (7.9 "
        "and 24.0 ms)",
        experiment="mobilenet-v1-0.5-224 beside mobilenet-v1-1.0-224, float32; 3.0 within a fifth",
        kind="latency",
        bars=(Bar("speed-up", 2.4, 3.6),),
        measure=_width,
    ),
    Claim(
        name="resnet-18-takes-four-mobilenets",
        paper=citations.CONDENSENET,
        where="table of times on an ARM processor",
        statement="ResNet-18 takes 8.14 s and MobileNet 1.96 s: 4.15 times",
        experiment="resnet-18 beside mobilenet-v1-1.0-224, float32; 4.15 within a fifth",
        kind="latency",
        bars=(Bar("time ratio", 3.3, 5.0),),
        measure=_beside(_V1, _RESNET),
    ),
    Claim(
        name="ten-times-fewer-macs-same-time",
        paper="timm, benchmark-infer-fp32-nchw-pt240-cpu-i9_10940x-dynamo.csv",
        where="rows mobilenetv1_100 and mobilenetv3_small_100",
        statement="MobileNetV3-Small (0.06 G MACs) takes as long as MobileNetV1 (0.58 G): 3.99 and "
        "4.01 ms",
        experiment="mobilenet-v3-small-1.0 beside mobilenet-v1-1.0-224, float32; within a fifth",
        kind="latency",
        bars=(Bar("time ratio", 0.8, 1.2),),
        measure=_beside(_V1, _V3_SMALL),
    ),
)
