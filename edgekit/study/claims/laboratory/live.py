"""The laboratory that makes real files and measures them on this machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from edgekit import devices
from edgekit.devices import (
    Contrast,
    CountingTarget,
    CountReport,
    LatencyReport,
    MeasureSettings,
    ModelFile,
    Progress,
    Step,
)
from edgekit.devices.statistics import verdict
from edgekit.devices.stored_results import times
from edgekit.models import Count
from edgekit.progress import silent
from edgekit.study.claims.laboratory import making, settings
from edgekit.study.claims.laboratory.answers.layer_times import LayerTimes
from edgekit.study.claims.laboratory.answers.startup import StartUp
from edgekit.study.claims.laboratory.answers.work import OperatorWork
from edgekit.study.claims.laboratory.base import Session
from edgekit.study.claims.laboratory.ratio import Ratio
from edgekit.study.claims.laboratory.shared_times import SharedTimes
from edgekit.study.claims.laboratory.specimen import Specimen
from edgekit.study.claims.measured import LOCAL


@dataclass(frozen=True)
class LiveLaboratory:
    """Files from the cache, times of this machine, counts of emulated processors.

    Attributes:
        is_quick: measure shorter.
        data: folder of data sets.
        counting: emulated processors to count on beside.
        together: files that take turns in one measurement, as `together.groups` finds them.
        progress: told of every step.
    """

    is_quick: bool = False
    data: Path | None = None
    counting: tuple[CountingTarget, ...] = ()
    together: tuple[tuple[Specimen, ...], ...] = ()
    progress: Progress = silent
    _counted: dict[tuple[str, Path], CountReport] = field(default_factory=dict)
    _alone: dict[tuple[Specimen, int], LatencyReport] = field(default_factory=dict)
    _files: dict[Specimen, ModelFile] = field(default_factory=dict)

    @cached_property
    def _settings(self) -> MeasureSettings:
        return settings.QUICK if self.is_quick else settings.FULL

    @cached_property
    def _shared(self) -> SharedTimes:
        return SharedTimes(
            self.together, lambda some: self._made(*some), self._settings, self.progress
        )

    def cost(self, specimen: Specimen) -> Count:
        """Return parameters and multiply-accumulates."""
        return making.cost(specimen)

    def ratios(self, *pairs: tuple[Specimen, Specimen]) -> list[Ratio]:
        """Compare each pair; see `Laboratory.ratios`."""
        files = self._made(*(each for pair in pairs for each in pair))
        found = []
        for pair in pairs:
            contrast, runtimes = self._shared.contrast(pair)
            found.append(_ratio(pair, contrast, {"threads": "1", "runtime": runtimes}))
        for target in self.counting:
            found += [self._counted_ratio(pair, files, target) for pair in pairs]
        return found

    def thread_ratios(self, specimens: Sequence[Specimen], threads: int) -> list[Ratio]:
        """Return the time with threads over that with one; see `Laboratory.thread_ratios`."""
        self._measure_alone(specimens, (1, threads))
        ratios = []
        for each in specimens:
            one, many = (self._alone[each, count] for count in (1, threads))
            alone, together = (times.of_latency(report).timed for report in (one, many))
            contrast = verdict.of_apart(alone, together, threads, self._settings.seed)
            how = {"threads": f"{threads} / 1", "runtime": one.info.runtime_version}
            ratios.append(_ratio((each, each), contrast, how))
        return ratios

    def session_ratios(
        self, specimens: Sequence[Specimen], base: Session, candidate: Session
    ) -> list[Ratio]:
        """Compare two ways to run files; see `Laboratory.session_ratios`."""
        from edgekit.study.claims.laboratory import sessions

        paths = [file.path for file in self._made(*specimens).values()]
        self.progress(Step(f"comparing {candidate} with {base}"))
        contrasts = sessions.contrasts(paths, base, candidate, self._settings)
        how = {"threads": "1", "ways": f"{candidate} / {base}"}
        return [
            _ratio((each, each), found, how)
            for each, found in zip(specimens, contrasts, strict=True)
        ]

    def layer_times(self, specimen: Specimen) -> list[LayerTimes]:
        """Profile a file; see `Laboratory.layer_times`."""
        chosen = settings.QUICK_PROFILE if self.is_quick else settings.FULL_PROFILE
        request = devices.ProfileRequest((self._made(specimen)[specimen],), (chosen,))
        (report,) = devices.profile(request, self.progress)
        return [
            LayerTimes(
                specimen.runtime,
                {name: cost.time_ms for name, cost in one.classes.items()},
                {name: cost.macs for name, cost in one.classes.items()},
            )
            for run in report.runs
            for one in (replace(report, runs=(run,)),)
        ]

    def work(self, specimen: Specimen) -> list[OperatorWork]:
        """Read a .tflite file's operators; see `Laboratory.work`."""
        from edgekit.modelfile import tflite_operators  # imports LiteRT's package

        model = tflite_operators.read(self._made(specimen)[specimen].path)
        operators = (
            tflite_operators.operator_of(model, node) for node in model.subgraphs[0].operators
        )
        return [OperatorWork(each.macs, each.size_bytes) for each in operators]

    def startup(self, specimen: Specimen) -> list[StartUp]:
        """Load and run a file in fresh processes; see `Laboratory.startup`."""
        self._measure_alone((specimen,), (1,))
        runs = self._alone[specimen, 1].runs
        return [StartUp(run.load_ms, run.first_run_ms, run.median_ms) for run in runs]

    def _measure_alone(self, specimens: Sequence[Specimen], threads: Sequence[int]) -> None:
        """Measure files in processes of their own, each once for a number of threads."""
        todo = [each for each in specimens if any((each, n) not in self._alone for n in threads)]
        if not todo:
            return
        how = tuple(replace(self._settings, threads=count) for count in threads)
        request = devices.MeasureRequest(tuple(self._made(*todo).values()), how)
        keys = [(each, count) for count in threads for each in todo]
        reports = devices.measure(request, self.progress)
        self._alone.update(zip(keys, reports, strict=True))

    def _made(self, *specimens: Specimen) -> dict[Specimen, ModelFile]:
        todo = [each for each in specimens if each not in self._files]
        self._files.update(making.made(todo, lambda line: self.progress(Step(line))))
        return {each: self._files[each] for each in dict.fromkeys(specimens)}

    def _counted_ratio(
        self,
        pair: tuple[Specimen, Specimen],
        files: Mapping[Specimen, ModelFile],
        target: CountingTarget,
    ) -> Ratio:
        base, candidate = (self._count(files[each], target) for each in pair)
        value = candidate.instructions / base.instructions
        spread = sum(settings.COUNT_SPREAD[each.format] for each in pair)
        moved = [each.counts.load_bytes + each.counts.store_bytes for each in (base, candidate)]
        return Ratio(
            *pair,
            value,
            (value * (1 - spread), value * (1 + spread)),
            target=target.name,
            conditions={
                "of": "executed instructions",
                "bytes loaded and stored": f"{moved[1] / moved[0]:.3f}",
                "runtime": candidate.info.runtime_version,
            },
        )

    def _count(self, file: ModelFile, target: CountingTarget) -> CountReport:
        key = (target.name, file.path)
        if key not in self._counted:
            request = devices.CountRequest((file,), target, settings.COUNTED)
            (self._counted[key],) = devices.count(request, self.progress)
        return self._counted[key]


def _ratio(
    pair: tuple[Specimen, Specimen], contrast: Contrast, conditions: Mapping[str, str]
) -> Ratio:
    how = {"clock": contrast.clock, "processes": str(contrast.processes)}
    return Ratio(
        *pair,
        contrast.ratio,
        contrast.interval,
        contrast.samples,
        LOCAL,
        {
            **conditions,
            **how,
            "times ms": f"{contrast.candidate_ms:.4g} / {contrast.base_ms:.4g}",
        },
    )
