"""What ``edgekit quantize`` prints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from edgekit.cli.export.command import delegate
from edgekit.cli.shared import output

if TYPE_CHECKING:
    from edgekit.export import Artifact, Origin
    from edgekit.quantize import Outcome, Step


def show(
    artifacts: Sequence[Artifact], origin: Origin, outcome: Outcome | None, max_drop: float | None
) -> None:
    """Print the files, and before them what a search has tried."""
    first = artifacts[0]
    click.echo(f"{first.model}: recipe {origin.recipe}, weights {first.weights}")
    if origin.calibration is not None:
        click.echo(f"calibrated on {origin.calibration}")
    if outcome is not None:
        click.echo()
        output.print_table(
            [
                "step",
                "recipe",
                "lost>",
                "agreement>",
                "SQNR>",
                "images>",
                "size>",
                "latency [5 processes]>",
                "",
            ],
            [_step(step) for step in outcome.steps],
        )
        verdict = "kept" if outcome.within else "NOT kept: no rung is left"
        click.echo(f"budget of {max_drop:g} points {verdict}")
    click.echo()
    output.print_table(
        ["file", "size>", "operators>", "delegate", "off its simulation>", "verified"],
        [_row(entry) for entry in artifacts],
    )


def _step(step: Step) -> list[str]:
    score = step.score
    unit = "top-1" if score.labelled else "agreement"
    latency = ""
    if score.latency:
        ratio, low, high = (score.latency[key] for key in ("ratio", "ratio_low", "ratio_high"))
        latency = f"{ratio:.2f} [{low:.2f}, {high:.2f}] of float32"
    return [
        step.action,
        step.recipe.text,
        f"{score.lost_points:+.2f} {unit}",
        f"{score.agreement_percent:.2f} %",
        "equal" if score.sqnr_db is None else f"{score.sqnr_db:.1f} dB",
        str(score.images),
        output.size(score.size_bytes),
        latency,
        "" if step.kept else "not kept",
    ]


def _row(entry: Artifact) -> list[str]:
    error = "" if entry.parity is None else f"{entry.parity.max_rel_error:.1e}"
    return [
        str(entry.path),
        output.size(entry.size_bytes),
        str(sum(entry.operators.values())),
        delegate(entry.partitions, entry.operators_outside),
        error,
        entry.verified,
    ]
