"""``edgekit bench``: one table of the trade-off."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from edgekit.cli.shared import output
from edgekit.cli.shared.command.helping import Command
from edgekit.cli.shared.command.values import NameList
from edgekit.cli.shared.options import (
    backends_option,
    calibration_data_option,
    print_options,
    target_option,
    thread_counts_option,
)
from edgekit.cli.shared.progress import working
from edgekit.cli.shared.tables.columns import figure, name, word
from edgekit.errors import UsageError

if TYPE_CHECKING:
    from edgekit.study import BenchResult, Row
    from edgekit.study.store.figures import Figures


_NAMED = 3


@click.command(
    "bench",
    cls=Command,
    short_help="One table of the trade-off: size, top-1, latency, memory.",
    examples=(
        "bench 'micronet*' --calibration-data photos",
        "bench net_float32.tflite net_int8.tflite --plot tradeoff.png",
    ),
)
@click.argument("subjects", metavar="[PATTERN|FILE]...", nargs=-1)
@click.option(
    "--precision",
    "precisions",
    type=NameList(),
    default="float32,int8",
    show_default=True,
    help="Of networks by name.",
)
@backends_option
@thread_counts_option
@target_option("Where the files run, as in `edgekit latency`; qemu: counts instructions.")
@click.option(
    "--min-secs",
    type=float,
    default=1.0,
    show_default=True,
    help="Least seconds of timed runs in each process.",
)
@click.option(
    "--children",
    type=int,
    default=3,
    show_default=True,
    help="Fresh processes for each file; at least 3.",
)
@calibration_data_option
@click.option(
    "--recipe",
    default="minmax",
    show_default=True,
    help="Of integer files, as in `edgekit quantize`; it changes their answers, hardly their time.",
)
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Labelled images: measure top-1 of every trained file on them, in place of the published.",
)
@click.option(
    "--limit", type=click.IntRange(min=1), metavar="N", help="Take N images, evenly spaced."
)
@click.option(
    "--plot",
    type=click.Path(path_type=Path),
    metavar="FILE.png|.svg",
    help="Also draw top-1 over latency; needs matplotlib.",
)
@click.option(
    "--store",
    type=click.Path(path_type=Path),
    metavar="STORE.sqlite",
    help="Where results are kept, for `edgekit report` too; without it, in the cache.",
)
@click.option("--again", is_flag=True, help="Measure anew what an earlier run has measured.")
@print_options
def command(
    subjects: tuple[str, ...],
    precisions: tuple[str, ...],
    backends: tuple[str, ...],
    threads: tuple[int, ...],
    target: str,
    min_secs: float,
    children: int,
    calibration_data: Path | None,
    recipe: str,
    data: Path | None,
    limit: int | None,
    plot: Path | None,
    store: Path | None,
    *,
    again: bool,
    as_json: bool,
) -> None:
    """Put networks (names from `edgekit list`, patterns such as 'micronet*') and files in a table.

    Without any, one network of each family is taken. Each is exported, quantized and measured in
    turns with the others. A run that was cut short goes on where it was.
    """
    from edgekit import study
    from edgekit.devices import MeasureSettings
    from edgekit.study.bench import tradeoff_plot
    from edgekit.study.grid.plan import Calibration, Images

    if limit is not None and data is None:
        raise UsageError("--limit says how many images of --data are taken: give both")
    if plot is not None:
        tradeoff_plot.check(plot)
    request = study.BenchRequest(
        subjects=subjects,
        precisions=precisions,
        runtimes=backends,
        threads=threads,
        target=target,
        measure=MeasureSettings(children=children, min_secs=min_secs),
        calibration=Calibration(calibration_data, recipe=recipe),
        accuracy=None if data is None else Images(data, limit),
        store=store,
        again=again,
    )
    with working("bench") as say:
        result = study.bench(request, say)
    if as_json:
        output.print_document(result)
    else:
        _print(result)
    if plot is not None:
        tradeoff_plot.write(plot, result.rows)


def _print(result: BenchResult) -> None:
    rows = [row for row in result.rows if row.is_ok]
    counted = any(row.figures.instructions is not None for row in rows)
    output.print_table(
        (
            name("model"), word("precision"), word("runtime"), figure("threads", 6),
            figure("params", 5), figure("MACs", 2), figure("size", 1), figure("top-1 %"),
            figure("instructions" if counted else "median ms [95 % interval]"),
            figure("load ms", 4), figure("first answer ms", 3), figure("private memory", 3),
            figure("partitions", 4),
        ),
        [_cells(row) for row in rows],
    )  # fmt: skip
    output.say()
    for line in _notes(result):
        output.say(f"note: {line}")


def _cells(row: Row) -> list[str]:
    cell, figures = row.cell, row.figures
    if figures.instructions is not None:
        headline = output.millions(figures.instructions)
    else:
        ends = (figures.median_ms, figures.low_ms, figures.high_ms)
        headline = "{} [{}, {}]".format(*(f"{each or 0:.3f}" for each in ends))
    memory, partitions = figures.private_memory_bytes, figures.partitions
    return [
        cell.model,
        cell.precision or "",
        cell.runtime,
        str(cell.threads),
        "" if cell.params is None else output.millions(cell.params),
        "" if cell.macs is None else output.millions(cell.macs),
        "" if cell.size_bytes is None else output.size(cell.size_bytes),
        _top1(row),
        headline,
        "" if figures.load_ms is None else f"{figures.load_ms:.1f}",
        _first_answer(figures),
        "" if memory is None else output.size(memory),
        "" if partitions is None else str(partitions),
    ]


def _first_answer(figures: Figures) -> str:
    if figures.load_ms is None or figures.first_run_ms is None:
        return ""
    return f"{figures.load_ms + figures.first_run_ms:.1f}"


def _top1(row: Row) -> str:
    if row.top1 is not None:
        return f"{row.top1:.1f} [{row.top1_low:.1f}, {row.top1_high:.1f}]"
    if row.cell.published_top1 is None:
        return "-"
    published = f"{row.cell.published_top1:.1f}"
    return published if row.cell.precision == "float32" else f"({published})"


def _few(names: list[str], count: int) -> str:
    """Name whom a note is about: all, a few, or how many."""
    if len(names) == count > 1:
        return "all"
    return ", ".join(names) if len(names) <= _NAMED else f"{len(names)} of {count} rows"


def _notes(result: BenchResult) -> list[str]:
    notes = []
    images: dict[str, list[str]] = {}
    for row in result.rows:
        if row.accuracy_on is not None and row.cell.model not in images.get(row.accuracy_on, []):
            images.setdefault(row.accuracy_on, []).append(row.cell.model)
    for on, names in images.items():
        notes.append(f"top-1 on {on}: {', '.join(names)}")
    if any(_top1(row).startswith("(") for row in result.rows):
        notes.append(
            "top-1 in brackets is that of the float32 network; --data DIR measures every file's"
        )
    if result.synthetic:
        notes.append(
            f"integer files of {', '.join(result.synthetic)} are calibrated on synthetic samples: "
            "their time holds, their answers may not; give --calibration-data DIR"
        )
    untrained = {
        row.cell.model for row in result.rows if (row.cell.weights or "").startswith("untrained")
    }
    if untrained:
        notes.append(
            f"{', '.join(sorted(untrained))} have seeded weights: time does not depend on them"
        )
    if result.known:
        first = min(row.finished_at for row in result.rows)[:16].replace("T", " ")
        notes.append(
            f"{result.known} of {len(result.rows)} rows were measured before, from {first} UTC on; "
            "--again measures them anew"
        )
    doubts: dict[str, list[str]] = {}
    for row in result.rows:
        about = f"{row.cell.model} {row.cell.precision or ''} on {row.cell.runtime}"
        if not row.is_ok:
            notes.append(f"{about} failed: {row.message}")
        for code in (row.figures.doubts or "").split():
            doubts.setdefault(code, []).append(about)
    if doubts:
        whose = [f"{code} ({_few(rows, len(result.rows))})" for code, rows in doubts.items()]
        notes.append(f"doubtful times: {', '.join(whose)}; `edgekit latency` says what to do")
    return notes
