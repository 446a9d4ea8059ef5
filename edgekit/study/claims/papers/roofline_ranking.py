"""MobileNetV4: a roofline of two numbers predicts which network is faster."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from edgekit.study.claims import citations
from edgekit.study.claims.claim import Bar, Claim
from edgekit.study.claims.laboratory import ratio
from edgekit.study.claims.laboratory.answers.work import OperatorWork
from edgekit.study.claims.laboratory.base import Laboratory
from edgekit.study.claims.laboratory.specimen import Specimen
from edgekit.study.claims.measured import Measured

_NETS = tuple(
    Specimen(name)
    for name in (
        "mobilenet-v1-1.0-224", "mobilenet-v1-0.5-224", "mobilenet-v2-1.0-224",
        "mobilenet-v3-small-1.0", "shufflenet-v1-1.0x-g3", "shufflenet-v1-0.5x-g3",
        "shufflenet-v1-2.0x-g3", "resnet-18", "micronet-m0", "micronet-m3",
    )
)  # fmt: skip
_RIDGES = (1, 2, 5, 10, 20, 50, 100, 200, 500)
"""MACs a byte; the paper sweeps the ridge point as this does."""


def _time(operators: Sequence[OperatorWork], ridge: float) -> float:
    """Return a network's time in bytes: each operator's, or its MACs' worth, whichever is more."""
    return sum(max(each.macs / ridge, each.size_bytes) for each in operators)


def _measure(lab: Laboratory) -> Iterator[Measured]:
    base, *others = _NETS
    work = [lab.work(each) for each in _NETS]
    found = lab.ratios(*[(base, each) for each in others])
    for target in dict.fromkeys(each.target for each in found):
        of_target = [each for each in found if each.target == target]
        times = [1.0, *(each.value for each in of_target)]
        by_ridge = [[_time(each, ridge) for each in work] for ridge in _RIDGES]
        best = max(by_ridge, key=lambda roofline: ratio.spearman(roofline, times))
        value, interval = ratio.rank_correlation(best, times)
        yield Measured(
            "Spearman's correlation",
            f"roofline and measured time of {len(times)} networks on LiteRT, float32",
            value,
            interval,
            sum(each.samples for each in of_target),
            target,
            {**of_target[0].conditions, "interval": "bootstrap over the networks"},
        )


CLAIMS = (
    Claim(
        name="roofline-predicts-the-ranking",
        paper=citations.MOBILENET_V4,
        where="section 3" + citations.QUOTED,
        statement="a roofline with one ridge point ranks networks by latency",
        experiment="MACs and bytes of each operator of ten networks, the ridge point between 1 and "
        "500 MACs a byte that ranks best, LiteRT float32; Spearman's at least 0.8",
        kind="latency",
        bars=(Bar("Spearman's correlation", low=0.8),),
        measure=_measure,
    ),
)
