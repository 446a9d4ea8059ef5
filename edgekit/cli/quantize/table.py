"""What ``edgekit quantize`` prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgekit.cli.shared import output
from edgekit.cli.shared.tables.columns import figure, name, prose, word
from edgekit.cli.shared.words import delegate

if TYPE_CHECKING:
    from edgekit.export import Artifact
    from edgekit.quantize import QuantizeResult, TraceStep

_STEPS = (
    prose("step"), name("recipe"), figure("lost"), figure("agreement", 1), figure("SQNR", 2),
    figure("images", 5), figure("size", 4), figure("latency [5 processes]", 3), word(""),
)  # fmt: skip
_FILES = (
    name("file"), figure("size"), figure("operators", 2), prose("delegate", 3),
    figure("off its simulation", 1), figure("to float32"),
    figure("same answer", 2), word("verified"),
)  # fmt: skip


def show(result: QuantizeResult) -> None:
    """Print the files, and before them what a search has tried."""
    artifacts = result.artifacts
    first = artifacts[0]
    output.say(f"{first.model}: recipe {result.recipe}, weights {first.weights}")
    if result.calibration is not None:
        output.say(f"calibrated on {result.calibration}")
    if result.trace:
        output.say()
        output.print_table(
            _STEPS,
            [_step(step) for step in result.trace],
        )
        verdict = "kept" if result.within_budget else "NOT kept: no rung is left"
        output.say(f"budget of {result.max_drop:g} points {verdict}")
    output.say()
    output.print_table(
        _FILES,
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
        _agreement(entry),
        entry.verified,
    ]


def _agreement(entry: Artifact) -> str:
    """Return the least share of places with the same class that an output has."""
    shares = [each.agreement for each in entry.fidelity if each.agreement is not None]
    return f"{100 * min(shares):.2f} %" if shares else ""
