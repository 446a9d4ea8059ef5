"""Many measurements: a grid of them that can be killed and goes on, and what comes of it.

The papers' claims are a shelf of their own, `edgekit.study.claims`.
"""

from __future__ import annotations

from edgekit.study.bench.run import BenchRequest, BenchResult, bench
from edgekit.study.grid.plan import Plan, read_plan
from edgekit.study.grid.point import Point
from edgekit.study.report.run import ReportRequest, report
from edgekit.study.store.row import Row
from edgekit.study.store.sqlite_file import Store, read_rows
from edgekit.study.sweep.run import SweepRequest, SweepResult, sweep

__all__ = [
    "BenchRequest",
    "BenchResult",
    "Plan",
    "Point",
    "ReportRequest",
    "Row",
    "Store",
    "SweepRequest",
    "SweepResult",
    "bench",
    "read_plan",
    "read_rows",
    "report",
    "sweep",
]
