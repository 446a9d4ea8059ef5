"""ShuffleNet: more groups at equal MACs."""

from __future__ import annotations

from collections.abc import Iterator

from edgekit.study.claims import citations
from edgekit.study.claims.claim import Bar, Claim
from edgekit.study.claims.laboratory import ratio
from edgekit.study.claims.laboratory.base import Laboratory
from edgekit.study.claims.laboratory.specimen import Specimen
from edgekit.study.claims.measured import Measured, exact

_NETS = {g: Specimen(f"shufflenet-v1-1.0x-g{g}") for g in (1, 2, 3, 4, 8)}


def _macs(lab: Laboratory) -> Iterator[Measured]:
    for net in _NETS.values():
        yield exact("MACs, millions", net.name, lab.cost(net).macs / 1e6)


def _time(lab: Laboratory) -> Iterator[Measured]:
    formats = ("tflite", "onnx")
    pairs = [(_NETS[3].on(f), _NETS[g].on(f)) for f in formats for g in (4, 8)]
    for found in lab.ratios(*pairs):
        macs = lab.cost(found.candidate).macs / lab.cost(found.base).macs
        yield found.measured("time ratio at equal MACs", ratio.over(macs))


CLAIMS = (
    Claim(
        name="shufflenet-groups-cost-the-same",
        paper=citations.SHUFFLENET_V1,
        where="Table 1" + citations.QUOTED,
        statement="with wider layers for more groups, g = 1 to 8 all cost about 140 M MACs",
        experiment="the MACs of the five shufflenet-v1-1.0x, within 5 % of 140 M",
        kind="exact",
        bars=(Bar("MACs, millions", 133.0, 147.0),),
        measure=_macs,
    ),
    Claim(
        name="many-groups-are-slower",
        paper=citations.SHUFFLENET_V1,
        where="Actual Speedup Evaluation" + citations.QUOTED,
        statement="g = 4 and 8 are less efficient than g = 3 at the same MACs",
        experiment="shufflenet-v1-1.0x with g = 4 and 8 beside g = 3, a MAC for a MAC, float32",
        kind="latency",
        bars=(Bar("time ratio at equal MACs", low=1.0),),
        measure=_time,
    ),
)
