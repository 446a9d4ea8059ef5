"""``edgekit latency --sustained``: what a long run without a pause does to a file's time."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edgekit.cli.latency.words import machine_words
from edgekit.cli.shared import output
from edgekit.cli.shared.steps import told

if TYPE_CHECKING:
    from edgekit.devices import SustainedReport, SustainRequest


def show(request: SustainRequest, say: Callable[[str], None], *, as_json: bool) -> None:
    """Run each file for long, one after the other, and print them."""
    from edgekit import devices

    reports = devices.sustain(request, told(say))
    if as_json:
        documents = [json.loads(report.to_json()) for report in reports]
        output.print_json("edgekit.sustained-runs", 1, {"reports": documents})
    else:
        _print(reports)


def _print(reports: Sequence[SustainedReport]) -> None:
    output.print_table(
        [
            "model", "runtime", "threads>", "first ms>", "last ms>", "last/first>", "runs>",
            "hottest, start to highest>", "clock, start to end>",
        ],
        [
            [
                report.model or Path(report.file).name,
                report.info.runtime,
                str(report.settings.threads),
                f"{report.first_ms:.3f}",
                f"{report.last_ms:.3f}",
                f"{report.ratio:.3f}",
                str(sum(window.runs for window in report.windows)),
                _span(report.temperatures_c, 1, "C"),
                _span(report.frequencies_khz, 1e6, "GHz"),
            ]
            for report in reports
        ],
    )  # fmt: skip
    first = reports[0]
    which = "undisturbed runs" if all(report.undisturbed for report in reports) else "runs"
    click.echo(
        f"\n{machine_words(first.machine)}, target {first.target}; medians of the {which} of the "
        f"first and the last {first.span_s:.0f} s of {first.settings.secs:g} s without a pause"
    )
    for report in reports:
        if report.throttled:
            click.echo(
                f"note: {report.model or Path(report.file).name} on {report.info.runtime} became "
                f"{report.ratio - 1:.0%} slower: the machine throttles, or became busier"
            )


def _span(values: tuple[float, float] | None, unit: float, name: str) -> str:
    return "-" if values is None else f"{values[0] / unit:.3g} to {values[1] / unit:.3g} {name}"
