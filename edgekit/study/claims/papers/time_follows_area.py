"""ShuffleNet's table of phone times: larger images."""

from __future__ import annotations

from collections.abc import Iterator

from edgekit.study.claims import citations
from edgekit.study.claims.claim import Bar, Claim
from edgekit.study.claims.laboratory import ratio
from edgekit.study.claims.laboratory.base import Laboratory
from edgekit.study.claims.laboratory.specimen import Specimen
from edgekit.study.claims.measured import Measured

_LARGE = (1, 3, 480, 640)
_AREA = 480 * 640 / 224**2


def _measure(lab: Laboratory) -> Iterator[Measured]:
    names = ("shufflenet-v1-1.0x-g3", "mobilenet-v1-1.0-224")
    for found in lab.ratios(*[(Specimen(each), Specimen(each, shape=_LARGE)) for each in names]):
        yield found.measured("p in time ~ area^p", ratio.exponent(_AREA))


CLAIMS = (
    Claim(
        name="time-follows-area",
        paper=citations.SHUFFLENET_V1,
        where="Table 8" + citations.QUOTED,
        statement="from 224x224 to 480x640 (6.1 times the area) the time grows 5.6 to 5.9 times",
        experiment="shufflenet-v1-1.0x-g3 and mobilenet-v1-1.0-224 at both sizes, LiteRT float32",
        kind="latency",
        bars=(Bar("p in time ~ area^p", 0.9, 1.1),),
        measure=_measure,
    ),
)
