"""The results of a race in short, as Markdown.

python -m benchmarks.peers.summary race.json > race.md
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.environments import EDGEKIT
from benchmarks.peers.report import SCHEMA, SCHEMA_VERSION
from benchmarks.processes import MIB


def main() -> int:
    """Print the summary of a document of `python -m benchmarks.peers --json`."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers.summary")
    parser.add_argument("document", type=Path, metavar="FILE")
    document = json.loads(parser.parse_args().document.read_text())
    if (document.get("schema"), document.get("schema_version")) != (SCHEMA, SCHEMA_VERSION):
        print(f"this is no {SCHEMA} document of version {SCHEMA_VERSION}", file=sys.stderr)
        return 1
    print("\n".join(_text(document)))
    return 0


def _text(document: dict[str, Any]) -> Iterable[str]:
    machine, settings, groups = document["machine"], document["settings"], document["groups"]
    vectors = ", ".join(machine["int8_instructions"] or ["unknown int8 vectors"])
    yield "# The race, measured\n"
    yield (
        f"Printed by `python -m benchmarks.peers.summary`: edgekit {document['edgekit_version']}; "
        f"{', '.join(document['runtimes'].values())}; {machine['cpu']} ({vectors}), "
        f"{machine['cores']} cores{', virtual' if machine['virtual'] else ''}; 1 thread, "
        f"{settings['processes']} processes. README.md says what is compared and how. Ratios are "
        "edgekit's time over the peer's, with 95 % intervals: below 1, edgekit is faster. On other "
        "processors expect other ratios."
    )
    yield "\n## Beside the best peer\n"
    head = ["network", "file", "edgekit / best peer", "best peer", "partitions", "outside"]
    yield from _table([*head, "int8 is faster by"], map(_standing, groups))
    yield "\n## Beside every peer\n"
    yield from _by_file(groups, _ratio, ours=False)
    yield "\n## How near to the limit\n"
    yield (
        "Multiply-accumulates per second as a share of what large 1x1 convolutions reach through "
        "the same runtime; of classes of layers: share of the time, and that rate.\n"
    )
    yield from _table(["network", "file", "limit, GMAC/s", "whole", "classes"], map(_near, groups))
    yield "\n## Conversion\n"
    yield "Seconds, and peak memory in MiB, of the whole processes from torch module to file.\n"
    yield from _by_file(groups, _effort, ours=True)


def _by_file(
    groups: Sequence[dict[str, Any]],
    cell: Callable[[dict[str, Any], str], str],
    *,
    ours: bool,
) -> Iterable[str]:
    """Yield a table for each kind of file, which has contenders of its own."""
    for kind in dict.fromkeys(_kind(group) for group in groups):
        alike = [group for group in groups if _kind(group) == kind]
        found = dict.fromkeys(row["contender"] for group in alike for row in group["rows"])
        names = [name for name in found if ours or name != EDGEKIT]
        yield from _table(
            [kind, *names],
            ([group["network"], *(cell(group, name) for name in names)] for group in alike),
        )
        yield ""


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterable[str]:
    yield f"| {' | '.join(head)} |"
    yield "|---" * len(head) + "|"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def _head(group: dict[str, Any]) -> list[str]:
    return [group["network"], _kind(group)]


def _kind(group: dict[str, Any]) -> str:
    return f"{group['runtime']} {group['precision']}"


def _row(group: dict[str, Any], name: str) -> dict[str, Any]:
    return next((row for row in group["rows"] if row["contender"] == name), {})


def _standing(group: dict[str, Any]) -> list[str]:
    ours = _row(group, EDGEKIT)
    return [
        *_head(group),
        _estimate(group["ratio_to_best_peer"]),
        group["best_peer"] or "",
        "" if ours.get("partitions") is None else str(ours["partitions"]),
        ", ".join(ours.get("operators_outside") or ()),
        _estimate(group["int8_speed_up"]),
    ]


def _ratio(group: dict[str, Any], name: str) -> str:
    row = _row(group, name)
    if row.get("failure"):
        return "fails"
    return _estimate(row.get("ratio"))


def _near(group: dict[str, Any]) -> list[str]:
    share, limit = group["limit_share"], group["limit_gmacs_per_second"]
    classes = (
        f"{each['name']} {each['time_share']:.0%}"
        + (f" at {each['limit_share']:.0%}" if each["macs"] else "")
        for each in group["layers"]
        if each["time_share"] >= 0.01
    )
    return [
        *_head(group),
        "" if limit is None else f"{limit:.0f}",
        "" if share is None else f"{share['value']:.0%}",
        ", ".join(classes),
    ]


def _effort(group: dict[str, Any], name: str) -> str:
    row = _row(group, name)
    if "seconds" not in row:
        return "fails" if row.get("failure") else ""
    return f"{row['seconds']:.0f} s, {row['peak_rss_bytes'] / MIB:.0f}"


def _estimate(estimate: dict[str, float] | None) -> str:
    if estimate is None:
        return ""
    return "{value:.3f} [{low:.3f}, {high:.3f}]".format(**estimate)


if __name__ == "__main__":
    sys.exit(main())
