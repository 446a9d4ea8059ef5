"""``edgekit latency --profile``: where a file's time goes, by class of layer and by operator."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edgekit.cli.latency.words import machine_words
from edgekit.cli.shared import output
from edgekit.cli.shared.steps import told
from edgekit.errors import UsageError

if TYPE_CHECKING:
    from edgekit.devices import ProfileReport, ProfileRequest
    from edgekit.devices.reports.profile import Cost
    from edgekit.runtimes.operators import Operand, Operator

_DEAREST = 10

# Options of `edgekit latency` that a profile has no use for.
_REFUSED = ("duration", "min_secs", "max_secs", "warmup_runs")


def refuse_other_options(ctx: click.Context) -> None:
    """Check that no option was given that does not go with ``--profile``.

    Raises:
        UsageError: naming the first one.
    """
    for parameter in ctx.command.params:
        given = ctx.get_parameter_source(parameter.name or "")
        if given is click.core.ParameterSource.COMMANDLINE and parameter.name in _REFUSED:
            raise UsageError(
                f"{parameter.opts[0]} does not go with --profile, which times operators in runs "
                "of their own: leave one of them out"
            )


def show(
    request: ProfileRequest, plots: Path | None, say: Callable[[str], None], *, as_json: bool
) -> None:
    """Profile each file and print where its time goes."""
    from edgekit import devices

    if plots is not None:
        from edgekit.devices.reports import profile_plot

        profile_plot.require()

    reports = devices.profile(request, told(say))
    drawn = [] if plots is None else profile_plot.write(plots, reports)
    if as_json:
        documents = [json.loads(report.to_json()) for report in reports]
        fields = {"reports": documents, "plots": [str(path) for path in drawn]}
        output.print_json("edgekit.profiles", 1, fields)
        return
    for number, report in enumerate(reports):
        if number:
            click.echo()
        _print(report)
    for path in drawn:
        click.echo(f"wrote {path}")


def _print(report: ProfileReport) -> None:
    threads = report.settings.threads
    click.echo(
        f"{report.model or Path(report.file).name} on {report.info.runtime}, "
        f"{threads} thread{'s' if threads > 1 else ''}\n"
    )
    dearest_first = sorted(report.classes.items(), key=lambda item: -item[1].time_ms)
    output.print_table(
        ["class", "operators>", "ms>", "share>", "MACs>", "bytes>", "GMAC/s>", "MACs/byte>"],
        [
            _cells(name, cost, report.whole.time_ms)
            for name, cost in [*dearest_first, ("sum", report.whole)]
        ],
    )
    click.echo()
    ranked = sorted(
        zip(report.operators, report.costs, strict=True), key=lambda item: -item[1].time_ms
    )
    output.print_table(
        ["dearest operators", "type", "ms>", "share>", "MACs>", "GMAC/s>", "MACs/byte>", "shapes"],
        [
            [
                operator.name,
                operator.kind,
                f"{cost.time_ms:.4f}",
                _share(cost, report.whole.time_ms),
                output.millions(cost.macs),
                _rate(cost.gmacs_per_s),
                _rate(cost.macs_per_byte),
                _shapes(operator),
            ]
            for operator, cost in ranked[:_DEAREST]
        ],
    )
    click.echo()
    for line in _conditions(report):
        click.echo(line)


def _cells(name: str, cost: Cost, total_ms: float) -> list[str]:
    return [
        name,
        str(cost.operators),
        f"{cost.time_ms:.4f}",
        _share(cost, total_ms),
        output.millions(cost.macs),
        output.size(cost.size_bytes),
        _rate(cost.gmacs_per_s),
        _rate(cost.macs_per_byte),
    ]


def _share(cost: Cost, total_ms: float) -> str:
    return f"{cost.time_ms / total_ms:.1%}" if total_ms > 0 else "-"


def _rate(value: float | None) -> str:
    return f"{value:.2f}" if value else ""


def _shapes(operator: Operator) -> str:
    """List the inputs that are no constants, the filter and the outputs."""
    read = [_shape(operand) for operand in operator.inputs if not operand.constant]
    if operator.filter is not None:
        read.append(f"filter {'x'.join(map(str, operator.filter))}")
    return f"{', '.join(read)} -> {', '.join(map(_shape, operator.outputs))}"


def _shape(operand: Operand) -> str:
    return "x".join(map(str, operand.shape)) or "scalar"


def _conditions(report: ProfileReport) -> list[str]:
    """Say what the whole takes, how operators were timed, and on what."""
    from edgekit.devices.reports.profile import METHODS, PROFILER

    least, most = report.operator_samples
    whole = sum(len(run.samples.wall_ns) for run in report.runs)
    share = report.whole.time_ms / report.median_ms
    counted = f"{least} runs" if least == most else f"{least} to {most} runs"
    loads = [run.before.load_average for run in report.runs]
    load = max((each for each in loads if each is not None), default=None)
    processes = f"{len(report.runs)} process{'es' if len(report.runs) > 1 else ''}"
    lines = [
        f"the whole file takes {report.median_ms:.3f} ms (median of {whole} runs without a "
        f"profiler); the sum of its operators is {share:.0%} of that",
        f"operators: {METHODS[report.method]}; {counted} each, median over {processes}",
        f"{machine_words(report.machine)}, target {report.target}; "
        f"{report.info.runtime_version}{'' if load is None else f'; load average {load:.2f}'}",
    ]
    if report.macs is not None and report.macs != report.whole.macs:
        lines.append(
            f"note: the network has {output.millions(report.macs)} MACs; the file's operators do "
            f"{output.millions(report.whole.macs)}"
        )
    if report.method == PROFILER:
        lines.append(
            f"note: the cheapest operator reads {report.cheapest_us:.1f} us, which is mostly the "
            f"profiler's work; {len(report.operators)} times that is "
            f"{len(report.operators) * report.cheapest_us / 1e3:.3f} ms"
        )
    lines += [f"note: {issue.message}; {issue.advice}" for issue in report.issues]
    lines += [f"note: not timed: {name}: {why}" for name, why in report.unmeasured.items()]
    return lines
