"""Room 3: a float network becomes an integer one, the same on both runtimes.

The doors are `run` and `sensitivity`. The walk behind them: `prepare` (quantizable graph), reading
samples, `build` by a `Recipe` (ranges, encodings, rungs), or a search for one within a budget,
then `to_files`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from edgekit.quantize.budget.climb import Outcome, Step, TraceStep
from edgekit.quantize.build import build
from edgekit.quantize.candidate import Context, Draft
from edgekit.quantize.files import FileSettings, form, to_files
from edgekit.quantize.forms import IntegerForms
from edgekit.quantize.network import Network, prepare
from edgekit.quantize.recipe import Recipe
from edgekit.quantize.request import CalibrationRequest, QuantizeRequest, SensitivityRequest
from edgekit.quantize.result import QuantizeResult
from edgekit.quantize.run import run
from edgekit.quantize.running.session import GraphSession
from edgekit.quantize.samples.reading import CalibrationSamples

if TYPE_CHECKING:
    from edgekit.quantize.analysis.report import LayerCost, SensitivityReport
    from edgekit.quantize.ranking import sensitivity

__all__ = [
    "CalibrationRequest",
    "CalibrationSamples",
    "Context",
    "Draft",
    "FileSettings",
    "GraphSession",
    "IntegerForms",
    "LayerCost",
    "Network",
    "Outcome",
    "QuantizeRequest",
    "QuantizeResult",
    "Recipe",
    "SensitivityReport",
    "SensitivityRequest",
    "Step",
    "TraceStep",
    "build",
    "form",
    "prepare",
    "run",
    "sensitivity",
    "to_files",
]

_OF_RANKING = ("LayerCost", "SensitivityReport", "sensitivity")
"""What stands in `edgekit.quantize.ranking`, imported when it is first used: it needs a room that
quantizing does without."""


def __getattr__(name: str) -> Any:  # noqa: ANN401 -- whatever stands above
    if name not in _OF_RANKING:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from edgekit.quantize import ranking

    globals().update({each: getattr(ranking, each) for each in _OF_RANKING})
    return globals()[name]
