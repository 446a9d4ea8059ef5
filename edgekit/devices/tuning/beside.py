"""A form of a file beside another: by time on a device, by instructions on an emulated one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from edgekit.devices.measuring.comparison import CompareRequest, compare
from edgekit.devices.measuring.instruction_counts import CountRequest, count
from edgekit.devices.measuring.request import ModelFile, facts_of
from edgekit.devices.settings import CountSettings, MeasureSettings
from edgekit.devices.targets import CountingTarget, Target
from edgekit.progress import Progress

_LEAST_GAIN = 0.01
"""Of the instructions. Counts are the same in every process, up to 0.3 % on ONNX Runtime."""

_ONCE = CountSettings(children=1, num_runs=1, warmup_runs=1)


@dataclass(frozen=True)
class Beside:
    """What a form costs beside the base.

    Attributes:
        ratio: of its time or its instructions to the base's.
        is_less: whether it costs less beyond doubt.
        found: what a sidecar says of it.
    """

    ratio: float
    is_less: bool
    found: Mapping[str, Any]


class Measure(Protocol):
    """A way to tell which form costs less."""

    @property
    def is_exact(self) -> bool:
        """Whether a second measurement would give the same."""
        ...

    def beside(
        self, base: Path, forms: Mapping[str, Path], progress: Progress
    ) -> dict[str, Beside]:
        """Return what each form costs beside the base.

        Raises:
            EdgekitError: a file cannot be run there.
        """
        ...


@dataclass(frozen=True)
class Timed:
    """Measures all forms in turns.

    Attributes:
        settings: of each comparison.
        place: where the files run.
    """

    settings: MeasureSettings
    place: Target
    is_exact = False

    def beside(
        self, base: Path, forms: Mapping[str, Path], progress: Progress
    ) -> dict[str, Beside]:
        """Return the ratios of times; see `Measure`."""
        candidates = tuple(ModelFile(path) for path in forms.values())
        request = CompareRequest(ModelFile(base), candidates, self.settings, self.place)
        contrasts = compare(request, progress).contrasts
        return {
            name: Beside(
                each.ratio,
                each.verdict == "faster",
                {
                    "ratio": each.ratio,
                    "interval": list(each.interval),
                    "verdict": each.verdict,
                    "samples": each.samples,
                    "processes": each.processes,
                    "threads": self.settings.threads,
                    "target": self.place.name,
                },
            )
            for name, each in zip(forms, contrasts, strict=True)
        }


@dataclass(frozen=True)
class Counted:
    """Counts the instructions of one inference.

    Attributes:
        place: the emulated processor.
    """

    place: CountingTarget
    is_exact = True
    _known: dict[str, int] = field(default_factory=dict, repr=False)  # by the file's hash

    def beside(
        self, base: Path, forms: Mapping[str, Path], progress: Progress
    ) -> dict[str, Beside]:
        """Return the ratios of instructions; see `Measure`."""
        before = self._count(base, progress)
        return {name: self._one(path, before, progress) for name, path in forms.items()}

    def _one(self, path: Path, before: int, progress: Progress) -> Beside:
        now = self._count(path, progress)
        ratio = now / before
        is_less = ratio <= 1 - _LEAST_GAIN
        verdict = "fewer" if is_less else "more" if ratio >= 1 + _LEAST_GAIN else "same"
        found = {
            "ratio": ratio,
            "interval": [ratio, ratio],
            "verdict": verdict,
            "instructions": now,
            "instructions_before": before,
            "processes": 1,
            "threads": 1,
            "target": self.place.name,
        }
        return Beside(ratio, is_less, found)

    def _count(self, path: Path, progress: Progress) -> int:
        file = ModelFile(path)
        digest = facts_of(file)["sha256"]
        if digest not in self._known:
            (report,) = count(CountRequest((file,), self.place, _ONCE), progress)
            self._known[digest] = report.instructions
        return self._known[digest]


def measure_for(place: Target, settings: MeasureSettings) -> Measure:
    """Return how forms are measured on a target."""
    return Counted(place) if isinstance(place, CountingTarget) else Timed(settings, place)
