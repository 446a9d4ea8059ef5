"""Times of files that took turns, measured once for all the claims that look at them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from edgekit import devices
from edgekit.devices import Comparison, Contrast, MeasureSettings, ModelFile, Progress
from edgekit.devices.statistics import verdict
from edgekit.errors import EdgekitError
from edgekit.study.claims.laboratory.specimen import Specimen
from edgekit.study.claims.laboratory.together import Pair

Maker = Callable[[Sequence[Specimen]], Mapping[Specimen, ModelFile]]
"""Makes files, or raises."""


class SharedTimes:
    """Compares pairs of files with one thread.

    Args:
        groups: files that take turns in one measurement; a pair of no group is measured alone.
        maker: makes the files.
        settings: how to measure.
        progress: told before each process.
    """

    def __init__(
        self,
        groups: Sequence[Sequence[Specimen]],
        maker: Maker,
        settings: MeasureSettings,
        progress: Progress,
    ) -> None:
        self._groups, self._maker = groups, maker
        self._settings, self._progress = settings, progress
        self._done: list[tuple[Sequence[Specimen], Comparison]] = []

    def contrast(self, pair: Pair) -> tuple[Contrast, str]:
        """Return the candidate beside the base, and the versions of their runtimes.

        Raises:
            EdgekitError: one of the two cannot be made or measured; what others of their group
                lack stops nothing.
        """
        files, found = self._measured(pair)
        base, candidate = (files.index(each) for each in pair)
        versions = [found.subjects[each].info.runtime_version for each in (candidate, base)]
        contrast = verdict.of_turns(
            found.timed(base), found.timed(candidate), 1, self._settings.seed
        )
        return contrast, " / ".join(dict.fromkeys(versions))

    def _measured(self, pair: Pair) -> tuple[Sequence[Specimen], Comparison]:
        for files, found in self._done:
            if set(pair) <= set(files):
                return files, found
        self._maker(pair)  # says what these lack before others are looked at
        group = next((each for each in self._groups if set(pair) <= set(each)), pair)
        try:
            self._measure([each for each in group if each in pair or self._can_be_made(each)])
        except EdgekitError:
            if set(group) == set(pair):
                raise
            self._measure(pair)
        return self._done[-1]

    def _measure(self, specimens: Sequence[Specimen]) -> None:
        base, *others = self._maker(specimens).values()
        request = devices.CompareRequest(base, tuple(others), self._settings)
        self._done.append((specimens, devices.compare(request, self._progress)))

    def _can_be_made(self, specimen: Specimen) -> bool:
        try:
            self._maker((specimen,))
        except EdgekitError:
            return False
        return True
