"""Measuring model files: where, how long, what came out, and how far to trust it."""

from __future__ import annotations

from edgekit.devices.benchmark import BenchmarkReport, benchmark, benchmark_from_json
from edgekit.devices.compare import COMPARE_SETTINGS, compare
from edgekit.devices.comparison import Comparison
from edgekit.devices.comparison import from_json as comparison_from_json
from edgekit.devices.contrast import Contrast
from edgekit.devices.counts import CountReport, CountSettings, count, counts_from_json
from edgekit.devices.issues import Issue
from edgekit.devices.measure import Progress, Request, measure
from edgekit.devices.predict import Prediction, predict
from edgekit.devices.profile import profile
from edgekit.devices.profile_report import ProfileReport, ProfileSettings, profile_from_json
from edgekit.devices.report import LatencyReport, from_json
from edgekit.devices.results import Pair, compare_results
from edgekit.devices.run import Run
from edgekit.devices.settings import MeasureSettings
from edgekit.devices.sustained import (
    SustainedReport,
    SustainSettings,
    sustain,
    sustained_from_json,
)
from edgekit.devices.targets import (
    BenchmarkTarget,
    CountingTarget,
    InstallingTarget,
    Probe,
    Target,
    opened,
)
from edgekit.devices.targets import resolve as resolve_target

__all__ = [
    "COMPARE_SETTINGS",
    "BenchmarkReport",
    "BenchmarkTarget",
    "Comparison",
    "Contrast",
    "CountReport",
    "CountSettings",
    "CountingTarget",
    "InstallingTarget",
    "Issue",
    "LatencyReport",
    "MeasureSettings",
    "Pair",
    "Prediction",
    "Probe",
    "ProfileReport",
    "ProfileSettings",
    "Progress",
    "Request",
    "Run",
    "SustainSettings",
    "SustainedReport",
    "Target",
    "benchmark",
    "benchmark_from_json",
    "compare",
    "compare_results",
    "comparison_from_json",
    "count",
    "counts_from_json",
    "from_json",
    "measure",
    "opened",
    "predict",
    "profile",
    "profile_from_json",
    "resolve_target",
    "sustain",
    "sustained_from_json",
]
