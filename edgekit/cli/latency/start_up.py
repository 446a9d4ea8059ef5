"""What starting takes: with and without XNNPACK's weight cache, beside one another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from edgekit.cli.shared import output
from edgekit.cli.shared.tables.columns import figure, name, word
from edgekit.errors import UsageError

if TYPE_CHECKING:
    from edgekit.devices import LatencyReport, ModelFile


def with_each_cache(files: Sequence[ModelFile]) -> tuple[ModelFile, ...]:
    """Return each .tflite file three times: no weight cache, a cold one, a warm one.

    Raises:
        UsageError: there is none.
    """
    from edgekit.devices.measuring.request import WEIGHT_CACHES

    found: list[ModelFile] = []
    for file in files:
        if file.for_job.runtime == "tflite":
            found += [replace(file, weight_cache=each) for each in WEIGHT_CACHES]
        else:
            found.append(file)
    if len(found) == len(files):
        raise UsageError("--weight-cache is LiteRT's: give a .tflite file, or --backend tflite")
    return tuple(found)


def named(row: str, report: LatencyReport) -> str:
    """Return the name of a row with its weight cache."""
    return f"{row}, weight cache {report.weight_cache}" if report.weight_cache else row


def memory(report: LatencyReport) -> str:
    """Return the private memory that a file adds to a process."""
    found = report.spread("added_private_bytes")
    return "-" if found is None else output.size(int(found.median))


def show(reports: Sequence[LatencyReport], names: Sequence[str]) -> None:
    """Print how the starts compare, where weight caches were asked for."""
    rows = []
    for report, row in zip(reports, names, strict=True):
        if report.weight_cache:
            base = next(
                each
                for each in reports
                if each.weight_cache == "off"
                and (each.file, each.settings.threads) == (report.file, report.settings.threads)
            )
            rows.append(_row(row, report, base))
    if not rows:
        return
    output.say("\nstarting: median [least, most] of the processes, and the ratio to no cache")
    columns = [
        name("model"), figure("load ms"), figure("processor ms", 2), word("ratio"),
        figure("first answer ms", 1), word("its ratio", 1), figure("private memory"),
        word("its ratio"),
    ]  # fmt: skip
    output.print_table(columns, rows)


def _row(row: str, report: LatencyReport, base: LatencyReport) -> list[str]:
    return [
        row,
        _spread(report, "load_ms"),
        _spread(report, "load_cpu_ms"),
        _ratio(report, base, "load_cpu_ms"),
        _spread(report, "first_answer_ms"),
        _ratio(report, base, "first_answer_cpu_ms"),
        _bytes(report),
        _ratio(report, base, "added_private_bytes"),
    ]


def _spread(report: LatencyReport, figures: str) -> str:
    found = report.spread(figures)
    if found is None:
        return "-"
    return f"{found.median:.2f} [{found.least:.2f}, {found.most:.2f}]"


def _bytes(report: LatencyReport) -> str:
    found = report.spread("added_private_bytes")
    if found is None:
        return "-"
    return "{} [{}, {}]".format(
        *(output.size(int(each)) for each in (found.median, found.least, found.most))
    )


def _ratio(report: LatencyReport, base: LatencyReport, figures: str) -> str:
    found, before = report.spread(figures), base.spread(figures)
    return "-" if found is None or not before else f"{found.median / before.median:.2f}"
