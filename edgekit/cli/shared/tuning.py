"""What --tune and --lowering have in common in `edgekit export` and `edgekit quantize`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import click

from edgekit.cli.shared import output
from edgekit.cli.shared.options import bundle, target_option
from edgekit.cli.shared.tables.columns import figure, name, word
from edgekit.progress import Tell

if TYPE_CHECKING:
    from edgekit.export import Artifact
    from edgekit.export.forms import Forms, Tuned, Tuner


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


def measured(every: Sequence[Forms], say: Tell, *, target: str) -> list[Tuned]:
    """Return the fastest forms on a target, file by file."""
    from edgekit import devices
    from edgekit.devices.tuning.tune import tune

    place = devices.resolve_target(target)
    with devices.opened(place, say):
        return [tune(forms, devices.COMPARE_SETTINGS, place, say) for forms in every]


def show_tuning(artifacts: Sequence[Artifact]) -> None:
    """Print the lowering of each file that has another than the default, and its measurements."""
    for entry in artifacts:
        if not entry.lowering and not entry.tuning:
            continue
        output.say()
        output.say(f"{entry.path.name}: {entry.lowering or 'the default rules'}")
        if entry.tuning:
            output.print_table(
                (
                    word("step", 1),
                    name("rule"),
                    figure("time beside the form before"),
                    word("verdict"),
                ),
                [
                    [
                        step["step"],
                        step["change"],
                        "{:.3f} [{:.3f}, {:.3f}]".format(step["ratio"], *step["interval"]),
                        step["verdict"],
                    ]
                    for step in entry.tuning
                ],
            )
            last = entry.tuning[-1]
            output.say(
                f"95 % intervals; {last['processes']} processes, {last['threads']} thread, "
                f"target {last['target']}"
            )
