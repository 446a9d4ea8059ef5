"""What a check finds: one line each, with a stable code and a level."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from edgekit.files.documents import Document

Level = Literal["passed", "warning", "failed", "skipped"]


@dataclass(frozen=True)
class Finding:
    """One thing looked at.

    Attributes:
        code: what was looked at: ``hash``, ``golden``, ``budget-latency``, ...
        level: what came out.
        subject: path in the bundle that it is about.
        message: what was found, in one line.
    """

    code: str
    level: Level
    subject: str
    message: str


@dataclass(frozen=True)
class CheckReport(Document):
    """All that a check found.

    Attributes:
        bundle: the bundle as it was given.
        baseline: the bundle compared with; None if none was.
        findings: in the order in which they were made.
        smallest_change_percent: by file, the change of latency that four of five comparisons like
            this one would have found; empty where nothing was timed.
    """

    schema = "edgekit.check"
    schema_version = 1

    bundle: str
    baseline: str | None
    findings: tuple[Finding, ...]
    smallest_change_percent: dict[str, float]

    @property
    def failed(self) -> tuple[Finding, ...]:
        """The findings that let the check fail."""
        return tuple(each for each in self.findings if each.level == "failed")

    def derived(self) -> dict[str, Any]:
        """Return the verdict."""
        return {"passed": not self.failed}
