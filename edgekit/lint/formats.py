"""A report in the form that code hosts read."""

from __future__ import annotations

from edgekit.files import sarif as sarif_file
from edgekit.lint.report import LintReport, Problem
from edgekit.lint.rules import RULES


def sarif(report: LintReport) -> str:
    """Return SARIF 2.1.0: the rules that looked, and what they found."""
    rules = [
        {
            "id": code,
            "shortDescription": {"text": RULES[code].title},
            "fullDescription": {"text": RULES[code].why},
            "help": {"text": RULES[code].advice},
            "properties": {"claim": RULES[code].claim},
        }
        for code in report.rules
    ]
    return sarif_file.document(rules, [_result(each, report.file) for each in report.problems])


def _result(problem: Problem, file: str) -> dict[str, object]:
    physical = {"artifactLocation": {"uri": file}}
    logical = [{"name": problem.where}]
    return {
        "ruleId": problem.code,
        "level": problem.level,
        "message": {"text": f"{problem.message}; {problem.advice}"},
        "locations": [{"physicalLocation": physical, "logicalLocations": logical}],
    }
