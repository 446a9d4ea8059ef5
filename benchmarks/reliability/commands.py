"""Whole commands over mutated files: how they end, what they print, what they leave."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.hostile import mutations
from tests.hostile.readers import READERS

ROOT = Path(__file__).parents[2]
LONGEST_S = 60
LONGEST_LINE = 4096
EXPECTED = (0, 1, 2, 3, 4)
OUT = "{out}"
_NET = "micronet-m0-cifar10"

COMMANDS = {
    "export": ("onnx-metadata", ["export", "{file}", "-o", OUT]),
    "quantize": ("onnx-metadata", ["quantize", "{file}", "-o", OUT]),
    "info onnx": ("onnx-metadata", ["info", "{file}"]),
    "info tflite": ("counts", ["info", "{file}"]),
    "predict": ("predict", ["predict", "{file}", "--device", "pi4"]),
    "predict json": ("predict", ["predict", "{file}", "--device", "pi4", "--json"]),
    "latency": ("counts", ["latency", "{file}", "--max-secs", "1"]),
    "compare": ("result", ["compare", "{file}", "{file}"]),
    "recipe": ("recipe", ["quantize", _NET, "--recipe", "{file}", "-o", OUT]),
    "weights": ("safetensors", ["export", _NET, "--weights", "{file}", "-o", OUT]),
    "checkpoint": ("checkpoint", ["export", _NET, "--weights", "{file}", "-o", OUT]),
}  # fmt: skip
"""By what is done: the reader whose sound file is mutated, and the command line."""


@dataclass
class Tally:
    """What came of one kind of command."""

    tried: int = 0
    exits: Counter[int] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    slowest_cpu_s: float = 0.0


def environment(temporary: Path) -> dict[str, str]:
    """Return a command's environment with a temporary folder and a cache of its own."""
    kept = {key: value for key, value in os.environ.items() if key != "EDGEKIT_TRACEBACK"}
    return {**kept, "PYTHONPATH": str(ROOT), "TMPDIR": str(temporary), "OMP_NUM_THREADS": "1"}


def leftovers(*folders: Path) -> list[str]:
    """Return what edgekit left that is nobody's result."""
    return [
        path.name
        for folder in folders
        if folder.is_dir()
        for path in folder.iterdir()
        if path.name.startswith(("edgekit-", ".edgekit-", ".making-"))
    ]


def partial(folder: Path) -> list[str]:
    """Return results in a folder that are not whole: a model that its sidecar does not describe."""
    found = []
    for sidecar in folder.glob("*.json") if folder.is_dir() else ():
        try:
            document = json.loads(sidecar.read_text())
            whole = document["size_bytes"] == (folder / document["path"]).stat().st_size
        except (OSError, ValueError):
            whole = False
        except KeyError:  # of another schema, such as encodings
            whole = True
        if not whole:
            found.append(sidecar.name)
    return found


def attempt(name: str, content: bytes, place: Path) -> tuple[int, list[str], float]:
    """Run one command; return its exit status, what is wrong with how it went, and its CPU time."""
    reader, arguments = COMMANDS[name]
    file, out, temporary = place / READERS[reader].name, place / "out", place / "tmp"
    temporary.mkdir(exist_ok=True)
    file.write_bytes(content)
    words = [each.format(file=file, out=out) for each in arguments]
    before = os.times()
    process = subprocess.Popen(
        [sys.executable, "-m", "edgekit", *words],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL,
        env=environment(temporary), start_new_session=True,
    )  # fmt: skip
    faults = []
    try:
        said, log = process.communicate(timeout=LONGEST_S * 5)  # others may be at work here
    except subprocess.TimeoutExpired:
        process.kill()
        said, log = process.communicate()
        faults.append("hang")
    after = os.times()
    cpu_s = after.children_user + after.children_system - (
        before.children_user + before.children_system
    )  # fmt: skip
    if cpu_s > LONGEST_S:
        faults.append(f"{cpu_s:.0f} s of processor time")
    text = (said + log).decode(errors="replace")
    if process.returncode not in EXPECTED:
        faults.append(f"exit status {process.returncode}")
    if "Traceback" in text or "[internal-error]" in text:
        faults.append("traceback")
    if "\x1b" in text:
        faults.append("raw escape")
    if any(len(line) > LONGEST_LINE for line in log.splitlines()):
        faults.append("a line over 4 kB")
    faults += [f"left {each}" for each in leftovers(temporary, out)]
    faults += [f"partial {each}" for each in partial(out)]
    return process.returncode, faults, cpu_s


def run(secs: float, seed: int, place: Path) -> Iterator[tuple[str, Tally]]:
    """Try mutated files with each command in turn until the time is up; then yield the tallies."""
    tallies = {name: Tally() for name in COMMANDS}
    rng, end, number = random.Random(seed), time.monotonic() + secs, 0
    sound = {name: READERS[reader].sound() for name, (reader, _) in COMMANDS.items()}
    while time.monotonic() < end:
        name = list(COMMANDS)[number % len(COMMANDS)]
        number += 1
        ((_, content),) = mutations.of(sound[name], rng.randrange(2**31), 1)
        kind = rng.choice(list(mutations.KINDS))
        content = mutations.KINDS[kind](sound[name], rng)
        folder = place / f"{number}"
        folder.mkdir(parents=True)
        status, faults, cpu_s = attempt(name, content, folder)
        tally = tallies[name]
        tally.tried += 1
        tally.exits[status] += 1
        tally.slowest_cpu_s = max(tally.slowest_cpu_s, cpu_s)
        tally.faults += [f"{folder.name}: {fault}" for fault in faults]
    yield from tallies.items()
