"""What --tune and --lowering have in common in `edgekit export` and `edgekit quantize`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

import click

from edgekit.cli.shared import output
from edgekit.cli.shared.steps import told
from edgekit.errors import UsageError

if TYPE_CHECKING:
    from edgekit.devices.tuning.candidates import Forms
    from edgekit.devices.tuning.tune import Tuned
    from edgekit.export import Artifact, Choices

_Command = TypeVar("_Command", bound=Callable[..., object])


def options(command: _Command) -> _Command:
    """Add --lowering, --tune and --target to a command."""
    for option in (
        click.option(
            "--target",
            "--device",
            "target",
            default="local",
            show_default=True,
            help="Where --tune measures, as in `edgekit latency`.",
        ),
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
    ):
        command = option(command)
    return command


def read(texts: Sequence[str], formats: Sequence[str]) -> dict[str, Choices]:
    """Read every --lowering, by the name of its format, which must be one that is written."""
    from edgekit.export import formats as known
    from edgekit.export.rewriting import choices

    found = {}
    written = {known.get(name).name for name in formats}
    for text in texts:
        name, colon, rules = text.partition(":")
        if not colon:
            raise UsageError(f"--lowering takes FORMAT:+RULE,-RULE, not {text!r}")
        target = known.get(name)
        if target.name not in written:
            raise UsageError(f"--lowering {text!r}: no {target.name} file is written")
        found[target.name] = choices.parse(rules)
    return found


def measured(every: Sequence[Forms], target: str, say: Callable[[str], None]) -> list[Tuned]:
    """Return the fastest forms on a target, file by file."""
    from edgekit import devices
    from edgekit.devices.tuning.tune import tune

    place = devices.resolve_target(target)
    with devices.opened(place, told(say)):
        return [tune(forms, devices.COMPARE_SETTINGS, place, told(say)) for forms in every]


def show(artifacts: Sequence[Artifact]) -> None:
    """Print the lowering of each file that has another than the default, and its measurements."""
    for entry in artifacts:
        if not entry.lowering and not entry.tuning:
            continue
        click.echo()
        click.echo(f"{entry.path.name}: {entry.lowering or 'the default rules'}")
        if entry.tuning:
            output.print_table(
                ["step", "rule", "time beside the form before>", "verdict"],
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
            click.echo(
                f"95 % intervals; {last['processes']} processes, {last['threads']} thread, "
                f"target {last['target']}"
            )
