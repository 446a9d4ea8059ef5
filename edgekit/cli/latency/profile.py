"""``edgekit latency --profile``: where a file's time goes, by class of layer and by operator."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from edgekit.cli.latency.words import machine_words, row_names
from edgekit.cli.shared import output
from edgekit.cli.shared.tables.columns import figure, name, prose, word

if TYPE_CHECKING:
    from edgekit.devices import ProfileReport
    from edgekit.devices.reports.profile import Cost
    from edgekit.runtimes.operators import Operand, Operator

_DEAREST = 10

_CLASSES = (
    name("class"), figure("operators", 3), figure("ms"), figure("share"), figure("MACs", 1),
    figure("bytes", 4), figure("GMAC/s", 2), figure("MACs/byte", 5),
)  # fmt: skip
_OPERATORS = (
    name("dearest operators"), word("type"), figure("ms"), figure("share"), figure("MACs", 1),
    figure("GMAC/s", 2), figure("MACs/byte", 4), prose("shapes", 3),
)  # fmt: skip


def check_plots(folder: Path | None) -> None:
    """Check before measuring that what draws is there, if a folder for pictures is given.

    Raises:
        MissingPackageError: matplotlib is not installed.
    """
    if folder is not None:
        from edgekit.devices.reports import profile_plot

        profile_plot.require()


def show(reports: Sequence[ProfileReport], plots: Path | None, *, as_json: bool) -> None:
    """Draw where the time of each file goes, if a folder is given for that, and print it."""
    drawn = []
    if plots is not None:
        from edgekit.devices.reports import profile_plot

        drawn = profile_plot.write(plots, reports)
    if as_json:
        documents = [json.loads(report.to_json()) for report in reports]
        fields = {"reports": documents, "plots": [str(path) for path in drawn]}
        output.print_json("edgekit.profiles", 1, fields)
        return
    for number, (called, report) in enumerate(zip(row_names(reports), reports, strict=True)):
        if number:
            output.say()
        _print(called, report)
    for path in drawn:
        output.say(f"wrote {path}")


def _print(called: str, report: ProfileReport) -> None:
    threads = report.settings.threads
    precision = f" ({report.precision})" if report.precision else ""
    output.say(
        f"{called}{precision} on {report.info.runtime}, {threads} thread"
        f"{'s' if threads > 1 else ''}\n"
    )
    dearest_first = sorted(report.classes.items(), key=lambda item: -item[1].time_ms)
    output.print_table(
        _CLASSES,
        [
            _cells(kind, cost, report.whole.time_ms)
            for kind, cost in [*dearest_first, ("sum", report.whole)]
        ],
    )
    output.say()
    ranked = sorted(
        zip(report.operators, report.costs, strict=True), key=lambda item: -item[1].time_ms
    )
    output.print_table(
        _OPERATORS,
        [
            [
                operator.name,
                operator.kind,
                f"{cost.time_ms:.4f}",
                _share(cost, report.whole.time_ms),
                output.millions(cost.macs) if cost.macs else "",
                _rate(cost.gmacs_per_s),
                _rate(cost.macs_per_byte),
                _shapes(operator),
            ]
            for operator, cost in ranked[:_DEAREST]
        ],
    )
    output.say()
    for line in _conditions(report):
        output.say(line)


def _cells(name: str, cost: Cost, total_ms: float) -> list[str]:
    return [
        name,
        str(cost.operators),
        f"{cost.time_ms:.4f}",
        _share(cost, total_ms),
        output.millions(cost.macs) if cost.macs else "",
        output.size(cost.size_bytes),
        _rate(cost.gmacs_per_s),
        _rate(cost.macs_per_byte),
    ]


def _share(cost: Cost, total_ms: float) -> str:
    return f"{100 * cost.time_ms / total_ms:.1f} %" if total_ms > 0 else "-"


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
