"""Measuring model files: where, how long, what came out, and how far to trust it."""

from __future__ import annotations

from edgekit.devices.measuring.comparison import COMPARE_SETTINGS, CompareRequest, compare
from edgekit.devices.measuring.instruction_counts import CountRequest, count
from edgekit.devices.measuring.latency import MeasureRequest, measure
from edgekit.devices.measuring.phone_benchmark import BenchmarkRequest, benchmark
from edgekit.devices.measuring.profile import ProfileRequest, profile
from edgekit.devices.measuring.request import ModelFile
from edgekit.devices.measuring.sustained import SustainRequest, sustain
from edgekit.devices.prediction.estimate import Prediction, PredictRequest, predict
from edgekit.devices.reports.comparison import ComparedFile, Comparison
from edgekit.devices.reports.comparison import from_json as comparison_from_json
from edgekit.devices.reports.instruction_counts import CountReport, counts_from_json
from edgekit.devices.reports.issues.issue import Issue
from edgekit.devices.reports.latency import LatencyReport
from edgekit.devices.reports.latency import from_json as latency_from_json
from edgekit.devices.reports.phone_benchmark import BenchmarkReport, benchmark_from_json
from edgekit.devices.reports.profile import ProfileReport, profile_from_json
from edgekit.devices.reports.run import Run
from edgekit.devices.reports.sustained import SustainedReport, sustained_from_json
from edgekit.devices.settings import (
    CountSettings,
    MeasureSettings,
    ProfileSettings,
    SustainSettings,
)
from edgekit.devices.statistics.verdict import Contrast
from edgekit.devices.stored_results.comparison import ResultComparison, compare_results
from edgekit.devices.stored_results.counts import CountPair
from edgekit.devices.stored_results.times import TimePair
from edgekit.devices.targets import (
    BenchmarkTarget,
    CountingTarget,
    InstallingTarget,
    Probe,
    Target,
    opened,
)
from edgekit.devices.targets import resolve as resolve_target
from edgekit.progress import Progress, Step

__all__ = [
    "COMPARE_SETTINGS",
    "BenchmarkReport",
    "BenchmarkRequest",
    "BenchmarkTarget",
    "CompareRequest",
    "ComparedFile",
    "Comparison",
    "Contrast",
    "CountPair",
    "CountReport",
    "CountRequest",
    "CountSettings",
    "CountingTarget",
    "InstallingTarget",
    "Issue",
    "LatencyReport",
    "MeasureRequest",
    "MeasureSettings",
    "ModelFile",
    "PredictRequest",
    "Prediction",
    "Probe",
    "ProfileReport",
    "ProfileRequest",
    "ProfileSettings",
    "Progress",
    "ResultComparison",
    "Run",
    "Step",
    "SustainRequest",
    "SustainSettings",
    "SustainedReport",
    "Target",
    "TimePair",
    "benchmark",
    "benchmark_from_json",
    "compare",
    "compare_results",
    "comparison_from_json",
    "count",
    "counts_from_json",
    "latency_from_json",
    "measure",
    "opened",
    "predict",
    "profile",
    "profile_from_json",
    "resolve_target",
    "sustain",
    "sustained_from_json",
]
