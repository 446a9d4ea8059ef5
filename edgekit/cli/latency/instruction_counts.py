"""The table of `edgekit latency` for emulated processors: instructions, never times."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from edgekit.cli.latency.words import row_names
from edgekit.cli.shared import output
from edgekit.cli.shared.tables.columns import figure, name, prose, word

if TYPE_CHECKING:
    from edgekit.devices import CountReport
    from edgekit.emulation.instruction_counts import Counts

_CLASSES = {
    "dot_products": "dot", "matrix_products": "matrix", "float_macs": "float",
    "integer_macs": "integer",
}  # fmt: skip


_COLUMNS = (
    name("model"), word("precision"), word("runtime"), figure("MACs", 2), figure("instructions"),
    figure("per MAC", 1), prose("of them multiply-accumulates", 3), figure("loaded", 4),
    figure("stored", 4), figure("spread"), name("file", 9),
)  # fmt: skip


def show(reports: Sequence[CountReport], *, as_json: bool) -> None:
    """Print the instructions of each file."""
    if as_json:
        documents = [json.loads(report.to_json()) for report in reports]
        output.print_json("edgekit.instruction-count-reports", 1, {"reports": documents})
    else:
        _print(reports)


def _print(reports: Sequence[CountReport]) -> None:
    output.print_table(
        _COLUMNS,
        [
            [
                called,
                report.precision or "",
                report.info.runtime,
                "" if report.macs is None else output.millions(report.macs),
                output.millions(report.instructions),
                _two_places(report.instructions_per_mac),
                _multiplies(report.counts),
                output.size(report.counts.load_bytes),
                output.size(report.counts.store_bytes),
                "0" if report.spread == 0 else f"{report.spread:.3%}",
                report.file,
            ]
            for called, report in zip(row_names(reports), reports, strict=True)
        ],
    )
    first = reports[0]
    versions = ", ".join(sorted({report.info.runtime_version for report in reports}))
    output.say(
        f"\nper inference: {first.label}; {versions}; 1 thread; median of "
        f"{first.settings.num_runs} runs in each of {first.settings.children} processes; "
        "spread over the processes"
    )


def _two_places(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _multiplies(counts: Counts) -> str:
    """List the classes of multiply-accumulates, most first, without those that are rare."""
    found = {words: getattr(counts, name) for name, words in _CLASSES.items()}
    shown = {words: n for words, n in found.items() if n >= counts.instructions / 1000}
    ranked = sorted(shown.items(), key=lambda item: -item[1])
    return ", ".join(f"{output.millions(n)} {words}" for words, n in ranked)
