"""The table of `edgekit latency`: times of whole runs, their spread, and what to think of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from edgekit.cli.latency import start_up
from edgekit.cli.latency.words import machine_words, row_names
from edgekit.cli.shared import output
from edgekit.cli.shared.tables.columns import figure, name, prose, word
from edgekit.cli.shared.tables.notes import notes
from edgekit.cli.shared.words import delegate

if TYPE_CHECKING:
    from edgekit.devices import LatencyReport

_COLUMNS = (
    name("model"), word("precision"), word("runtime"), figure("threads", 1), figure("MACs", 4),
    figure("median ms [95 % interval]"), figure("p90", 5), figure("p99", 6), figure("min", 7),
    figure("n", 8), figure("first run", 6), figure("load", 3), figure("first answer", 4),
    figure("private memory", 2), figure("peak memory", 5),
    prose("delegate", 5), name("file", 9),
)  # fmt: skip


def show(reports: Sequence[LatencyReport], *, as_json: bool) -> None:
    """Print the times of each file."""
    if as_json:
        documents = [json.loads(report.to_json()) for report in reports]
        output.print_json("edgekit.latencies", 1, {"reports": documents})
        return
    names = [start_up.named(*each) for each in zip(row_names(reports), reports, strict=True)]
    output.print_table(
        _COLUMNS,
        [
            [
                names[place],
                report.precision or "",
                report.info.runtime,
                str(report.settings.threads),
                "" if report.macs is None else output.millions(report.macs),
                "{} [{}, {}]".format(*map(_ms, (report.median_ms, *report.interval_ms))),
                _ms(report.percentile_ms(90)),
                _ms(report.percentile_ms(99)),
                _ms(report.min_ms),
                str(len(report.wall_ms)),
                _ms(report.first_run_ms),
                _ms(report.load_ms),
                _ms(report.load_ms + report.first_run_ms),
                start_up.memory(report),
                output.size(report.peak_memory_bytes),
                delegate(report.info.partitions, report.info.operators_outside),
                report.file,
            ]
            for place, report in enumerate(reports)
        ],
    )
    start_up.show(reports, names)
    output.say(f"\n{_conditions(reports)}")
    changes = sorted(report.smallest_change for report in reports)
    words = " to ".join(
        f"{100 * change:.1f} %" for change in dict.fromkeys(changes[:1] + changes[-1:])
    )
    output.say(
        f"smallest change that two such measurements would detect: {words}; "
        "`edgekit compare` sees smaller ones"
    )
    for line in notes(
        (f"{names[place]} on {report.info.runtime}", report.issues)
        for place, report in enumerate(reports)
    ):
        output.say(line)


def _conditions(reports: Sequence[LatencyReport]) -> str:
    """Say in one line on what, with what and how the numbers were taken."""
    machine, settings = reports[0].machine, reports[0].settings
    versions = ", ".join(sorted({report.info.runtime_version for report in reports}))
    return (
        f"{machine_words(machine)}, target {reports[0].target}; {versions}; "
        f"n runs in {settings.children} processes each, "
        f"after >= {settings.warmup_secs:g} s of warm-up in each"
    )


def _ms(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
