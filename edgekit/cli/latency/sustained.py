"""``edgekit latency --sustained``: what a long run without a pause does to a file's time."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from edgekit.cli.latency.words import machine_words, row_names
from edgekit.cli.shared import output
from edgekit.cli.shared.tables.columns import figure, name, word

if TYPE_CHECKING:
    from edgekit.devices import SustainedReport


_COLUMNS = (
    name("model"), word("precision"), word("runtime"), figure("threads", 1), figure("first ms"),
    figure("last ms"), figure("last/first"), figure("runs", 4),
    figure("hottest (start to highest)", 2), figure("clock (start to end)", 3), name("file", 9),
)  # fmt: skip


def show(reports: Sequence[SustainedReport], *, as_json: bool) -> None:
    """Print what became of each file's time."""
    if as_json:
        documents = [json.loads(report.to_json()) for report in reports]
        output.print_json("edgekit.sustained-runs", 1, {"reports": documents})
    else:
        _print(reports)


def _print(reports: Sequence[SustainedReport]) -> None:
    names = row_names(reports)
    output.print_table(
        _COLUMNS,
        [
            [
                called,
                report.precision or "",
                report.info.runtime,
                str(report.settings.threads),
                f"{report.first_ms:.3f}",
                f"{report.last_ms:.3f}",
                f"{report.ratio:.3f}",
                str(sum(window.runs for window in report.windows)),
                _span(report.temperatures_c, 1, "C"),
                _span(report.frequencies_khz, 1e6, "GHz"),
                report.file,
            ]
            for called, report in zip(names, reports, strict=True)
        ],
    )
    first = reports[0]
    which = "undisturbed runs" if all(report.undisturbed for report in reports) else "runs"
    output.say(
        f"\n{machine_words(first.machine)}, target {first.target}; medians of the {which} of the "
        f"first and the last {first.span_s:.0f} s of {first.settings.secs:g} s without a pause"
    )
    for called, report in zip(names, reports, strict=True):
        if report.throttled:
            output.say(
                f"note: {called} on {report.info.runtime} became {report.ratio - 1:.0%} slower: "
                "the machine throttles, or became busier"
            )


def _span(values: tuple[float, float] | None, unit: float, name: str) -> str:
    return "-" if values is None else f"{values[0] / unit:.3g} to {values[1] / unit:.3g} {name}"
