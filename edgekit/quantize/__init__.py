"""Room 3: a float network becomes an integer one, the same on both runtimes.

The walk: `prepare` (quantizable graph), `samples.read`, `build` by a `Recipe` (ranges, encodings,
rungs), or `search` for one within a budget, then `to_files`.
"""

from __future__ import annotations

from edgekit.quantize.budget.climb import Outcome, Step
from edgekit.quantize.build import build
from edgekit.quantize.candidate import Context, Draft
from edgekit.quantize.files import Request, form, to_files
from edgekit.quantize.network import Subject, prepare
from edgekit.quantize.recipe import Recipe
from edgekit.quantize.running.session import GraphSession
from edgekit.quantize.samples.reading import Samples

__all__ = [
    "Context",
    "Draft",
    "GraphSession",
    "Outcome",
    "Recipe",
    "Request",
    "Samples",
    "Step",
    "Subject",
    "build",
    "form",
    "prepare",
    "to_files",
]
