"""``edgekit predict``: estimate a file's latency on a device that is not at hand."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edgekit.cli.latency import requests
from edgekit.cli.shared import output
from edgekit.cli.shared.helping import Command
from edgekit.cli.shared.options import print_options
from edgekit.cli.shared.progress import working
from edgekit.cli.shared.tables.columns import figure, name, word
from edgekit.errors import UsageError

if TYPE_CHECKING:
    from edgekit.devices import Prediction


@click.command(
    "predict",
    cls=Command,
    short_help="Estimate latencies on devices not at hand.",
    examples=(
        "predict net_float32.tflite --device pi4",
        "predict 'micronet*' --device pi4 --device pixel-4",
    ),
)
@click.argument("subjects", metavar="MODEL|FILE...", nargs=-1, required=True)
@click.option(
    "--device",
    "devices_",
    metavar="DEVICE",
    multiple=True,
    help="Such as pi4 or pixel-4, see docs/predict.md; may be given again.  [required]",
)
@click.option(
    "--threads", type=click.IntRange(min=1), default=1, show_default=True, help="Fast cores to use."
)
@print_options
def command(
    subjects: tuple[str, ...], devices_: tuple[str, ...], threads: int, as_json: bool
) -> None:
    """Estimate the latency of .tflite FILEs on DEVICEs that are not at hand.

    A MODEL (a name from `edgekit list`, or a pattern) is exported to a cache first.

    An estimate, not a measurement: a roofline of each operator's arithmetic and
    memory traffic, fitted to published latencies. It is printed with the range
    in which 8 of 10 published times lay, on devices that were left out of the fit.
    """
    from edgekit import devices
    from edgekit.devices.prediction import device_profile

    if not devices_:
        raise UsageError(f"no --device is given: {', '.join(device_profile.names())}")
    for device in devices_:
        device_profile.get(device)
    with working("predict") as say:
        paths = tuple(each.path for each in requests.collect(subjects, ["tflite"], (), say))
    found = devices.predict(devices.PredictRequest(paths, devices_, threads))
    if as_json:
        documents = [json.loads(each.to_json()) for each in found]
        output.print_json("edgekit.predictions", 1, {"predictions": documents})
        return
    output.print_table(
        (
            name("file"), word("device"), figure("threads", 2), word("precision"),
            figure("MACs", 1), figure("estimate ms [8 of 10]"), figure("memory-bound", 3),
            word("dearest class", 4),
        ),
        [_row(each) for each in found],
    )  # fmt: skip
    output.say()
    for line in _conditions(found):
        output.say(line)


def _row(found: Prediction) -> list[str]:
    low, high = found.interval_ms
    costs = found.classes
    dearest = max(costs, key=lambda name: costs[name].time_ms)
    memory_ms = sum(cost.memory_ms for cost in costs.values())
    return [
        Path(found.file).name,
        found.device.name,
        str(found.threads),
        found.precision,
        output.millions(found.macs),
        f"~{_ms(found.time_ms)} [{_ms(low)}, {_ms(high)}]",
        f"{memory_ms / found.time_ms:.0%}",
        f"{dearest} ({costs[dearest].time_ms / found.time_ms:.0%})",
    ]


def _ms(value: float) -> str:
    return f"{value:.2g}" if value < 100 else f"{value:.0f}"


def _conditions(found: Sequence[Prediction]) -> list[str]:
    """Say what the devices are, and how far such estimates are off."""
    lines = ["an estimate for LiteRT with XNNPACK, not a measurement: nothing was run"]
    for precision, accuracy in {each.precision: each.accuracy for each in found}.items():
        lines.append(
            f"{precision}: on devices left out of the fit, half of {accuracy.figures} published "
            f"times of {accuracy.devices} devices lay within {accuracy.median_error:.0%}, 8 of 10 "
            f"between {accuracy.low:.2f} and {accuracy.high:.2f} times the estimate"
        )
    lines += [
        f"note: {Path(name).name} does {output.millions(each.macs)} MACs, the smallest network of "
        f"the fit {output.millions(each.least_macs)}: the range may not hold"
        for name, each in {each.file: each for each in found if each.is_extrapolated}.items()
    ]
    lines += [
        f"{device.name}: {device.title}; {device.core} at {device.clock_ghz:g} GHz, memory "
        f"{device.memory_gb_per_s:g} GB/s"
        for device in {each.device.name: each.device for each in found}.values()
    ]
    return lines
