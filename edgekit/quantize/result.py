"""What `edgekit.quantize.run` gives back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from edgekit.errors import CheckFailedError
from edgekit.export import Artifact
from edgekit.export.door import table
from edgekit.files.documents import Document
from edgekit.quantize.budget.climb import TraceStep


@dataclass(frozen=True, repr=False)
class QuantizeResult(Document):
    """What a quantization has written, and how it came about.

    Attributes:
        artifacts: the files, one a format.
        recipe: in the written grammar; of the file, where encodings were taken from one.
        calibration: what the ranges were taken from; None where nothing was.
        trace: what a search has tried, in order; empty where there was none.
        max_drop: the budget of the search, in points; None likewise.
        within_budget: whether it was kept; None likewise.
        warnings: what makes the result doubtful, one line each.
    """

    schema = "edgekit.quantize"
    schema_version = 1

    artifacts: tuple[Artifact, ...]
    recipe: str
    calibration: str | None
    trace: tuple[TraceStep, ...]
    max_drop: float | None
    within_budget: bool | None
    warnings: tuple[str, ...]

    def document(self) -> dict[str, Any]:
        """Return the document; the files' own stand in it whole."""
        return {**super().document(), "artifacts": [entry.document() for entry in self.artifacts]}

    def __repr__(self) -> str:
        head = f"{self.artifacts[0].model}: recipe {self.recipe}"
        warned = [f"warning: {line}" for line in self.warnings]
        return "\n".join([head, table(self.artifacts), *warned])

    def check(self) -> None:
        """Raise CheckFailedError (reason "budget") if the budget was not kept.

        The files are there all the same, and the error has this as its ``result``.
        """
        if self.within_budget is False:
            lost = min(step.lost_points for step in self.trace)
            raise CheckFailedError(
                f"the budget of {self.max_drop:g} points is not kept: the best recipe loses "
                f"{lost:g}; give another --recipe or a larger --max-drop",
                reason_code="budget",
                result=self,
            )


def trace_documents(trace: tuple[TraceStep, ...]) -> tuple[dict[str, Any], ...]:
    """Return a search as the sidecars keep it."""
    return tuple(step.document() for step in trace)
