"""``edgekit compare``: is one file faster than another, and how sure is that."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edgekit.cli.latency.requests import exported, of_file
from edgekit.cli.latency.words import machine_words, short_path
from edgekit.cli.shared import output
from edgekit.cli.shared.command.helping import Command
from edgekit.cli.shared.names import expanded
from edgekit.cli.shared.options import (
    cool_down_option,
    cpus_option,
    is_file,
    print_options,
    target_option,
    threads_option,
)
from edgekit.cli.shared.progress import working
from edgekit.cli.shared.tables.columns import figure, name, word
from edgekit.errors import CheckFailedError, UsageError

if TYPE_CHECKING:
    from edgekit.devices import (
        Comparison,
        Contrast,
        CountPair,
        MeasureSettings,
        ModelFile,
        TimePair,
    )


@click.command(
    "compare",
    cls=Command,
    short_help="Tell which of two files is faster, and how surely.",
    examples=(
        "compare net_float32.tflite net_int8.tflite",
        "compare old.tflite new.tflite --fail-slower 5",
        "compare before.json after.json",
    ),
)
@click.argument("base")
@click.argument("candidates", metavar="CANDIDATE...", nargs=-1, required=True)
@click.option(
    "--backend",
    default="tflite",
    show_default=True,
    help="Runtime for named models; a file runs on the runtime of its suffix.",
)
@click.option(
    "--input-shape",
    "input_shapes",
    multiple=True,
    metavar="[NAME:]N,...",
    help="Sizes of one input of named models and your own code, as for `edgekit export`.",
)
@threads_option
@target_option("Where the files run, as in `edgekit latency`.")
@click.option(
    "--children",
    type=int,
    default=6,
    show_default=True,
    help="Fresh processes for all files; at least 3.",
)
@click.option(
    "--num-runs",
    type=int,
    default=30,
    show_default=True,
    help="Least timed runs of each file in each process.",
)
@click.option(
    "--min-secs",
    type=float,
    default=1.0,
    show_default=True,
    help="Least seconds of timed runs of each file in each process.",
)
@cpus_option
@cool_down_option
@click.option(
    "--fail-slower",
    type=click.FloatRange(min=0),
    metavar="PERCENT",
    help="Exit code 1 if a candidate is, beyond doubt, slower by more than this, or executes more "
    "instructions by more than this.",
)
@click.option(
    "--force", is_flag=True, help="Compare results of unlike devices or conditions all the same."
)
@print_options
def command(
    base: str,
    candidates: tuple[str, ...],
    backend: str,
    input_shapes: tuple[str, ...],
    threads: int,
    target: str,
    children: int,
    num_runs: int,
    min_secs: float,
    cpus: str | None,
    cool_down_secs: float,
    fail_slower: float | None,
    *,
    force: bool,
    as_json: bool,
) -> None:
    """Compare each CANDIDATE with BASE.

    Model files (.onnx, .tflite), named models and your own code (package.module:factory) are
    measured now: all take turns within each of several fresh
    processes, which cancels most of what a busy machine does to latencies. Two result files of
    `edgekit latency --json` or `edgekit compare --json` are compared as they are, with a wider
    interval; if they are of unlike devices, versions or conditions, that is refused. Instruction
    counts of `edgekit latency --target qemu:PROCESSOR --json` give an exact ratio.
    """
    from edgekit import devices

    base, *others = expanded([base, *candidates])
    candidates = tuple(others)
    are_results = {_is_result(subject) for subject in (base, *candidates)}
    if are_results == {False}:
        settings = devices.MeasureSettings(
            threads=threads,
            children=children,
            num_runs=num_runs,
            min_secs=min_secs,
            max_secs=max(devices.COMPARE_SETTINGS.max_secs, min_secs),
            warmup_secs=devices.COMPARE_SETTINGS.warmup_secs,
            cpus=cpus,
            cool_down_secs=cool_down_secs,
        )
        named = _Named(backend, input_shapes)
        gates = _measure([base, *candidates], named, settings, target, as_json=as_json)
    elif are_results == {True} and len(candidates) == 1:
        gates = _read(Path(base), Path(candidates[0]), force=force, as_json=as_json)
    else:
        raise UsageError(
            "compare takes a model (a file .onnx or .tflite, or a name) and one or more others, or "
            "two result files (.json)"
        )
    if fail_slower is not None:
        _check(gates, fail_slower)


@dataclass(frozen=True)
class _Named:
    """How to measure what is no file."""

    backend: str
    input_shapes: tuple[str, ...]

    def file(self, subject: str, say: Callable[[str], None]) -> ModelFile:
        """Return the file of a subject; a network is exported first."""
        from edgekit.export.sources import shapes

        if is_file(subject):
            return of_file(Path(subject))
        (found,) = exported(subject, "", shapes.parse(self.input_shapes), [self.backend], say)
        return found


def _is_result(subject: str) -> bool:
    return not is_file(subject) and (subject.endswith(".json") or Path(subject).is_file())


def _measure(
    subjects: Sequence[str],
    named: _Named,
    settings: MeasureSettings,
    target: str,
    *,
    as_json: bool,
) -> dict[str, Contrast | CountPair]:
    from edgekit import devices

    place = devices.resolve_target(target)
    with working("compare") as say:
        base, *candidates = (named.file(each, say) for each in subjects)
        request = devices.CompareRequest(base, tuple(candidates), settings, place)
        result = devices.compare(request, say)
    if as_json:
        click.echo(result.to_json())
    else:
        _print_comparison(result)
    return dict(zip(subjects[1:], result.contrasts, strict=True))


def _read(
    base: Path, candidate: Path, *, force: bool, as_json: bool
) -> dict[str, Contrast | CountPair]:
    from edgekit import devices

    result = devices.compare_results(base, candidate, force=force)
    if as_json:
        click.echo(json.dumps(json.loads(result.to_json()), indent=2))
    elif result.times:
        _print_times(result.times)
    else:
        _print_counts(result.counts)
    if not as_json:
        for phrase in result.differences:
            output.say(f"note: unlike conditions: {phrase}")
    return {
        **{_measured(pair): pair.contrast for pair in result.times},
        **{_measured(pair): pair for pair in result.counts},
    }


def _measured(pair: TimePair | CountPair) -> str:
    name, runtime, _ = pair.base.key
    return f"{name} on {runtime}"


def _check(gates: dict[str, Contrast | CountPair], percent: float) -> None:
    over = [f"{name} {words}" for name, gate in gates.items() if (words := _exceeds(gate, percent))]
    if over:
        raise CheckFailedError("; ".join(over), reason_code="slower", result=gates)


def _exceeds(gate: Contrast | CountPair, percent: float) -> str:
    """Say by how much a candidate exceeds what is allowed; nothing if it does not."""
    from edgekit import devices

    if isinstance(gate, devices.CountPair):
        if not gate.more_by_more_than(percent):
            return ""
        return f"executes {100 * (gate.ratio - 1):.2f} % more instructions, not {percent:g}"
    if not gate.slower_by_more_than(percent):
        return ""
    return f"is slower by at least {100 * (gate.interval[0] - 1):.1f} %, not {percent:g}"


def _print_comparison(result: Comparison) -> None:
    files = [subject.file for subject in result.subjects]
    rows = [
        [
            short_path(subject.file, files),
            subject.precision or "",
            subject.info.runtime,
            *_cells(contrast),
        ]
        for subject, contrast in zip(result.candidates, result.contrasts, strict=True)
    ]
    output.print_table(
        (name("candidate"), word("precision", 3), word("runtime", 2), *_COLUMNS), rows
    )
    settings = result.settings
    versions = ", ".join(sorted({each.info.runtime_version for each in result.subjects}))
    output.say(
        f"\nbase {short_path(result.base.file, files)} on {result.base.info.runtime}; "
        f"{machine_words(result.machine)}, target {result.target}; {versions}; "
        f"threads {settings.threads}; blocks in turns within {settings.children} processes"
    )
    _explain(result.contrasts)
    for issue in result.issues:
        output.say(f"note: {issue.message}; {issue.advice}")


def _print_times(pairs: Sequence[TimePair]) -> None:
    rows = []
    for pair in pairs:
        measured, runtime, threads = pair.candidate.key
        rows.append([measured, runtime, str(threads), *_cells(pair.contrast)])
    output.print_table((name("measured"), word("runtime"), figure("threads", 1), *_COLUMNS), rows)
    output.say(f"\n{machine_words(pairs[0].candidate.machine)}, target {pairs[0].candidate.target}")
    _explain([pair.contrast for pair in pairs])
    output.say(
        "note: measured apart; the interval does not cover what changed on the machine in between"
    )


def _print_counts(pairs: Sequence[CountPair]) -> None:
    rows = []
    for pair in pairs:
        measured, runtime, _ = pair.candidate.key
        base, candidate = pair.base.report, pair.candidate.report
        rows.append(
            [
                measured,
                runtime,
                output.millions(base.instructions),
                output.millions(candidate.instructions),
                f"{pair.ratio:.5f}",
                pair.verdict,
                f"{max(base.spread, candidate.spread):.3%}",
            ]
        )
    output.print_table(
        (
            name("measured"), word("runtime"), figure("base instructions", 1),
            figure("candidate instructions", 1), figure("ratio"), word("verdict"),
            figure("spread", 2),
        ),
        rows,
    )  # fmt: skip
    first = pairs[0].candidate.report
    versions = ", ".join(sorted({each.candidate.report.info.runtime_version for each in pairs}))
    output.say(
        f"\nper inference: {first.label}; {versions}; the ratio is exact; same: the difference is "
        "no larger than the spread over the processes of one count"
    )


_COLUMNS = (
    figure("base ms", 1), figure("candidate ms", 1), figure("ratio [95 % interval]"),
    word("verdict"), figure("detectable change", 4), figure("n", 6), figure("processes", 5),
)  # fmt: skip


def _cells(contrast: Contrast) -> list[str]:
    return [
        f"{contrast.base_ms:.3f}",
        f"{contrast.candidate_ms:.3f}",
        "{:.3f} [{:.3f}, {:.3f}]".format(contrast.ratio, *contrast.interval),
        verdict_words(contrast),
        f"{100 * contrast.smallest_change:.1f} %",
        str(contrast.samples),
        str(contrast.processes),
    ]


def verdict_words(contrast: Contrast) -> str:
    """Say the verdict: ``faster``, ``slower``, ``same within X %`` or ``cannot tell``."""
    if contrast.verdict == "same":
        return f"same within {100 * contrast.within:.1f} %"
    return contrast.verdict


def _explain(contrasts: Sequence[Contrast]) -> None:
    clocks = {"undisturbed wall": "time of undisturbed runs", "CPU": "CPU time", "wall": "time"}
    used = " and ".join(dict.fromkeys(clocks[each.clock] for each in contrasts))
    output.say(f"times are the 20th percentile of the {used}; n samples of both files")
    for each in contrasts:
        if each.verdict == "cannot tell":
            more = each.more_processes
            count = "more than 1000" if more is None else f"about {more}"
            output.say(
                f"cannot tell: {count} more processes (--children) would settle it, if the times "
                "keep scattering as they do"
            )
