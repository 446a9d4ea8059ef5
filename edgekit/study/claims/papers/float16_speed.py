"""Half precision: twice as fast?"""

from __future__ import annotations

from collections.abc import Iterator

from edgekit.study.claims import citations
from edgekit.study.claims.claim import Bar, Claim
from edgekit.study.claims.laboratory import ratio
from edgekit.study.claims.laboratory.base import Laboratory
from edgekit.study.claims.laboratory.specimen import Specimen
from edgekit.study.claims.measured import Measured

_NETS = tuple(
    Specimen(name) for name in ("mobilenet-v1-1.0-224", "shufflenet-v1-1.0x-g3", "micronet-m0")
)


def _measure(lab: Laboratory) -> Iterator[Measured]:
    for found in lab.ratios(*[(each, each.on("tflite", "float16-compute")) for each in _NETS]):
        yield found.measured("speed-up", ratio.inverse)


CLAIMS = (
    Claim(
        name="float16-doubles-speed",
        paper=citations.XNNPACK_BLOG,
        where="headline; on Armv8.2 with half-precision arithmetic",
        statement="half precision doubles the speed of float networks on processors",
        experiment="files with leave for float16 arithmetic beside float32, LiteRT; at least 1.8 "
        "times. A processor without that arithmetic computes them in float32",
        kind="latency",
        bars=(Bar("speed-up", low=1.8),),
        measure=_measure,
    ),
)
