"""Hostile files, kills and memory, and docs/reliability.md from them: ``make reliability``.

``python -m benchmarks.reliability.run [PART ...] [--files N] [--commands-secs N] [--kills N]
[--memory-mb N]`` runs the parts named, or all, and keeps what came of each in build/reliability;
the page is made of what is kept. Kills add up: those of
``python -m benchmarks.reliability.kills build/reliability/kills-tried.json`` count.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import edgekit
from benchmarks.reliability import commands, fuzz, kills, memory, network
from tests.hostile.readers import READERS

PAGE, KEPT = Path("docs/reliability.md"), Path("build/reliability")
TITLES = {
    "files": "Mutated files",
    "commands": "Whole commands",
    "kills": "Kills",
    "network": "Network",
    "memory": "Memory",
}
"""By the parts' names."""


def _fuzzed(count: int, seed: int) -> tuple[list[str], int]:
    tallies = {name: fuzz.fuzz(name, seed, 1e9, count) for name in READERS}
    kinds: Counter[str] = sum((each.kinds for each in tallies.values()), Counter())
    total = sum(each.tried for each in tallies.values())
    faults = sum(each.faults for each in tallies.values())
    lines = [
        f"{total} mutated files, by every reader of `tests/hostile/readers.py` in this process: "
        + ", ".join(f"{count} {kind}" for kind, count in kinds.items())
        + ". A fault is anything but a result or an error in one line; a reader inside of another "
        f"(onnx-operators, encodings) may also raise to that one, which counts as read. {faults} "
        "faults.",
        "",
        "| reader | files | read all the same | refused | faults | slowest, s of processor time |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    for name, each in tallies.items():
        refused = each.tried - each.read - each.faults
        lines.append(
            f"| {name} | {each.tried} | {each.read} | {refused} | {each.faults} | "
            f"{each.slowest_s:.2f} |"
        )
    return lines, faults


def _commanded(secs: float, seed: int, place: Path) -> tuple[list[str], int]:
    tallies = dict(commands.run(secs, seed, place))
    total = sum(each.tried for each in tallies.values())
    faults = [fault for each in tallies.values() for fault in each.faults]
    lines = [
        f"{total} whole commands on mutated files. A fault is a traceback, an exit status other "
        f"than {', '.join(map(str, commands.EXPECTED))}, an escape sequence or a line over 4 kB in "
        f"what is printed, more than {commands.LONGEST_S} s of processor time, a file that is not "
        f"whole, or a leftover. {len(faults)} faults.",
        "",
        "| command | runs | exit statuses | faults | dearest, s of processor time |",
        "|---|--:|---|--:|--:|",
    ]
    for name, each in tallies.items():
        exits = ", ".join(f"{status}: {count}" for status, count in sorted(each.exits.items()))
        lines.append(
            f"| {name} | {each.tried} | {exits} | {len(each.faults)} | {each.slowest_cpu_s:.1f} |"
        )
    lines += ["", *(f"- {fault}" for fault in faults)] if faults else []
    return lines, len(faults)


def _killed(tallies: dict[str, kills.Tally]) -> tuple[list[str], int]:
    total = sum(each.trials for each in tallies.values())
    by_command: Counter[str] = sum((each.commands for each in tallies.values()), Counter())
    said = ", ".join(f"{name} {count}" for name, count in sorted(by_command.items()))
    lines = [
        f"{total} commands ({said}) were sent a signal after a random part of the processor time "
        "that they take. Then: results that are not whole, processes that outlive the command, "
        "folders that it left, and those that are there when the next run has begun.",
        "",
        "| signal | trials | had ended before | not whole | orphans | tracebacks | left | left "
        "after the next run |",
        "|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for name, each in tallies.items():
        left = "not counted" if name == "SIGKILL" else str(each.left_by_polite_signals)
        lines.append(
            f"| {name} | {each.trials} | {each.ended_before} | {each.partial_files} | "
            f"{each.orphans} | {each.tracebacks} | {left} | {each.left_after_next_run} |"
        )
    faults = [fault for each in tallies.values() for fault in each.faults]
    lines += ["", *(f"- {fault}" for fault in faults)] if faults else []
    return lines, len(faults)


def _tried(trials: int, seed: int, place: Path) -> dict[str, kills.Tally]:
    kept = KEPT / "kills-tried.json"
    done = sum(each.trials for each in kills.load(kept).values()) if kept.exists() else 0
    return kills.run(max(0, trials - done), 1e9, seed + done, place, kept)


def _run(name: str, given: argparse.Namespace, place: Path) -> tuple[list[str], int]:
    """Return a part's lines, and how many faults it found."""
    run: dict[str, Callable[[], tuple[list[str], int]]] = {
        "files": lambda: _fuzzed(given.files, given.seed),
        "commands": lambda: _commanded(given.commands_secs, given.seed, place),
        "kills": lambda: _killed(_tried(given.kills, given.seed, place)),
        "network": lambda: network.section(place),
        "memory": lambda: memory.section(given.memory_mb, place / "memory"),
    }
    return run[name]()


def _page() -> str:
    """Return the page of every part that is kept."""
    page = [
        "# Reliability",
        "",
        "Written by `make reliability`; each part says when it ran, and how. What is promised "
        "stands in SECURITY.md.",
    ]
    for name, title in TITLES.items():
        if (KEPT / f"{name}.json").exists():
            part = json.loads((KEPT / f"{name}.json").read_text())
            page += ["", f"## {title}", "", *part["lines"], "", part["how"]]
    return "\n".join(page) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(TITLES))
    parser.add_argument("--files", type=int, default=1000, help="for each reader")
    parser.add_argument("--commands-secs", type=float, default=1800.0)
    parser.add_argument("--kills", type=int, default=500, help="trials in all, earlier ones too")
    parser.add_argument("--memory-mb", type=int, default=400)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    if not set(given.parts) <= set(TITLES):
        parser.error(f"parts are {', '.join(TITLES)}")
    KEPT.mkdir(parents=True, exist_ok=True)
    faults = 0
    for name in given.parts or TITLES:
        with tempfile.TemporaryDirectory(prefix="reliability-") as scratch:
            lines, found = _run(name, given, Path(scratch))
        faults += found
        how = (
            f"Run on {time.strftime('%Y-%m-%d')} with edgekit {edgekit.__version__}, Python "
            f"{platform.python_version()}, {platform.system()} {platform.machine()}."
        )
        (KEPT / f"{name}.json").write_text(json.dumps({"lines": lines, "how": how}, indent=2))
    PAGE.write_text(_page(), encoding="utf-8")
    return int(faults > 0)


if __name__ == "__main__":
    sys.exit(main())
