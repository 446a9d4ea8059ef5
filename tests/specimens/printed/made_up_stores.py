"""Stores of any size whose figures are made up: to try pages and tables on."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from edgekit import models
from edgekit.devices import MeasureSettings
from edgekit.errors import WorkerError
from edgekit.study.claims.claim import Finding
from edgekit.study.claims.measured import Measured
from edgekit.study.claims.report import ClaimsReport
from edgekit.study.grid.point import Point, Subject
from edgekit.study.store import sqlite_file
from edgekit.study.store.cell import Cell, cell_of
from edgekit.study.store.figures import Figures
from edgekit.study.store.place import Place
from tests.specimens.printed import reports

_SPEED = {"float32": 1.0, "float16": 1.02, "int8": 0.6}
_PLACES = {
    "lab-pi5": {"cpu": "Cortex-A76", "architecture": "aarch64", "cores": 4},
    "local": {"cpu": "Xeon", "architecture": "x86_64", "cores": 2},
}
CLAIMS = ClaimsReport(
    edgekit_version="0",
    quick=True,
    machine=reports.MACHINE,
    packages={},
    counted_on=(),
    before=reports.CALM,
    seconds=372.0,
    claims=(
        Finding(
            name="made-up-claim",
            paper="Nobody, A Paper <b>with</b> markup",
            where="table 1",
            statement="one half is less than one",
            experiment="both were compared",
            measured=(Measured("ratio", "halves", 0.5, (0.4, 0.6), 9, says="holds"),),
            verdict="holds",
            why="0.5 is below 1",
        ),
        Finding(
            name="another",
            paper="Nobody",
            where="",
            statement="cannot be seen here",
            experiment="",
            measured=(),
            verdict="cannot be tested here",
            why="",
        ),
    ),
)


def fill(path: Path, count: int) -> Path:
    """Make a store of ``count`` cells; every fiftieth has failed, some are counts."""
    cells = []
    for size in (None, 96, 64):
        for threads in (1, 2, 4):
            for target, machine in _PLACES.items():
                for runtime in ("tflite", "onnxruntime"):
                    for model in models.names(baselines=False):
                        for precision in _SPEED:
                            subject = Subject(model, precision, size, size, 1)
                            point = Point(subject, runtime, threads, target)
                            cells.append(_cell(point, Place("latency", {runtime: "1.0"}, machine)))
                            if len(cells) == count:
                                return _written(path, cells)
    raise ValueError(f"there are only {len(cells)} cells")


def _cell(point: Point, place: Place) -> Cell:
    cell = cell_of(point, place, MeasureSettings(threads=point.threads), None)
    spec = models.get(cell.model)
    made_up = {"file": f"{cell.model}.tflite", "file_sha256": cell.key, "macs": spec.macs}
    size = spec.params * (1 if cell.precision == "int8" else 4)
    return Cell(**{**asdict(cell), **made_up, "size_bytes": size, "weights": "untrained"})


def _written(path: Path, cells: list[Cell]) -> Path:
    with sqlite_file.opened(path) as store:
        store.register(cells)
        for number, cell in enumerate(cells):
            if number % 50 == 49:
                store.fail(cell.key, 1, WorkerError("it </script> died & was <b>buried</b>"))
            elif number % 50 == 48:
                store.finish(cell.key, 1, Figures(instructions=cell.macs), "{}")
            else:
                store.finish(cell.key, 1, _figures(cell), "{}")
    return path


def _figures(cell: Cell) -> Figures:
    area = (cell.height or 1) * (cell.width or 1) / 224**2
    speed = _SPEED[cell.precision or ""] * (1.2 if cell.runtime == "tflite" else 1.0)
    median = 0.3 + (cell.macs or 0) / 3e7 * area * speed / cell.threads**0.8
    quantiles = [median * factor for factor in (0.97, 0.98, 0.985, 0.99, 1, 1.02, 1.05, 1.08, 1.3)]
    return Figures(
        median_ms=median,
        low_ms=0.98 * median,
        high_ms=1.03 * median,
        p90_ms=1.05 * median,
        min_ms=0.96 * median,
        samples=reports.report(reports.quiet()).wall_ms.size,
        load_ms=3.0,
        first_run_ms=2 * median,
        peak_memory_bytes=60_000_000,
        private_memory_bytes=(cell.size_bytes or 0) * 2,
        partitions=1,
        process_medians=json.dumps([median] * 3),
        quantiles_ms=json.dumps(quantiles),
        doubts="",
    )
