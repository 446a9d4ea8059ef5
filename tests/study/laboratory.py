"""A laboratory that measures nothing: every ratio is what the test says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from edgekit.models import Count
from edgekit.study.claims.laboratory.answers.layer_times import LayerTimes
from edgekit.study.claims.laboratory.answers.startup import StartUp
from edgekit.study.claims.laboratory.answers.work import OperatorWork
from edgekit.study.claims.laboratory.base import Session
from edgekit.study.claims.laboratory.ratio import Ratio
from edgekit.study.claims.laboratory.specimen import Specimen


@dataclass
class FakeLaboratory:
    """Notes what is asked for."""

    ratio: float = 1.0
    width: float = 0.01
    targets: tuple[str, ...] = ("local",)
    is_quick: bool = True
    data: Path | None = None
    asked: set[Specimen] = field(default_factory=set)

    def cost(self, specimen: Specimen) -> Count:
        self.asked.add(specimen)
        number = sum(map(ord, specimen.name))  # networks differ
        return Count(params=1_000 * number, macs=100_000 * number)

    def ratios(self, *pairs: tuple[Specimen, Specimen]) -> list[Ratio]:
        assert pairs
        self.asked.update(each for pair in pairs for each in pair)
        return [self._ratio(*pair, target) for target in self.targets for pair in pairs]

    def thread_ratios(self, specimens: Sequence[Specimen], threads: int) -> list[Ratio]:
        assert threads > 1
        self.asked.update(specimens)
        return [self._ratio(each, each) for each in specimens]

    def session_ratios(
        self, specimens: Sequence[Specimen], base: Session, candidate: Session
    ) -> list[Ratio]:
        assert base != candidate
        self.asked.update(specimens)
        return [self._ratio(each, each) for each in specimens]

    def layer_times(self, specimen: Specimen) -> list[LayerTimes]:
        self.asked.add(specimen)
        times = {"1x1 convolution": 9.0, "depthwise": 1.0}
        return [LayerTimes(specimen.runtime, times, {"1x1 convolution": 10}) for _ in range(3)]

    def work(self, specimen: Specimen) -> list[OperatorWork]:
        self.asked.add(specimen)
        return [OperatorWork(1000 * sum(map(ord, specimen.name)), 10)]

    def startup(self, specimen: Specimen) -> list[StartUp]:
        self.asked.add(specimen)
        return [StartUp(5.0, 2.0, 1.0), StartUp(6.0, 2.0, 1.0), StartUp(5.0, 3.0, 1.0)]

    def _ratio(self, base: Specimen, candidate: Specimen, target: str = "local") -> Ratio:
        # Networks differ, or there would be nothing to rank.
        value = self.ratio * (1 + 1e-6 * len(candidate.name))
        low, high = value * (1 - self.width), value * (1 + self.width)
        return Ratio(base, candidate, value, (low, high), 100, target, {"clock": "none"})
