"""``edgekit sweep``: a grid of measurements that can be killed and goes on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from edgekit.cli.shared import output
from edgekit.cli.shared.command.helping import Command
from edgekit.cli.shared.options import print_options
from edgekit.cli.shared.progress import working
from edgekit.cli.shared.tables.columns import figure, name, word

if TYPE_CHECKING:
    from edgekit.study import Plan, SweepResult

_SHOWN_FAILURES = 5


@click.command(
    "sweep",
    cls=Command,
    short_help="Measure a grid of networks; resumable.",
    examples=(
        "sweep grid.toml --dry-run",
        "sweep grid.toml -o results.sqlite",
    ),
)
@click.argument("file", metavar="FILE.toml", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--store",
    "store",
    type=click.Path(path_type=Path),
    metavar="STORE.sqlite",
    help="Where results are kept; without it, FILE.sqlite in the working folder.",
)
@click.option("--dry-run", is_flag=True, help="List the cells and measure nothing.")
@click.option(
    "--retry-failures", is_flag=True, help="Measure anew what failed before; else it is over."
)
@click.option(
    "--lock",
    metavar="COMMAND",
    help="Hold a lock around each process that measures: COMMAND runs the program that follows it "
    "while it holds, as 'flock /var/lock/board' does; EDGEKIT_TARGET is the target.",
)
@click.option(
    "--ray",
    "address",
    metavar="ADDRESS",
    help="Do the same on a Ray cluster: files are made on its workers, and each target is measured "
    "by the node that offers board_<target>: 1.",
)
@print_options
def command(
    file: Path,
    store: Path | None,
    lock: str | None,
    address: str | None,
    *,
    dry_run: bool,
    retry_failures: bool,
    as_json: bool,
) -> None:
    """Measure every cell of the grid in FILE.toml (see docs/sweep.md) that the store lacks.

    Killed at any moment and started again it goes on where it was: nothing is measured twice and
    nothing is lost. What cannot be made or measured is a row of the store too.
    """
    from edgekit import study
    from edgekit.study.sweep.engine import Engine, LocalEngine
    from edgekit.study.sweep.lock import Lock

    plan = study.read_plan(file)
    if dry_run:
        _list(plan)
        return
    path = store or Path(f"{file.stem}.sqlite")
    held = None if lock is None else Lock(lock)
    engine: Engine
    if address is None:
        engine = LocalEngine(held)
    else:
        from edgekit.study.sweep.ray_engine import RayEngine

        engine = RayEngine(address, held)
    request = study.SweepRequest(plan, path, engine, retry_failures=retry_failures)
    with working("sweep") as say:
        result = study.sweep(request, say)
    if as_json:
        output.print_document(result)
    else:
        _print(result)


def _list(plan: Plan) -> None:
    rows = []
    for point in plan.points:
        subject = point.subject
        size = "own" if subject.height is None else f"{subject.height}x{subject.width}"
        rows.append(
            [
                subject.model,
                subject.precision or "as it is",
                point.runtime,
                str(point.threads),
                "" if subject.is_file else size,
                "" if subject.is_file else str(subject.batch),
                point.target,
            ]
        )
    output.print_table(
        (
            name("model"),
            word("precision"),
            word("runtime"),
            figure("threads"),
            figure("size", 1),
            figure("batch", 2),
            name("target", 3),
        ),
        rows,
    )
    settings = plan.measure
    output.say(
        f"\n{len(rows)} cells of {settings.children} processes each; at least "
        f"{settings.warmup_secs + settings.min_secs:g} s of running in each"
    )


def _print(result: SweepResult) -> None:
    from edgekit import study

    output.say(
        f"{result.cells} cells: {result.measured} measured now, {result.known} known before, "
        f"{result.failed} failed; kept in {result.store}"
    )
    if result.failed < result.cells:
        output.say(f"`edgekit report {result.store} -o page.html` shows them")
    wanted = set(result.keys)
    failures: dict[str, list[str]] = {}
    for row in study.read_rows(result.store):
        cell = row.cell
        if cell.key in wanted and not row.is_ok:
            about = f"{cell.model} {cell.precision or ''} on {cell.runtime}"
            failures.setdefault(row.message or "", []).append(about)
    for message, cells in list(failures.items())[:_SHOWN_FAILURES]:
        more = f" and {len(cells) - 1} more" if len(cells) > 1 else ""
        output.say(f"failed: {cells[0]}{more}: {message}")
    if len(failures) > _SHOWN_FAILURES:
        output.say(f"and {len(failures) - _SHOWN_FAILURES} other failures: see the store")
