"""All that is to be measured on one target, in order: files of equal comparison take turns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgekit.devices import ModelFile, Target
from edgekit.devices.measuring import one_process
from edgekit.devices.measuring.one_process import Settings
from edgekit.devices.measuring.request import turns
from edgekit.errors import EdgekitError
from edgekit.study.store.cell import Cell
from edgekit.study.store.figures import figures_of
from edgekit.study.store.sqlite_file import Progressed, Store


@dataclass(frozen=True)
class Work:
    """A cell that is not over.

    Attributes:
        cell: what.
        file: where it is on this machine.
        settings: how.
        attempt: which; the first is 1.
        done: numbers of the processes that have answered.
    """

    cell: Cell
    file: Path
    settings: Settings
    attempt: int
    done: frozenset[int]

    @property
    def model_file(self) -> ModelFile:
        """The file, as it is measured."""
        cell = self.cell
        return ModelFile(self.file, cell.runtime, cell.model, cell.precision, cell.macs)


@dataclass(frozen=True)
class Job:
    """One process of one cell."""

    work: Work
    number: int


class Lane:
    """What is to be measured on one target.

    Args:
        name: of the target, as the user types it.
        target: the same.
        works: cells that are not over.
        store: where everything is kept.
    """

    def __init__(self, name: str, target: Target, works: Sequence[Work], store: Store) -> None:
        self.name, self.target, self.works = name, target, tuple(works)
        self._store = store
        self._over: set[str] = set()
        self._done = {work.cell.key: set(work.done) for work in works}

    @property
    def left(self) -> int:
        """Processes that are still to be started."""
        return sum(
            work.settings.children - len(self._done[work.cell.key])
            for work in self.works
            if work.cell.key not in self._over
        )

    def __iter__(self) -> Iterator[Job]:
        """Yield what to measure next, given what was kept and what failed meanwhile.

        Equal options, with the threads among them, and batch make a comparison: in each of its
        rounds every file has one process, in an order of its own.
        """
        groups: dict[tuple[str, int | None], list[Work]] = {}
        for work in self.works:
            groups.setdefault((work.cell.options, work.cell.batch), []).append(work)
        for group in groups.values():
            settings = group[0].settings
            seen = [0] * len(group)
            for place in turns(len(group), settings.children, settings.seed):
                work, number = group[place], seen[place]
                seen[place] += 1
                key_of = work.cell.key
                if key_of not in self._over and number not in self._done[key_of]:
                    yield Job(work, number)

    def keep(self, job: Job, answer: dict[str, Any], seconds: float) -> None:
        """Keep an answer; the last of a cell makes its result."""
        work = job.work
        self._store.keep(work.cell.key, work.attempt, job.number, answer, seconds)
        self._done[work.cell.key].add(job.number)
        self.conclude(work)

    def conclude(self, work: Work) -> None:
        """Add the result of a cell whose processes have all answered."""
        key = work.cell.key
        if len(self._done[key]) < work.settings.children:
            return
        cell = work.cell
        try:
            report = one_process.report_of(
                self.target,
                {
                    "file": str(cell.file),
                    "sha256": str(cell.file_sha256),
                    "size_bytes": cell.size_bytes or 0,
                    "model": cell.model,
                    "precision": cell.precision,
                    "macs": cell.macs,
                },
                work.settings,
                self._store.answers(key, work.attempt),
            )
        except EdgekitError as error:
            self._store.fail(key, work.attempt, error)
        else:
            self._store.finish(key, work.attempt, figures_of(report), report.to_json())
        self._over.add(key)

    def fail(self, job: Job, error: EdgekitError) -> None:
        """Keep a failure as the cell's result; its other processes are not started."""
        self._store.fail(job.work.cell.key, job.work.attempt, error)
        self._over.add(job.work.cell.key)


def attempt_of(
    found: Progressed, *, again: bool, retry_failures: bool
) -> tuple[int, frozenset[int]] | None:
    """Return the attempt to go on with, and what is done of it; None for a cell that is over."""
    if found.status is None:
        return max(found.attempt, 1), found.numbers
    if again or (retry_failures and found.status == "failed"):
        return found.attempt + 1, frozenset()
    return None
