"""Hostile files, kills and memory, and docs/reliability.md from them: ``make reliability``.

``python -m benchmarks.reliability.run [--files N] [--commands-secs N] [--kills-secs N]
[--memory-mb N]``; what is left out keeps nothing of an earlier run.
"""

from __future__ import annotations

import argparse
import platform
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import edgekit
from benchmarks.reliability import commands, fuzz, kills, memory
from tests.hostile.readers import READERS

PAGE = Path("docs/reliability.md")


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


def _killed(secs: float, seed: int, place: Path) -> tuple[list[str], int]:
    tallies = kills.run(secs, seed, place)
    total = sum(each.trials for each in tallies.values())
    lines = [
        f"{total} commands ({', '.join(kills.COMMANDS)}) were sent a signal after a random amount "
        "of processor time. Then: files that are not whole, processes that outlive the command, "
        "folders that it left, and those that are there when the next run has begun.",
        "",
        "| signal | trials | had ended before | not whole | orphans | tracebacks | left | left "
        "after the next run |",
        "|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    faults = 0
    for name, each in tallies.items():
        left = "not counted" if name == "SIGKILL" else str(each.left_by_polite_signals)
        lines.append(
            f"| {name} | {each.trials} | {each.ended_before} | {each.partial_files} | "
            f"{each.orphans} | {each.tracebacks} | {left} | {each.left_after_next_run} |"
        )
        faults += each.partial_files + each.orphans + each.tracebacks
        faults += each.left_by_polite_signals + each.left_after_next_run
    return lines, faults


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--files", type=int, default=1000, help="for each reader")
    parser.add_argument("--commands-secs", type=float, default=1800.0)
    parser.add_argument("--kills-secs", type=float, default=3600.0)
    parser.add_argument("--memory-mb", type=int, default=400)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="reliability-") as scratch:
        place = Path(scratch)
        parts = {
            "Mutated files": _fuzzed(given.files, given.seed),
            "Whole commands": _commanded(given.commands_secs, given.seed, place / "commands"),
            "Kills": _killed(given.kills_secs, given.seed, place / "kills"),
            "Memory": memory.section(given.memory_mb, place / "memory"),
        }
    page = [
        "# Reliability",
        "",
        f"Written by `make reliability` ({' '.join(['run', *sys.argv[1:]])}) on "
        f"{time.strftime('%Y-%m-%d')} with edgekit {edgekit.__version__}, Python "
        f"{platform.python_version()}, {platform.system()} {platform.machine()}. What is promised "
        "stands in SECURITY.md.",
    ]
    for title, (lines, _) in parts.items():
        page += ["", f"## {title}", "", *lines]
    PAGE.write_text("\n".join(page) + "\n", encoding="utf-8")
    return int(any(faults for _, faults in parts.values()))


if __name__ == "__main__":
    sys.exit(main())
