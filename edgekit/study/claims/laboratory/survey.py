"""A laboratory that only notes what experiments will ask for.

So all files can be made first, by all processors at once, and no processor is busy with them while
times are taken; and what several experiments compare is known before the first is made.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from edgekit.models import Count
from edgekit.study.claims.laboratory.answers.layer_times import LayerTimes
from edgekit.study.claims.laboratory.answers.startup import StartUp
from edgekit.study.claims.laboratory.answers.work import OperatorWork
from edgekit.study.claims.laboratory.base import Experiment, Session
from edgekit.study.claims.laboratory.ratio import Ratio
from edgekit.study.claims.laboratory.specimen import Specimen
from edgekit.study.claims.laboratory.together import Pair


@dataclass(frozen=True)
class Survey:
    """Answers everything with numbers of no meaning.

    Attributes:
        wanted: the files asked for.
        compared: the pairs that shall take turns, in the order asked for.
    """

    is_quick: bool = True
    data: Path | None = None
    wanted: set[Specimen] = field(default_factory=set)
    compared: list[Pair] = field(default_factory=list)

    def cost(self, specimen: Specimen) -> Count:
        """Return a number that differs between networks."""
        number = 1 + sum(map(ord, specimen.name))
        return Count(params=number, macs=number)

    def ratios(self, *pairs: tuple[Specimen, Specimen]) -> list[Ratio]:
        """Note the files of all pairs."""
        self.wanted.update(each for pair in pairs for each in pair)
        self.compared.extend(pairs)
        return [_no_ratio(*pair) for pair in pairs]

    def thread_ratios(self, specimens: Sequence[Specimen], threads: int) -> list[Ratio]:  # noqa: ARG002
        """Note the files."""
        self.wanted.update(specimens)
        return [_no_ratio(each, each) for each in specimens]

    def session_ratios(
        self,
        specimens: Sequence[Specimen],
        base: Session,  # noqa: ARG002
        candidate: Session,  # noqa: ARG002
    ) -> list[Ratio]:
        """Note the files."""
        self.wanted.update(specimens)
        return [_no_ratio(each, each) for each in specimens]

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


def of(experiments: Iterable[Experiment], *, is_quick: bool) -> Survey:
    """Return what experiments will ask for; one that fails here will say so when it is its turn."""
    survey = Survey(is_quick)
    for experiment in experiments:
        with suppress(Exception):
            list(experiment(survey))
    return survey


def _no_ratio(base: Specimen, candidate: Specimen) -> Ratio:
    value = 1.0 + 1e-6 * len(candidate.name)  # networks differ, or there is nothing to rank
    return Ratio(base, candidate, value, (value, value))
