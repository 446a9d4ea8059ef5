"""Room 2: a network becomes files, each checked against its source before it has a name.

The door is `run`. The walk behind it: `source` (canonical graph and expected answers), its weights
rounded if the precision is a short one, then for each format its lowering rules, its writer,
`parity`, and an `Artifact` with its sidecar.

What stands here is imported when it is first used: the child process that reads a file of somebody
else's needs a fifth of the room.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from edgekit.export.artifact import Artifact, TensorSpec
    from edgekit.export.checking.job import Job
    from edgekit.export.coverage import Coverage
    from edgekit.export.coverage import of_details as coverage_of
    from edgekit.export.door import ExportResult, run
    from edgekit.export.files import PRECISION, check_request, describe, form, to_files
    from edgekit.export.jobs import QuantizationRecord
    from edgekit.export.parity import Parity
    from edgekit.export.precisions import CALIBRATED
    from edgekit.export.request import ExportRequest
    from edgekit.export.rewriting.choices import Choices
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

_HOLDERS = {
    "artifact": ("Artifact", "TensorSpec"),
    "coverage": ("Coverage", "coverage_of"),
    "door": ("ExportResult", "run"),
    "files": ("PRECISION", "check_request", "describe", "form", "to_files"),
    "checking.job": ("Job",),
    "jobs": ("QuantizationRecord",),
    "parity": ("Parity",),
    "precisions": ("CALIBRATED",),
    "request": ("ExportRequest",),
    "rewriting.choices": ("Choices",),
    "sources.source": ("Source",),
}
_HOLDER_OF = {name: holder for holder, names in _HOLDERS.items() for name in names}
_THERE = {"coverage_of": "of_details"}
"""Names that differ where they are made."""


def __getattr__(name: str) -> Any:  # noqa: ANN401 -- whatever stands above
    if name not in _HOLDER_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    holder = importlib.import_module(f"{__name__}.{_HOLDER_OF[name]}")
    found = globals()[name] = getattr(holder, _THERE.get(name, name))
    return found
