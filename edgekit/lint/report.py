"""What a run of the rules found in one file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from edgekit.files.documents import Document


@dataclass(frozen=True)
class Problem:
    """One place that a rule found.

    Attributes:
        code: of the rule.
        level: a warning lets the command fail, a note does not.
        claim: what it costs: slower, less exact, larger or unusable.
        where: the operator or tensor.
        message: what is there.
        advice: what to do.
    """

    code: str
    level: Literal["warning", "note"]
    claim: str
    where: str
    message: str
    advice: str


@dataclass(frozen=True)
class LintReport(Document):
    """All that was found in one file.

    Attributes:
        file: the path as it was given.
        runtime: package and version that was asked; None if none was.
        rules: codes of the rules that looked.
        skipped: codes of the rules that could not look, as the runtime is not installed.
        problems: in the order of rules and places.
    """

    schema = "edgekit.lint"
    schema_version = 1

    file: str
    runtime: str | None
    rules: tuple[str, ...]
    skipped: tuple[str, ...]
    problems: tuple[Problem, ...]

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """What lets the command fail."""
        return tuple(each for each in self.problems if each.level == "warning")

    def derived(self) -> dict[str, Any]:
        """Return the verdict."""
        return {"passed": not self.warnings}
