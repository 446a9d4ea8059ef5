"""ShuffleNet: squeeze-and-excitation adds hardly any MACs, but time."""

from __future__ import annotations

from collections.abc import Iterator

from edgekit.study.claims import citations
from edgekit.study.claims.claim import Bar, Claim
from edgekit.study.claims.laboratory.base import Laboratory
from edgekit.study.claims.laboratory.specimen import Specimen
from edgekit.study.claims.measured import Measured, exact

_PLAIN, _GATED = Specimen("shufflenet-v1-2.0x-g3"), Specimen("shufflenet-v1-2.0x-g3-se")


def _measure(lab: Laboratory) -> Iterator[Measured]:
    more = lab.cost(_GATED).macs / lab.cost(_PLAIN).macs
    yield exact("MACs ratio", f"{_GATED.name} / {_PLAIN.name}", more)
    for found in lab.ratios((_PLAIN, _GATED), (_PLAIN.on("onnx"), _GATED.on("onnx"))):
        yield found.measured()


CLAIMS = (
    Claim(
        name="squeeze-excite-costs-time",
        paper=citations.SHUFFLENET_V1,
        where="Comparison with MobileNets and Other Frameworks" + citations.QUOTED,
        statement="squeeze-and-excitation hardly adds MACs, but 25 to 40 % to the time on a phone",
        experiment="shufflenet-v1-2.0x-g3 with and without it, float32",
        kind="latency",
        bars=(Bar("MACs ratio", high=1.01), Bar("time ratio", low=1.25)),
        measure=_measure,
    ),
)
