"""What ``edgekit quantize`` prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from edgekit.cli.shared import output
from edgekit.cli.shared.words import delegate

if TYPE_CHECKING:
    from edgekit.export import Artifact
    from edgekit.quantize import QuantizeResult, TraceStep


def show(result: QuantizeResult) -> None:
    """Print the files, and before them what a search has tried."""
    artifacts = result.artifacts
    first = artifacts[0]
    click.echo(f"{first.model}: recipe {result.recipe}, weights {first.weights}")
    if result.calibration is not None:
        click.echo(f"calibrated on {result.calibration}")
    if result.trace:
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
            [_step(step) for step in result.trace],
        )
        verdict = "kept" if result.within_budget else "NOT kept: no rung is left"
        click.echo(f"budget of {result.max_drop:g} points {verdict}")
    click.echo()
    output.print_table(
        [
            "file",
            "size>",
            "operators>",
            "delegate",
            "off its simulation>",
            "to float32>",
            "verified",
        ],
        [_row(entry) for entry in artifacts],
    )


def _step(step: TraceStep) -> list[str]:
    unit = "top-1" if step.labelled else "agreement"
    latency = ""
    if step.latency:
        ratio, low, high = (step.latency[key] for key in ("ratio", "ratio_low", "ratio_high"))
        latency = f"{ratio:.2f} [{low:.2f}, {high:.2f}] of float32"
    return [
        step.action,
        step.recipe,
        f"{step.lost_points:+.2f} {unit}",
        f"{step.agreement_percent:.2f} %",
        "equal" if step.sqnr_db is None else f"{step.sqnr_db:.1f} dB",
        str(step.images),
        output.size(step.size_bytes),
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
        f"{min(each.sqnr_db for each in entry.fidelity):.1f} dB" if entry.fidelity else "",
        entry.verified,
    ]
