"""The room's door: look at one file with every rule."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from edgekit import runtimes
from edgekit.lint.report import LintReport, Problem
from edgekit.lint.rule import Rule, Subject
from edgekit.lint.rules import RULES
from edgekit.modelfile import facts
from edgekit.processes import child


@dataclass(frozen=True)
class LintRequest:
    """A file to look at.

    Attributes:
        file: .tflite or .onnx.
        ignore: codes of rules to leave out.
    """

    file: Path
    ignore: tuple[str, ...] = ()


def run(request: LintRequest) -> LintReport:
    """Look at a file with every rule for its format.

    The file is read here, and loaded once by its runtime in a child process where that is
    installed, which tells what the delegate takes.

    Raises:
        UsageError: the file is of no format with rules.
        UnknownNameError: there is no rule of an ignored code.
        InvalidPathError: the file cannot be read.
        UnreadableModelError: the file is damaged, or its runtime rejects it.
    """
    ignored = {RULES.name_of(code) for code in request.ignore}
    graph = facts.read(request.file)
    rules = [
        each for each in RULES.values() if graph.format in each.formats and each.code not in ignored
    ]
    is_installed = runtimes.installed()[runtimes.for_file(request.file)] is not None
    account = child.describe(request.file) if is_installed else None
    subject = Subject(graph, account)
    able = [each for each in rules if account is not None or not each.asks_runtime]
    return LintReport(
        file=str(request.file),
        runtime=None if account is None else account.runtime_version,
        rules=tuple(each.code for each in able),
        skipped=tuple(each.code for each in rules if each not in able),
        problems=tuple(problem for each in able for problem in _problems(each, subject)),
    )


def _problems(rule: Rule, subject: Subject) -> Iterator[Problem]:
    for hit in rule.find(subject):
        level = "note" if rule.is_note else "warning"
        yield Problem(rule.code, level, rule.claim, hit.where, hit.message, rule.advice)  # type: ignore[arg-type]  # one of two levels
