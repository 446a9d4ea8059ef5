"""The room's first door: measure what the store lacks of a grid."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from edgekit import devices
from edgekit.devices import Target
from edgekit.devices.measuring import one_process
from edgekit.errors import EdgekitError
from edgekit.files.documents import Document
from edgekit.study.grid.plan import Plan
from edgekit.study.grid.point import Point, Subject
from edgekit.study.store import accuracy, sqlite_file
from edgekit.study.store.accuracy import JudgedFile
from edgekit.study.store.cell import Cell, cell_of
from edgekit.study.store.place import Place
from edgekit.study.store.sqlite_file import Progressed, Store
from edgekit.study.sweep import model_files
from edgekit.study.sweep.engine import Engine, LocalEngine, Resolve
from edgekit.study.sweep.lane import Lane, Work, attempt_of
from edgekit.study.sweep.model_files import FileTask, MadeFiles
from edgekit.study.sweep.time_left import TimeLeft, in_words

Say = Callable[[str], None]


@dataclass(frozen=True)
class SweepRequest:
    """A grid to measure, and the store that it goes to.

    Attributes:
        plan: the grid.
        store: path of the store; made if it is not there.
        engine: who does the work.
        resolve: from a target's name to the target.
        again: measure every cell anew; what was measured stays in the store.
        retry_failures: likewise those cells alone whose last result is a failure.
    """

    plan: Plan
    store: Path
    engine: Engine = LocalEngine()  # noqa: RUF009 -- it holds nothing
    resolve: Resolve = devices.resolve_target
    again: bool = False
    retry_failures: bool = False


@dataclass(frozen=True)
class SweepResult(Document):
    """How a sweep ended.

    Attributes:
        store: path of the store.
        cells: of the grid.
        measured: that came to an end now.
        known: that had been measured before.
        failed: whose last result is a failure.
        keys: of all cells of the grid, in its order.
    """

    schema = "edgekit.sweep"
    schema_version = 1

    store: Path
    cells: int
    measured: int
    known: int
    failed: int
    keys: tuple[str, ...]


def sweep(request: SweepRequest, say: Say = lambda _: None) -> SweepResult:
    """Measure every cell of a grid that the store does not have yet.

    Killed at any moment and started again, it goes on with the process that was cut short.

    Args:
        request: what, where to and by whom.
        say: takes a short line before each step.

    Raises:
        UsageError: a target cannot be used in a sweep.
        EnvironmentMissingError: a target does not answer, or the lock cannot be had.
        RefusedError: the store is in use, or is none.
        StorageError: the store cannot be written.
    """
    plan, engine = request.plan, request.engine
    points = plan.points
    targets = {name: request.resolve(name) for name in plan.targets}
    for point in points:
        one_process.settings_for(targets[point.target], plan.settings(point.threads))
    images_id = None if plan.accuracy is None else accuracy.data_id(plan.accuracy)
    with sqlite_file.opened(request.store) as kept:
        say("asking the targets")
        places = engine.places(plan.targets, request.resolve)
        before = kept.progressed()
        made = _files(request, points, targets, places, before, say)
        cells = _cells(points, made, plan, targets, places)
        kept.register([cell for cell, _ in cells])
        progressed = kept.progressed()
        lanes = _lanes(request, cells, targets, progressed, kept)
        watch = TimeLeft(lanes, kept.seconds(), say, is_parallel=engine.is_parallel)
        engine.measure(lanes, request.resolve, watch.begin)
        if plan.accuracy is not None and images_id is not None:
            say("evaluating")
            todo = _to_judge(cells, kept, images_id, retry=request.retry_failures)
            for found in engine.evaluate(todo, plan.accuracy, images_id):
                kept.add_accuracy(found)
        after = kept.progressed()
    keys = tuple(cell.key for cell, _ in cells)
    known = [key for key in keys if before.get(key, Progressed()) == after[key]]
    return SweepResult(
        store=request.store,
        cells=len(keys),
        measured=len(keys) - len(known),
        known=len(known),
        failed=sum(after[key].status == "failed" for key in keys),
        keys=keys,
    )


def _files(
    request: SweepRequest,
    points: Sequence[Point],
    targets: Mapping[str, Target],
    places: Mapping[str, Place],
    before: Mapping[str, Progressed],
    say: Say,
) -> dict[Subject, MadeFiles]:
    """Make every file, but none again that could not be made before."""
    plan, needed = request.plan, dict[Subject, list[str]]()
    for point in points:
        settings = one_process.settings_for(targets[point.target], plan.settings(point.threads))
        unmade = cell_of(point, places[point.target], settings, None)
        failed = before.get(unmade.key, Progressed()).status == "failed"
        if failed and not (request.again or request.retry_failures):
            continue
        runtimes = needed.setdefault(point.subject, [])
        if point.runtime not in runtimes:
            runtimes.append(point.runtime)
    tasks = [
        FileTask(subject, tuple(runtimes), plan.calibration) for subject, runtimes in needed.items()
    ]
    if tasks and not before:
        each_secs = plan.measure.warmup_secs + plan.measure.min_secs
        secs = len(points) * plan.measure.children * each_secs
        say(f"making {len(tasks)} files, then measuring for {in_words(secs)} or more")
    return {task.subject: found for task, found in request.engine.make(tasks, say)}


_Cell = tuple[Cell, Path | EdgekitError | None]


def _cells(
    points: Sequence[Point],
    made: Mapping[Subject, MadeFiles],
    plan: Plan,
    targets: Mapping[str, Target],
    places: Mapping[str, Place],
) -> list[_Cell]:
    """Return every point's cell, with its file, or why there is none, if that is new."""
    facts = {
        path: model_files.found(path) for each in made.values() for path in each.paths.values()
    }
    cells: list[_Cell] = []
    for point in points:
        settings = one_process.settings_for(targets[point.target], plan.settings(point.threads))
        files = made.get(point.subject)
        path = None if files is None else files.paths.get(point.runtime)
        place = places[point.target]
        if path is None:
            why = None if files is None else files.error
            cells.append((cell_of(point, place, settings, None), why))
        else:
            cells.append((cell_of(point, place, settings, facts[path]), path))
    return list({cell.key: (cell, found) for cell, found in cells}.values())


def _lanes(
    request: SweepRequest,
    cells: Sequence[_Cell],
    targets: Mapping[str, Target],
    progressed: Mapping[str, Progressed],
    kept: Store,
) -> list[Lane]:
    """Return what is to be measured; failures to make a file are kept at once."""
    works: dict[str, list[Work]] = {name: [] for name in targets}
    for cell, found in cells:
        next_one = attempt_of(
            progressed[cell.key], again=request.again, retry_failures=request.retry_failures
        )
        if next_one is None or found is None:
            continue
        attempt, done = next_one
        if isinstance(found, EdgekitError):
            kept.fail(cell.key, attempt, found)
            continue
        settings = one_process.settings_for(
            targets[cell.target], request.plan.settings(cell.threads)
        )
        works[cell.target].append(Work(cell, found, settings, attempt, done))
    lanes = [Lane(name, targets[name], each, kept) for name, each in works.items() if each]
    for lane in lanes:
        for work in lane.works:
            lane.conclude(work)
    return lanes


def _to_judge(
    cells: Sequence[_Cell], kept: Store, images_id: str, *, retry: bool
) -> list[JudgedFile]:
    """Return the files without an answer on these images; untrained ones have none to give."""
    over = kept.evaluated()
    found = {}
    for cell, path in cells:
        if not isinstance(path, Path) or (cell.weights or "").startswith("untrained"):
            continue
        status = over.get((str(cell.file_sha256), cell.runtime, images_id))
        if status is None or (retry and status == "failed"):
            file = JudgedFile(path, str(cell.file_sha256), cell.runtime)
            found[file.sha256, file.runtime] = file
    return list(found.values())
