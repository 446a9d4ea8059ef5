"""What in a model file costs time, exactness or size on a phone: rules over the file's facts.

The door is `run`.
"""

from __future__ import annotations

from edgekit.lint.formats import sarif
from edgekit.lint.report import LintReport, Problem
from edgekit.lint.rule import Rule
from edgekit.lint.rules import RULES
from edgekit.lint.run import LintRequest, run

__all__ = ["RULES", "LintReport", "LintRequest", "Problem", "Rule", "run", "sarif"]
