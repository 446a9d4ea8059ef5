"""The result of comparing files that took turns: raw samples kept, ratios and doubts derived."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property

from edgekit.devices.reports.issues import files, machine, times
from edgekit.devices.reports.issues.issue import Issue, doubts_first
from edgekit.devices.settings import MeasureSettings
from edgekit.devices.statistics import verdict
from edgekit.devices.statistics.ratio import Timed
from edgekit.devices.statistics.verdict import Contrast
from edgekit.files import documents
from edgekit.runtimes import ModelInfo
from edgekit.runtimes.machine import Conditions, Machine
from edgekit.runtimes.timing import Block, TimeSamples, WarmUp

SCHEMA = "edgekit.comparison"
SCHEMA_VERSION = 3


@dataclass(frozen=True)
class ComparedFile:
    """One of the files compared.

    Attributes:
        file: its path as it was given.
        sha256: hash of its content.
        size_bytes: its size.
        model: name of the model, if known.
        precision: precision of the file, if known.
        macs: multiply-accumulates of one run, if known.
        info: the file as the runtime describes it, with the runtime's version.
    """

    file: str
    sha256: str
    size_bytes: int
    model: str | None
    precision: str | None
    macs: int | None
    info: ModelInfo


@dataclass(frozen=True)
class Turns:
    """What one process measured, in which all the files took turns.

    Attributes:
        blocks: in the order taken; a round is one block of each file and then one of each again.
        warm_ups: how the untimed runs before went, one a file.
        outputs_sha256: hash of what each file computed from the seeded inputs.
        cooled_secs: how long the process waited for the machine to cool down first.
        connections_lost: as in `edgekit.devices.Run`.
        before: the machine's state when the process then started.
        after: the machine's state when it had finished.
    """

    blocks: tuple[Block, ...]
    warm_ups: tuple[WarmUp, ...]
    outputs_sha256: tuple[str, ...]
    cooled_secs: float
    connections_lost: int
    before: Conditions
    after: Conditions

    def __post_init__(self) -> None:
        per_round = 2 * len(self.warm_ups)
        if not self.blocks or len(self.blocks) % per_round:
            raise ValueError(f"{len(self.blocks)} blocks make no whole rounds of {per_round}")
        twice = sorted(2 * list(range(len(self.warm_ups))))
        for start in range(0, len(self.blocks), per_round):
            if sorted(b.file for b in self.blocks[start : start + per_round]) != twice:
                raise ValueError("a round has two blocks of each file")

    def timed(self, file: int) -> Timed:
        """Return the samples of one file, round by round."""
        return joined_rounds(self.blocks, file)


@dataclass(frozen=True)
class Comparison:
    """How long candidates take beside a base, on one machine.

    Attributes:
        subjects: the base and then the candidates.
        target: name of the target they ran on.
        edgekit_version: version that measured.
        settings: how it was measured.
        machine: the machine it ran on.
        runs: what each process measured, in order.
    """

    subjects: tuple[ComparedFile, ...]
    target: str
    edgekit_version: str
    settings: MeasureSettings
    machine: Machine
    runs: tuple[Turns, ...]

    def __post_init__(self) -> None:
        if len(self.runs) != self.settings.children:
            raise ValueError(f"{len(self.runs)} runs, but {self.settings.children} children")
        if len(self.subjects) < 2 or {len(r.warm_ups) for r in self.runs} != {len(self.subjects)}:
            raise ValueError("a comparison has a base and candidates, and each run has them all")

    @property
    def base(self) -> ComparedFile:
        """What the candidates are compared with."""
        return self.subjects[0]

    @property
    def candidates(self) -> tuple[ComparedFile, ...]:
        """The other files."""
        return self.subjects[1:]

    @cached_property
    def contrasts(self) -> tuple[Contrast, ...]:
        """Each candidate beside the base."""
        base, *candidates = [self.timed(number) for number in range(len(self.subjects))]
        settings = self.settings
        return tuple(
            verdict.of_turns(base, each, settings.threads, settings.seed) for each in candidates
        )

    @cached_property
    def issues(self) -> tuple[Issue, ...]:
        """What makes this result doubtful, doubts first."""
        settings, starts = self.settings, [run.before for run in self.runs]
        return doubts_first(
            times.clocks({each.clock for each in self.contrasts}),
            times.warm_up([all(up.stationary for up in run.warm_ups) for run in self.runs]),
            machine.governor(starts),
            machine.load(starts, self.machine, settings.threads),
            machine.heat(starts, max(run.cooled_secs for run in self.runs)),
            machine.clock([run.after for run in self.runs]),
            *(
                files.outputs_differ(each.file, [run.outputs_sha256[number] for run in self.runs])
                for number, each in enumerate(self.subjects)
            ),
            times.timer(min(min(each.base_ms, each.candidate_ms) for each in self.contrasts)),
            files.runtimes([each.info for each in self.subjects]),
            machine.connection(sum(run.connections_lost for run in self.runs)),
            machine.virtual_machine(self.machine),
        )

    def timed(self, number: int) -> list[Timed]:
        """Return what each process measured of one subject."""
        return [run.timed(number) for run in self.runs]

    def to_json(self) -> str:
        """Return the comparison as one JSON document; ``summary`` is for other readers."""
        summary = {
            "contrasts": [each.summary() for each in self.contrasts],
            "issues": [asdict(issue) for issue in self.issues],
        }
        head = {"schema": SCHEMA, "schema_version": SCHEMA_VERSION, "summary": summary}
        return json.dumps({**head, **asdict(self)}, allow_nan=False)


def from_json(text: str) -> Comparison:
    """Read a comparison that `Comparison.to_json` wrote; its ``summary`` is derived anew.

    Raises:
        RefusedError: the text is no comparison, is of another version, or is damaged.
    """
    return documents.read_document(Comparison, text, SCHEMA, SCHEMA_VERSION, "comparison")


def joined_rounds(blocks: Sequence[Block], file: int) -> Timed:
    """Return the samples of one file of a process's blocks, two of which make a round."""
    samples = [block.samples for block in blocks if block.file == file]
    pairs = zip(samples[::2], samples[1::2], strict=True)
    return Timed(tuple(_joined(first, second) for first, second in pairs))


def _joined(first: TimeSamples, second: TimeSamples) -> TimeSamples:
    return TimeSamples(
        first.wall_ns + second.wall_ns,
        first.cpu_ns + second.cpu_ns,
        first.involuntary_switches + second.involuntary_switches,
    )
