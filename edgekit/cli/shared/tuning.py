"""What --tune and --lowering have in common in `edgekit export` and `edgekit quantize`."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edgekit.cli.shared import output
from edgekit.cli.shared.options import bundle, target_option
from edgekit.cli.shared.tables.columns import figure, name, word
from edgekit.progress import Tell

if TYPE_CHECKING:
    from edgekit.export import Artifact
    from edgekit.export.forms import Forms, Tuned, Tuner

ARM = "qemu:cortex-a76"
"""For which float16 arithmetic is decided where no target is said: phones since 2018."""


@dataclass(frozen=True)
class TuningOptions:
    """Which optional rules to use, or where to find out."""

    target: str
    wants_tuning: bool
    lowerings: tuple[str, ...]

    @property
    def tuner(self) -> Tuner | None:
        """What measures the forms, if that is wanted."""
        return partial(measured, target=self.target) if self.wants_tuning else None

    def deciding(self, images: Path | None) -> Tuner:
        """Return what decides on float16 arithmetic, for an Arm processor, and then as `tuner`."""
        target = self.target
        if target == "local" and platform.machine() not in ("aarch64", "arm64"):
            target = ARM
        return partial(measured, target=target, images=images, tunes=self.wants_tuning)


target_options = bundle(
    "tuning",
    TuningOptions,
    (
        target_option("Where --tune measures, as in `edgekit latency`."),
        click.option(
            "--tune",
            "wants_tuning",
            is_flag=True,
            help="Measure which optional rules are fastest for this network, and use them.",
        ),
        click.option(
            "--lowering",
            "lowerings",
            multiple=True,
            metavar="FORMAT:+RULE,-RULE",
            help="Optional rules of one format to add and to leave out, as a sidecar says them.",
        ),
    ),
)


def measured(
    every: Sequence[Forms],
    say: Tell,
    *,
    target: str,
    images: Path | None = None,
    tunes: bool = True,
) -> list[Tuned]:
    """Return the best forms on a target, file by file.

    Args:
        every: the forms of each file; those of an open precision are decided first.
        say: takes a short line before each step.
        target: where the files are measured.
        images: to judge float16 arithmetic on.
        tunes: whether optional rules are tried.
    """
    from edgekit import devices
    from edgekit.devices.tuning import search

    place = devices.resolve_target(target)
    with devices.opened(place, say):
        return [search.best(forms, place, images, say, tunes=tunes) for forms in every]


def show_tuning(artifacts: Sequence[Artifact]) -> None:
    """Print the lowering of each file that has another than the default, and its measurements."""
    for entry in artifacts:
        if not entry.lowering and not entry.tuning:
            continue
        output.say()
        output.say(f"{entry.path.name}: {entry.lowering or 'the default rules'}")
        if entry.tuning:
            counted = any("instructions" in step for step in entry.tuning)
            figures = "instructions" if counted else "time"
            output.print_table(
                (
                    word("step", 1),
                    name("rule"),
                    figure(f"{figures} beside the form before"),
                    word("verdict"),
                ),
                [
                    [step["step"], step["change"], _beside(step), step["verdict"]]
                    for step in entry.tuning
                ],
            )
            last = next((step for step in reversed(entry.tuning) if "target" in step), None)
            if last is not None:
                kind = "instructions of one inference" if counted else "95 % intervals"
                output.say(
                    f"{kind}; {last['processes']} processes, {last['threads']} thread, "
                    f"target {last['target']}"
                )


def _beside(step: Mapping[str, Any]) -> str:
    """Say what a step found: a ratio, or what float16 arithmetic does to the answers."""
    if "max_rel_error" in step:
        error = f"largest error {step['max_rel_error']:.1e} of the output range"
        if step["emulated_max_rel_error"] is not None:
            error += f", {step['emulated_max_rel_error']:.1e} on the target"
        if step["points"] is not None:
            error += f"; top-1 {step['points']:+.2f} points on {step['images']}"
        return error
    if "instructions" in step:
        return f"{step['ratio']:.3f}"
    return "{:.3f} [{:.3f}, {:.3f}]".format(step["ratio"], *step["interval"])
