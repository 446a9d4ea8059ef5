"""Measuring model files: where, how long, what came out, and how far to trust it."""

from __future__ import annotations

from edgekit.devices.issues import Issue
from edgekit.devices.measure import Progress, Request, measure
from edgekit.devices.report import LatencyReport, from_json
from edgekit.devices.run import Run
from edgekit.devices.settings import MeasureSettings
from edgekit.devices.targets import Probe, Target
from edgekit.devices.targets import resolve as resolve_target

__all__ = [
    "Issue",
    "LatencyReport",
    "MeasureSettings",
    "Probe",
    "Progress",
    "Request",
    "Run",
    "Target",
    "from_json",
    "measure",
    "resolve_target",
]
