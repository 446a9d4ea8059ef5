"""Does a new version of a runtime need more? The same files on two versions, in turns.

    python -m benchmarks.runtime_watch onnxruntime==1.31.1 onnxruntime==1.32.0 FILE.onnx ...
    python -m benchmarks.runtime_watch ai-edge-litert==2.2.0 ai-edge-litert==2.3.0 FILE.tflite ...
    python -m benchmarks.runtime_watch --write docs/runtime-watch.md

Each version is installed into a folder of its own. Instructions are counted on --processor (none
with ''); the first time, the emulated machine with that version is put together. Counts are exact
and kept in --work, so that they can be made beforehand on a busy machine, with --rounds 0, and the
times on a quiet one. What each pair of versions gave is kept there, too, and --write makes the page
of all. The exit status is 1 if a file is flagged: 5 % of the instructions, or 10 % of the private
memory.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.environments import DEFAULT_FOLDER, PeerUnavailableError
from benchmarks.runtime_watch import page, sides, watching
from benchmarks.runtime_watch.sides import Side
from edgekit.runtimes import machine


def main() -> int:
    """Watch, or write the page."""
    parser = argparse.ArgumentParser(description="Compare two versions of a runtime.")
    parser.add_argument("old", nargs="?")
    parser.add_argument("new", nargs="?")
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--processor", default="qemu:cortex-a76")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--work", type=Path, default=DEFAULT_FOLDER / "runtime_watch")
    parser.add_argument("--write", type=Path, metavar="PAGE")
    asked = parser.parse_args()
    kept = asked.work / "found"
    if asked.files and asked.rounds == 0:
        _count(asked)
        return 0
    if asked.files:
        found: dict[str, Any] = {}
        for found in _watch(asked):
            kept.mkdir(parents=True, exist_ok=True)
            (kept / f"{asked.old}--{asked.new}.json").write_text(json.dumps(found, indent=1) + "\n")
        print("\n".join(page.line(each) for each in found["files"]))
        return int(any(each["flags"] for each in found["files"]))
    if asked.write is None:
        parser.error("give two versions and files, or --write PAGE")
    documents = [json.loads(path.read_text()) for path in sorted(kept.glob("*.json"))]
    asked.write.write_text(page.page(documents))
    return 0


def _count(asked: argparse.Namespace) -> None:
    """Count alone."""
    for side in _sides(asked):
        for path in asked.files if asked.processor else ():
            _say(f"{path.name}: counting on {side.requirement}")
            watching.counted(path, side, asked.processor)


def _sides(asked: argparse.Namespace) -> tuple[Side, ...]:
    """Install both versions, with the emulated machine of each if instructions are counted."""
    found = tuple(sides.installed(version, asked.work) for version in (asked.old, asked.new))
    for side in found if asked.processor else ():
        side.set_up_emulation()
    return found


def _watch(asked: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Yield what is found so far, after each file."""
    old, new = _sides(asked)
    processor = asked.processor or None
    facts, loads = machine.facts(), [machine.conditions().load_average]
    watched = []
    for path in asked.files:
        watched.append(watching.watch(path, old, new, processor, asked.rounds, _say))
        loads.append(machine.conditions().load_average)
        conditions = {
            "native": f"{facts.cpu}, {facts.cores} cores",
            **page.load_of(loads, facts.cores or 1),
            "counted on": processor or "nothing",
            "rounds": str(asked.rounds),
            "when": datetime.now(UTC).date().isoformat(),
        }
        yield page.document(watched, (asked.old, asked.new), conditions)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except PeerUnavailableError as error:
        sys.exit(str(error))
