"""The results, as a table for people and as one JSON document."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from benchmarks.peers import limit
from benchmarks.peers.networks import Prepared
from benchmarks.peers.race import Group, Row
from benchmarks.peers.turns import Estimate
from benchmarks.processes import MIB
from benchmarks.reporting import int8_instructions, line
from edgekit import __version__
from edgekit.files import digest
from edgekit.runtimes import installed, machine

SCHEMA, SCHEMA_VERSION = "edgekit.benchmark.peers", 1

_HEAD = (
    "network", "runtime", "precision", "contender", "ms", "edgekit/peer [95 %]", "operators",
    "partitions", "outside", "MB", "seconds", "peak MiB", "SNR dB",
)  # fmt: skip
_WIDTHS = (23, 11, 9, 30, 7, 20, 9, 10, 26, 6, 7, 8, 6)


def heading() -> str:
    """Return the table's first line."""
    return line(_HEAD, _WIDTHS)


def text(group: Group) -> str:
    """Return a group's lines: one a contender, and what sums up."""
    head = (group.network, group.runtime, group.precision)
    lines = [line((*head, *_cells(row)), _WIDTHS) for row in group.rows]
    parts = []
    best = group.best_peer
    if best is not None and best.ratio is not None:
        parts.append(f"edgekit / best peer ({best.contender.name}) {_estimate(best.ratio)}")
    if group.speed_up is not None:
        parts.append(f"int8 {_estimate(group.speed_up)} times as fast as float32")
    if group.limit_share is not None and group.limit_gmacs is not None:
        share = group.limit_share
        parts.append(
            f"{100 * share.value:.0f} % of {group.limit_gmacs:.0f} GMAC/s, "
            "the rate of large 1x1 convolutions"
        )
    if group.undisturbed is not None:
        parts.append(f"{100 * group.undisturbed:.0f} % of runs undisturbed")
    if parts:
        lines.append("    = " + "; ".join(parts))
    if group.layers:
        told = [
            f"{each.name} {100 * each.time_share:.0f} % of the time"
            + (f" at {100 * each.limit_share:.0f} % of that rate" if each.macs else "")
            for each in group.layers
        ]
        lines.append("    layers: " + ", ".join(told))
    return "\n".join(lines)


def group_document(group: Group, prepared: Prepared) -> dict[str, Any]:
    """Return a group, ready for JSON."""
    best = group.best_peer
    return {
        "network": group.network,
        "weights": prepared.weights,
        "macs": prepared.macs,
        "runtime": group.runtime,
        "precision": group.precision,
        "best_peer": best.contender.name if best else None,
        "ratio_to_best_peer": asdict(best.ratio) if best and best.ratio else None,
        "int8_speed_up": asdict(group.speed_up) if group.speed_up else None,
        "limit_share": asdict(group.limit_share) if group.limit_share else None,
        "limit_gmacs_per_second": group.limit_gmacs,
        "layers": [asdict(each) for each in group.layers],
        "undisturbed_share": group.undisturbed,
        "rows": [_row_document(row) for row in group.rows],
    }


def document(
    settings: dict[str, Any], versions: dict[str, dict[str, str]], groups: list[dict[str, Any]]
) -> str:
    """Return everything as one JSON document."""
    return json.dumps(
        {
            "schema": SCHEMA,
            "schema_version": SCHEMA_VERSION,
            "edgekit_version": __version__,
            "machine": {**asdict(machine.facts()), "int8_instructions": int8_instructions()},
            "conditions": asdict(machine.conditions()),
            "runtimes": installed(),
            "settings": {**settings, "limit_macs": limit.MACS},
            "environments": versions,
            "groups": groups,
        },
        indent=1,
    )


def _cells(row: Row) -> tuple[str, ...]:
    if row.failure or row.checked is None or row.path is None:
        return (row.contender.name, f"n/a: {row.failure}")
    info = row.checked.info
    outside = ",".join(info.operators_outside) or "-"
    delegated = info.partitions is not None
    return (
        row.contender.name,
        "" if row.time_ms is None else f"{row.time_ms:.3f}",
        "" if row.ratio is None else _estimate(row.ratio),
        str(info.operator_count),
        str(info.partitions) if delegated else "",
        (outside if len(outside) <= _WIDTHS[8] else f"{len(info.operators_outside)} kinds")
        if delegated
        else "",
        f"{row.path.stat().st_size / 1e6:.2f}",
        f"{row.seconds:.1f}",
        f"{row.peak_rss_bytes / MIB:.0f}",
        "equal" if row.checked.snr_db is None else f"{row.checked.snr_db:.1f}",
    )


def _estimate(estimate: Estimate) -> str:
    return f"{estimate.value:.3f} [{estimate.low:.3f}, {estimate.high:.3f}]"


def _row_document(row: Row) -> dict[str, Any]:
    found: dict[str, Any] = {"contender": row.contender.name, "failure": row.failure}
    if row.path is None or row.checked is None:
        return found
    info = row.checked.info
    return {
        **found,
        "time_ms": row.time_ms,
        "ratio": asdict(row.ratio) if row.ratio else None,
        "operators": info.operators,
        "partitions": info.partitions,
        "operators_outside": list(info.operators_outside),
        "runtime_version": info.runtime_version,
        "snr_db": row.checked.snr_db,
        "file_bytes": row.path.stat().st_size,
        "sha256": digest.sha256_of(row.path),
        "seconds": row.seconds,
        "peak_rss_bytes": row.peak_rss_bytes,
        "steps": {
            name: {"seconds": list(made.seconds), "peak_rss_bytes": made.peak_rss_bytes}
            for name, made in (row.steps or {}).items()
        },
    }
