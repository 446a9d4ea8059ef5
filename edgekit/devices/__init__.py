"""Measuring model files: where, how long, what came out, and how far to trust it."""

from __future__ import annotations

from edgekit.devices.measuring.comparison import COMPARE_SETTINGS, compare
from edgekit.devices.measuring.instruction_counts import count
from edgekit.devices.measuring.latency import Progress, Request, measure
from edgekit.devices.measuring.phone_benchmark import benchmark
from edgekit.devices.measuring.profile import profile
from edgekit.devices.measuring.sustained import sustain
from edgekit.devices.prediction.estimate import Prediction, predict
from edgekit.devices.reports.comparison import Comparison
from edgekit.devices.reports.comparison import from_json as comparison_from_json
from edgekit.devices.reports.instruction_counts import CountReport, counts_from_json
from edgekit.devices.reports.issues.issue import Issue
from edgekit.devices.reports.latency import LatencyReport, from_json
from edgekit.devices.reports.phone_benchmark import BenchmarkReport, benchmark_from_json
from edgekit.devices.reports.profile import ProfileReport, profile_from_json
from edgekit.devices.reports.run import Run
from edgekit.devices.reports.stored_results import Pair, compare_results
from edgekit.devices.reports.sustained import SustainedReport, sustained_from_json
from edgekit.devices.settings import (
    CountSettings,
    MeasureSettings,
    ProfileSettings,
    SustainSettings,
)
from edgekit.devices.statistics.verdict import Contrast
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
