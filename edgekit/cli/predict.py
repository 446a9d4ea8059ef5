"""``edgekit predict``: estimate a file's latency on a device that is not at hand."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edgekit.cli.latency import requests
from edgekit.cli.shared import output
from edgekit.cli.shared.command.helping import Command
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
    """Estimate LiteRT's latency of FILEs on DEVICEs that are not at hand.

    FILEs are .tflite, or .onnx, which is taken as the .tflite file that it would
    become. A MODEL (a name from `edgekit list`, or a pattern) is exported to a
    cache first.

    An estimate, not a measurement: a roofline of each operator's arithmetic and
    memory traffic, fitted to published latencies. It is printed with the range
    in which 8 of 10 published times lay, on devices that were left out of the fit.
    Of a network unlike those of the fit there is no estimate, and the reason is said.
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
    costs, time_ms, interval_ms = found.classes, found.time_ms, found.interval_ms
    row = [
        Path(found.file).name,
        found.device.name,
        str(found.threads),
        found.precision,
        output.millions(found.macs),
    ]
    if time_ms is None or interval_ms is None:
        return [*row, "none", "", ""]
    low, high = interval_ms
    dearest = max(costs, key=lambda name: costs[name].time_ms or 0.0)
    memory_ms = sum(cost.memory_ms or 0.0 for cost in costs.values())
    return [
        *row,
        f"~{_ms(time_ms)} [{_ms(low)}, {_ms(high)}]",
        f"{memory_ms / time_ms:.0%}",
        f"{dearest} ({(costs[dearest].time_ms or 0.0) / time_ms:.0%})",
    ]


def _ms(value: float) -> str:
    return f"{value:.2g}" if value < 100 else f"{value:.0f}"


def _conditions(found: Sequence[Prediction]) -> list[str]:
    """Say what the devices are, and how far such estimates are off."""
    lines = ["an estimate for LiteRT with XNNPACK, not a measurement: nothing was run"]
    for precision, one in {each.precision: each for each in found}.items():
        accuracy, unseen = one.accuracy, one.unseen
        lines.append(
            f"{precision}: on devices left out of the fit, {accuracy.within_10:.0%} of "
            f"{accuracy.figures} published times of {accuracy.devices} devices lay within 10 % of "
            f"the estimate and {accuracy.within_20:.0%} within 20 %, half within "
            f"{accuracy.median_error:.0%}, 8 of 10 between {accuracy.low:.2f} and "
            f"{accuracy.high:.2f} times the estimate; on networks left out of it "
            f"{unseen.within_10:.0%} of {unseen.figures} lay within 10 % and "
            f"{unseen.within_20:.0%} within 20 %"
        )
    for file, each in {each.file: each for each in found}.items():
        if each.likeness.unlike:
            why = "; ".join(each.likeness.unlike)
            lines.append(f"{Path(file).name}: no estimate, as it is unlike the fitted ones: {why}")
        if file.lower().endswith(".onnx"):
            lines.append(
                f"{Path(file).name}: the time of the .tflite file that it would become, on "
                f"{each.runtime}; of ONNX Runtime no times on these devices are published to fit to"
            )
    lines += [
        f"{device.name}: {device.title}; {device.core} at {device.clock_ghz:g} GHz, memory "
        f"{device.memory_gb_per_s:g} GB/s"
        for device in {each.device.name: each.device for each in found}.values()
    ]
    return lines
