"""The table of `edgekit latency` for emulated processors: instructions, never times."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edgekit.cli.shared import output
from edgekit.cli.shared.steps import told
from edgekit.errors import UsageError

if TYPE_CHECKING:
    from edgekit.devices import CountReport, CountRequest
    from edgekit.emulation.instruction_counts import Counts

# Options of `edgekit latency` that an emulated processor has a use for.
_TAKEN = ("subjects", "models", "backends", "target", "children", "as_json")

_CLASSES = {
    "dot_products": "dot", "matrix_products": "matrix", "float_macs": "float",
    "integer_macs": "integer",
}  # fmt: skip


def refuse_timing_options(ctx: click.Context) -> None:
    """Check that no option was given that says how to time or how many threads.

    Raises:
        UsageError: naming the first one.
    """
    for parameter in ctx.command.params:
        source = ctx.get_parameter_source(parameter.name or "")
        given = source is click.core.ParameterSource.COMMANDLINE
        if given and parameter.name not in _TAKEN:
            raise UsageError(
                f"{parameter.opts[0]} does not go with an emulated target, which counts the "
                "instructions of one thread and takes no time: leave it out"
            )


def show(request: CountRequest, say: Callable[[str], None], *, as_json: bool) -> None:
    """Count the instructions of each file and print them."""
    from edgekit import devices

    reports = devices.count(request, told(say))
    if as_json:
        documents = [json.loads(report.to_json()) for report in reports]
        output.print_json("edgekit.instruction-count-reports", 1, {"reports": documents})
    else:
        _print(reports)


def _print(reports: Sequence[CountReport]) -> None:
    output.print_table(
        [
            "model", "precision", "runtime", "MACs>", "instructions>", "per MAC>",
            "of them multiply-accumulates", "loaded>", "stored>", "spread>",
        ],
        [
            [
                report.model or Path(report.file).name,
                report.precision or "",
                report.info.runtime,
                "" if report.macs is None else output.millions(report.macs),
                output.millions(report.instructions),
                _two_places(report.instructions_per_mac),
                _multiplies(report.counts),
                output.size(report.counts.load_bytes),
                output.size(report.counts.store_bytes),
                "0" if report.spread == 0 else f"{report.spread:.3%}",
            ]
            for report in reports
        ],
    )  # fmt: skip
    first = reports[0]
    versions = ", ".join(sorted({report.info.runtime_version for report in reports}))
    click.echo(
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
