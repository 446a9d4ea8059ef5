"""The artifact for app teams: files that apps can open, with what proves and describes them.

The doors are `build` and `check`.
"""

from __future__ import annotations

from edgekit.bundle.building import Built, build
from edgekit.bundle.checking.finding import CheckReport, Finding
from edgekit.bundle.checking.run import CheckRequest, check
from edgekit.bundle.config import read as read_config
from edgekit.bundle.config import with_options
from edgekit.bundle.manifest import Bundle, ModelEntry
from edgekit.bundle.request import BundleRequest

__all__ = [
    "Built",
    "Bundle",
    "BundleRequest",
    "CheckReport",
    "CheckRequest",
    "Finding",
    "ModelEntry",
    "build",
    "check",
    "read_config",
    "with_options",
]
