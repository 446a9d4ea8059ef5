"""Words that the tables of measurements have in common."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edgekit.devices.reports.file_report import FileReport
    from edgekit.runtimes.machine import Machine


def machine_words(machine: Machine) -> str:
    """Say in few words what a machine is."""
    kind = " (virtual)" if machine.virtual else ""
    return f"{machine.cpu or machine.architecture}, {machine.cores} cores{kind}, {machine.kernel}"


def row_names(reports: Sequence[FileReport]) -> list[str]:
    """Return what to call the file of each report, so that two files of one network differ.

    That is the network's name, where no other file of the same precision and suffix has it; else
    the file's name, with as many of its folders as tell it from the others.
    """
    files = {report.file: report for report in reports}
    networks = Counter(_network(report) for report in files.values())
    return [
        report.model
        if report.model and networks[_network(report)] == 1
        else short_path(report.file, files)
        for report in reports
    ]


def _network(report: FileReport) -> tuple[str | None, str | None, str]:
    return report.model, report.precision, Path(report.file).suffix


def short_path(file: str, others: Iterable[str]) -> str:
    """Return a file's name, with as many of its folders as tell it from other paths."""
    paths = set(others)
    parts = Path(file).parts
    for count in range(1, len(parts)):
        if sum(Path(other).parts[-count:] == parts[-count:] for other in paths) <= 1:
            return str(Path(*parts[-count:]))
    return file
