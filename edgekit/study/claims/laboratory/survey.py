"""A laboratory that only notes which files experiments will ask for, so that all can be made first.

Files are made by all processors at once, and no processor is busy with them while times are taken.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from edgekit.models import Count
from edgekit.study.claims.laboratory.base import Experiment, Session
from edgekit.study.claims.laboratory.layer_times import LayerTimes
from edgekit.study.claims.laboratory.ratio import Ratio
from edgekit.study.claims.laboratory.specimen import Specimen
from edgekit.study.claims.laboratory.startup import StartUp
from edgekit.study.claims.laboratory.work import OperatorWork


@dataclass(frozen=True)
class Survey:
    """Answers everything with numbers of no meaning.

    Attributes:
        wanted: the files asked for.
    """

    is_quick: bool = True
    data: Path | None = None
    wanted: set[Specimen] = field(default_factory=set)

    def cost(self, specimen: Specimen) -> Count:
        """Return a number that differs between networks."""
        number = 1 + sum(map(ord, specimen.name))
        return Count(params=number, macs=number)

    def ratios(self, *pairs: tuple[Specimen, Specimen]) -> list[Ratio]:
        """Note the files of all pairs."""
        self.wanted.update(each for pair in pairs for each in pair)
        return [_no_ratio(*pair) for pair in pairs]

    def thread_ratios(self, specimens: Sequence[Specimen], threads: int) -> list[Ratio]:  # noqa: ARG002
        """Note the files."""
        self.wanted.update(specimens)
        return [_no_ratio(each, each) for each in specimens]

    def session_ratio(self, specimen: Specimen, base: Session, candidate: Session) -> Ratio:  # noqa: ARG002
        """Note the file."""
        self.wanted.add(specimen)
        return _no_ratio(specimen, specimen)

    def layer_times(self, specimen: Specimen) -> list[LayerTimes]:
        """Note the file."""
        self.wanted.add(specimen)
        return 2 * [LayerTimes(specimen.runtime, {"1x1 convolution": 1.0}, {})]

    def work(self, specimen: Specimen) -> list[OperatorWork]:
        """Note the file."""
        self.wanted.add(specimen)
        return [OperatorWork(1000 * sum(map(ord, specimen.name)), 1)]

    def startup(self, specimen: Specimen) -> list[StartUp]:
        """Note the file."""
        self.wanted.add(specimen)
        return 2 * [StartUp(1.0, 1.0, 1.0)]


def files_of(experiments: Iterable[Experiment]) -> set[Specimen]:
    """Return the files that experiments will ask for."""
    survey = Survey()
    for experiment in experiments:
        list(experiment(survey))
    return survey.wanted


def _no_ratio(base: Specimen, candidate: Specimen) -> Ratio:
    value = 1.0 + 1e-6 * len(candidate.name)  # networks differ, or there is nothing to rank
    return Ratio(base, candidate, value, (value, value))
