"""Room 2: a network becomes files, each checked against its source before it has a name.

The door is `run`. The walk behind it: `source` (canonical graph and expected answers), its weights
rounded if the precision is a short one, then for each format its lowering rules, its writer,
`parity`, and an `Artifact` with its sidecar.
"""

from __future__ import annotations

from edgekit.export.artifact import Artifact, TensorSpec
from edgekit.export.coverage import Coverage
from edgekit.export.coverage import of_details as coverage_of
from edgekit.export.files import PRECISION, check_request, describe, form, to_files
from edgekit.export.jobs import Job, QuantizationRecord
from edgekit.export.parity import Parity
from edgekit.export.precisions import CALIBRATED
from edgekit.export.request import ExportRequest
from edgekit.export.rewriting.choices import Choices
from edgekit.export.run import ExportResult, run
from edgekit.export.sources.source import Source

__all__ = [
    "CALIBRATED",
    "PRECISION",
    "Artifact",
    "Choices",
    "Coverage",
    "ExportRequest",
    "ExportResult",
    "Job",
    "Parity",
    "QuantizationRecord",
    "Source",
    "TensorSpec",
    "check_request",
    "coverage_of",
    "describe",
    "form",
    "run",
    "to_files",
]
