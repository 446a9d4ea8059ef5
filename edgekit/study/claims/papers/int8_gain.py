"""What int8 gains: whole networks, and classes of layers."""

from __future__ import annotations

from collections.abc import Iterator

from edgekit.study.claims import citations
from edgekit.study.claims.claim import Bar, Claim
from edgekit.study.claims.laboratory import ratio
from edgekit.study.claims.laboratory.base import Laboratory
from edgekit.study.claims.laboratory.specimen import Specimen
from edgekit.study.claims.measured import Measured
from edgekit.study.claims.papers.depthwise_rate import DEPTHWISE, POINTWISE

_V1 = Specimen("mobilenet-v1-1.0-224")
_V2 = Specimen("mobilenet-v2-1.0-224")
_SHUFFLENET = Specimen("shufflenet-v1-1.0x-g3")
_MICRONET = Specimen("micronet-m0")
_NETS = (_V1, _V2, _SHUFFLENET, _MICRONET)


def _pair(net: Specimen, format_name: str = "tflite") -> tuple[Specimen, Specimen]:
    return net.on(format_name), net.on(format_name, "int8")


def _mobilenets(lab: Laboratory) -> Iterator[Measured]:
    for found in lab.ratios(_pair(_V1)):
        yield found.measured("speed-up", ratio.inverse)


def _less_for_v2(lab: Laboratory) -> Iterator[Measured]:
    found = lab.ratios(_pair(_V1), _pair(_V2))
    for first, second in zip(found[::2], found[1::2], strict=True):  # of one target each
        yield ratio.quotient(
            first, second, "speed-up of V2 over that of V1", f"{_V2.name} / {_V1.name}, int8"
        )


def _two_to_three(lab: Laboratory) -> Iterator[Measured]:
    for found in lab.ratios(*[_pair(net) for net in (_V1, _V2, _SHUFFLENET)]):
        yield found.measured("speed-up", ratio.inverse)


def _always(lab: Laboratory) -> Iterator[Measured]:
    for found in lab.ratios(*[_pair(net, f) for f in ("tflite", "onnx") for net in _NETS]):
        yield found.measured()


def _by_class(lab: Laboratory) -> Iterator[Measured]:
    found = lab.ratios(_pair(POINTWISE), _pair(DEPTHWISE))
    for pointwise, depthwise in zip(found[::2], found[1::2], strict=True):
        yield pointwise.measured("speed-up of 1x1 layers", ratio.inverse)
        yield depthwise.measured("speed-up of depthwise layers", ratio.inverse)
        yield ratio.quotient(
            pointwise,
            depthwise,
            "speed-up of depthwise layers over that of 1x1 layers",
            "512 channels at 14x14, int8",
        )


CLAIMS = (
    Claim(
        name="int8-gain-mobilenet-v1",
        paper=citations.HOSTED,
        where="table of quantized models",
        statement="MobileNetV1 1.0 224 takes 24.0 ms in float and 13 ms in 8 bits: 1.85 times",
        experiment="mobilenet-v1-1.0-224 int8 beside float32, LiteRT, one thread; within a fifth, "
        "or more",
        kind="latency",
        bars=(Bar("speed-up", low=1.48),),
        measure=_mobilenets,
    ),
    Claim(
        name="int8-gains-less-on-v2",
        paper=citations.HOSTED,
        where="table of quantized models",
        statement="8 bits gain MobileNetV2 1.46 times, MobileNetV1 1.85 times: 0.79 of it",
        experiment="int8 beside float32 of mobilenet-v1-1.0-224 and mobilenet-v2-1.0-224, LiteRT",
        kind="latency",
        bars=(Bar("speed-up of V2 over that of V1", high=0.95),),
        measure=_less_for_v2,
    ),
    Claim(
        name="int8-is-two-to-three-times-faster",
        paper=citations.WHITEPAPER,
        where="abstract",
        statement="quantized networks run 2 to 3 times faster than float on processors",
        experiment="int8 beside float32 of MobileNetV1, MobileNetV2 and ShuffleNetV1 1x, LiteRT; "
        "at least twice",
        kind="latency",
        bars=(Bar("speed-up", low=2.0),),
        measure=_two_to_three,
    ),
    Claim(
        name="int8-is-always-faster",
        paper=citations.SEED_NOTES,
        where="a common reading of the whitepaper",
        statement="int8 is faster than float32, whatever the network and the runtime",
        experiment="int8 beside float32 of MobileNetV1, MobileNetV2, ShuffleNetV1 1x and MicroNet-"
        "M0 on both runtimes",
        kind="latency",
        bars=(Bar("time ratio", high=1.0),),
        measure=_always,
    ),
    Claim(
        name="int8-gains-most-where-memory-bounds",
        paper=citations.SHIFT,
        where="its argument on memory access, applied to 8-bit numbers",
        statement="a memory-bound layer gains more from int8, a quarter of the bytes, than a "
        "compute-bound one",
        experiment="int8 beside float32 of eight depthwise and of two 1x1 layers, 14x14x512, "
        "LiteRT",
        kind="latency",
        bars=(Bar("speed-up of depthwise layers over that of 1x1 layers", low=1.0),),
        measure=_by_class,
    ),
)
