"""``edgekit latency``: how long models take on this machine, and how far to trust it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edgekit.cli.latency import (
    instruction_counts,
    modes,
    phone_benchmark,
    profile,
    requests,
    start_up,
    sustained,
    times,
)
from edgekit.cli.shared.command.helping import Command
from edgekit.cli.shared.command.values import Duration, NameList
from edgekit.cli.shared.options import (
    backends_option,
    cool_down_option,
    cpus_option,
    print_options,
    target_option,
    thread_counts_option,
)
from edgekit.cli.shared.progress import working
from edgekit.errors import UsageError
from edgekit.progress import Tell

if TYPE_CHECKING:
    from edgekit.devices import ModelFile


@click.command(
    "latency",
    cls=Command,
    short_help="Measure how long models take.",
    examples=(
        "latency net_float32.tflite net_int8.tflite",
        "latency 'micronet*' --backend tflite --threads 1,2",
        "latency net.tflite --profile",
        "latency net.tflite --target ssh:pi@board --sustained 10m",
        "latency net.tflite --target qemu:cortex-a76",
    ),
)
@click.argument("subjects", metavar="[MODEL|FILE]...", nargs=-1)
@click.option("--model", "models", metavar="MODEL|FILE", multiple=True, help="As an argument.")
@backends_option
@thread_counts_option
@target_option(
    "Where the files run: local; ssh:[user@]host[:port]; a name in devices.toml; "
    "adb:[SERIAL], a phone with TFLite's benchmark_model; or "
    "qemu:PROCESSOR (cortex-a53, cortex-a72, cortex-a76, armv8-i8mm), which counts instructions."
)
@click.option(
    "--num-runs", type=int, default=50, show_default=True, help="Least timed runs in each child."
)
@click.option(
    "--warmup-runs", type=int, default=5, show_default=True, help="Least untimed runs before."
)
@click.option(
    "--min-secs",
    type=float,
    default=1.0,
    show_default=True,
    help="Least seconds of timed runs in each child.",
)
@click.option(
    "--max-secs",
    type=float,
    default=30.0,
    show_default=True,
    help="Seconds after which a child stops sampling.",
)
@click.option(
    "--children",
    type=int,
    default=3,
    show_default=True,
    help="Fresh processes for each file: at least 3 for times, whose interval is of their "
    "differences; 1 for --profile and counts.",
)
@cpus_option
@cool_down_option
@click.option(
    "--input-size",
    "sizes",
    type=NameList(),
    metavar="H[xW],...",
    default=(),
    help="Input sizes of named models, such as 160,192,224; their own without it.",
)
@click.option(
    "--input-shape",
    "input_shapes",
    multiple=True,
    metavar="[NAME:]N,...",
    help="Sizes of one input of named models and your own code; once for each, in order or by "
    "name.",
)
@click.option(
    "--weight-cache",
    "weight_cache",
    is_flag=True,
    help="Start each .tflite file without XNNPACK's weight cache, with an empty one (cold), and "
    "with one that an earlier start has made (warm), in turns.",
)
@click.option(
    "--sustained",
    "duration",
    type=Duration(),
    help="Instead, run each file without a pause for so long (30m), and compare first and last "
    "minute.",
)
@click.option(
    "--profile",
    "profiled",
    is_flag=True,
    help="Instead, time each operator, and print where the time goes by class of layer.",
)
@click.option(
    "--plots",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="With --profile, draw a roofline of each file there as .png; needs matplotlib.",
)
@print_options
def command(
    subjects: tuple[str, ...],
    models: tuple[str, ...],
    backends: tuple[str, ...],
    threads: tuple[int, ...],
    target: str,
    num_runs: int,
    warmup_runs: int,
    min_secs: float,
    max_secs: float,
    children: int,
    cpus: str | None,
    cool_down_secs: float,
    sizes: tuple[str, ...],
    input_shapes: tuple[str, ...],
    duration: float | None,
    plots: Path | None,
    *,
    weight_cache: bool,
    profiled: bool,
    as_json: bool,
) -> None:
    """Measure the latency of each MODEL or FILE (.onnx, .tflite).

    MODEL is a name from `edgekit list`, or a pattern such as 'micronet*', quoted; a library's
    network such as timm:NAME; or your own code, package.module:factory with --input-shape.

    Without any, one network of each reference family is measured. Named models are exported to
    a cache first, with the weights that come with them or seeded ones: time does not depend on
    training. Every measurement runs in fresh child processes that take turns; the interval
    covers their differences.

    Each way of measuring takes options of its own, and refuses those of the others:

    \b
    plain, adb:  --threads, --children, --num-runs, --warmup-runs,
                 --min-secs, --max-secs, --cpus, --cool-down
    plain:       --weight-cache
    --profile    --threads, --children, --num-runs, --cpus, --plots
    --sustained  --threads, --cpus
    qemu:        --children

    On a target qemu:PROCESSOR the executed instructions are counted instead: a number without
    noise, for comparing files and for gates in CI, and no time. On a target adb:SERIAL TFLite's
    benchmark_model measures .tflite files, and gives their mean and its spread, no samples.
    """  # noqa: D301 -- click's mark of lines that stay as they are
    from edgekit import devices

    if plots is not None and not profiled:
        raise UsageError("--plots goes with --profile: give both, or leave it out")
    context = click.get_current_context()
    place = devices.resolve_target(target)
    runtimes = _runtimes(backends)

    def files(say: Tell, some: Sequence[str] = runtimes) -> tuple[ModelFile, ...]:
        return requests.collect([*subjects, *models], some, sizes, say, input_shapes)

    if isinstance(place, devices.CountingTarget):
        modes.COUNTS.check(context)
        with working("latency") as say:
            counting = devices.CountSettings(children=children)
            counts = devices.count(devices.CountRequest(files(say), place, counting), say)
        instruction_counts.show(counts, as_json=as_json)
        return
    if profiled:
        modes.PROFILE.check(context)
        profiles = tuple(
            devices.ProfileSettings(threads=each, children=children, num_runs=num_runs, cpus=cpus)
            for each in threads
        )
        profile.check_plots(plots)
        with working("latency") as say:
            asked = devices.ProfileRequest(files(say), profiles, place)
            costs = devices.profile(asked, say)
        profile.show(costs, plots, as_json=as_json)
        return
    if duration is not None:
        modes.SUSTAINED.check(context)
        long = tuple(devices.SustainSettings(duration, threads=each, cpus=cpus) for each in threads)
        with working("latency") as say:
            lasting = devices.sustain(devices.SustainRequest(files(say), long, place), say)
        sustained.show(lasting, as_json=as_json)
        return
    settings = tuple(
        devices.MeasureSettings(
            threads=each,
            children=children,
            num_runs=num_runs,
            min_secs=min_secs,
            max_secs=max_secs,
            warmup_runs=warmup_runs,
            cpus=cpus,
            cool_down_secs=cool_down_secs,
        )
        for each in threads
    )
    if isinstance(place, devices.BenchmarkTarget):
        modes.PHONE.check(context)
        some = phone_benchmark.only(runtimes)
        with working("latency") as say:
            asked_for = devices.BenchmarkRequest(files(say, some), place, settings)
            benchmarks = devices.benchmark(asked_for, say)
        phone_benchmark.show(benchmarks, as_json=as_json)
        return
    modes.TIMES.check(context)
    with working("latency") as say:
        wanted = files(say)
        if weight_cache:
            wanted = start_up.with_each_cache(wanted)
        reports = devices.measure(devices.MeasureRequest(wanted, settings, place), say)
    times.show(reports, as_json=as_json)


def _runtimes(names: Sequence[str]) -> list[str]:
    from edgekit import runtimes

    return list(dict.fromkeys(runtimes.resolve(name) for name in names))
