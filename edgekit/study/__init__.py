"""Many measurements: a grid of them that can be killed and goes on, and what comes of it."""

from __future__ import annotations

from edgekit.study.grid.plan import Plan, read_plan
from edgekit.study.grid.point import Point
from edgekit.study.store.sqlite_file import Store, read_rows
from edgekit.study.sweep.run import SweepRequest, SweepResult, sweep

__all__ = [
    "Plan",
    "Point",
    "Store",
    "SweepRequest",
    "SweepResult",
    "read_plan",
    "read_rows",
    "sweep",
]
