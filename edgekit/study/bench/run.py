"""The small brother of a sweep: one table of a few networks, through a store of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from edgekit import devices, models
from edgekit.devices import MeasureSettings
from edgekit.errors import UsageError
from edgekit.export import CALIBRATED
from edgekit.files import cache_folder
from edgekit.files.documents import Document
from edgekit.study.grid.plan import Calibration, Images, Plan
from edgekit.study.store import sqlite_file
from edgekit.study.store.row import Row
from edgekit.study.sweep.engine import Resolve
from edgekit.study.sweep.run import SweepRequest, sweep


@dataclass(frozen=True)
class BenchRequest:
    """Networks and files to put beside each other.

    Attributes:
        subjects: names, patterns and paths; none takes one network of each reference family.
        precisions: of networks by name.
        runtimes: by name or alias.
        threads: of the runtime.
        target: where.
        measure: how.
        calibration: of integer files.
        accuracy: images to measure top-1 on; None leaves it at what was published.
        store: where results are kept, so that a run that was cut short goes on; None takes one
            in the cache.
        again: measure anew what the store has.
        resolve: from a target's name to the target.

    Raises:
        UsageError, UnknownNameError, InvalidPathError: as `Plan`.
    """

    subjects: tuple[str, ...] = ()
    precisions: tuple[str, ...] = ("float32", "int8")
    runtimes: tuple[str, ...] = ("tflite", "onnxruntime")
    threads: tuple[int, ...] = (1,)
    target: str = "local"
    measure: MeasureSettings = field(default_factory=MeasureSettings)
    calibration: Calibration = field(default_factory=Calibration)
    accuracy: Images | None = None
    store: Path | None = None
    again: bool = False
    resolve: Resolve = devices.resolve_target

    @property
    def plan(self) -> Plan:
        """The same as a sweep."""
        return Plan(
            models=self.subjects or models.REFERENCE,
            precisions=self.precisions,
            runtimes=self.runtimes,
            threads=self.threads,
            targets=(self.target,),
            measure=self.measure,
            calibration=self.calibration,
            accuracy=self.accuracy,
        )

    @property
    def store_path(self) -> Path:
        """Where results are kept."""
        return self.store or cache_folder.folder() / "bench.sqlite"


@dataclass(frozen=True)
class BenchResult(Document):
    """The table.

    Attributes:
        rows: one a file, runtime and number of threads, networks in the order asked for.
        known: rows that an earlier run had measured.
        synthetic: names of networks whose integer files were calibrated with synthetic samples.
        store: where everything is kept.
    """

    schema = "edgekit.bench"
    schema_version = 1

    rows: tuple[Row, ...]
    known: int
    synthetic: tuple[str, ...]
    store: Path


def bench(request: BenchRequest, say: Callable[[str], None] = lambda _: None) -> BenchResult:
    """Measure networks and files side by side, and return what they cost and how right they are.

    Args:
        request: what, where and how.
        say: takes a short line before each step.

    Raises:
        EdgekitError: as `edgekit.study.sweep`.
    """
    plan = request.plan
    if request.accuracy is not None and not request.accuracy.data.is_dir():
        raise UsageError(f"{request.accuracy.data}: there is no such folder of images")
    path = request.store_path
    path.parent.mkdir(parents=True, exist_ok=True)
    result = sweep(SweepRequest(plan, path, again=request.again, resolve=request.resolve), say)
    by_key = {row.cell.key: row for row in sqlite_file.read_rows(path)}
    rows = [by_key[key] for key in result.keys]
    place = {name: number for number, name in enumerate(dict.fromkeys(r.cell.model for r in rows))}
    rows.sort(key=lambda row: place[row.cell.model])
    made_up = (
        row.cell.model
        for row in rows
        if request.calibration.data is None
        and row.cell.precision in CALIBRATED
        and row.cell.model in models.names()
    )
    return BenchResult(tuple(rows), result.known, tuple(dict.fromkeys(made_up)), path)
