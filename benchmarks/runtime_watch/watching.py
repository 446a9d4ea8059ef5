"""What one file costs on two versions of its runtime, measured in turns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.runtime_watch.sides import Side
from edgekit.files import digest

INSTRUCTIONS_LIMIT, MEMORY_LIMIT = 0.05, 0.10
"""From which change on a figure is flagged, as a part of the old one."""


@dataclass(frozen=True)
class Ratio:
    """New over old: the median of the rounds, and a 95 % bootstrap interval of it.

    Attributes:
        value: below 1 the new version needs less.
        low, high: ends of the interval.
        rounds: how many pairs.
    """

    value: float
    low: float
    high: float
    rounds: int


@dataclass(frozen=True)
class Watched:
    """One file on both versions.

    Attributes:
        file: its name.
        instructions: executed on the emulated processor, new over old; None if not counted.
        time, load, memory: processor time of a run and of loading, and private memory added;
            natively, in turns.
    """

    file: str
    instructions: float | None
    time: Ratio
    load: Ratio
    memory: Ratio

    @property
    def flags(self) -> list[str]:
        """What has changed by more than it may, either way."""
        found = []
        if self.instructions is not None and abs(self.instructions - 1) >= INSTRUCTIONS_LIMIT:
            found.append(f"instructions {self.instructions - 1:+.1%}")
        if abs(self.memory.value - 1) >= MEMORY_LIMIT:
            found.append(f"private memory {self.memory.value - 1:+.1%}")
        return found

    def to_json(self) -> dict[str, Any]:
        """Return the figures."""
        return asdict(self)


def watch(
    path: Path, old: Side, new: Side, processor: str | None, rounds: int, say: Callable[[str], None]
) -> Watched:
    """Count on an emulated processor, if one is named, then measure natively in turns.

    Raises:
        PeerUnavailableError: a version cannot do it.
    """
    instructions = None
    if processor is not None:
        say(f"{path.name}: counting")
        old_count, new_count = (counted(path, side, processor) for side in (old, new))
        instructions = new_count / old_count
    pairs = []
    for number in range(rounds):
        say(f"{path.name}: round {number + 1} of {rounds}")
        turn = (old, new) if number % 2 == 0 else (new, old)
        found = {side.requirement: _timed(path, side) for side in turn}
        pairs.append((found[old.requirement], found[new.requirement]))
    values = np.array(pairs)  # rounds, side, figure
    ratios = [_ratio(values[:, 1, place] / values[:, 0, place]) for place in range(3)]
    return Watched(path.name, instructions, *ratios)


def counted(path: Path, side: Side, processor: str) -> float:
    """Return how many instructions a run executes; each file is counted once and remembered.

    Raises:
        PeerUnavailableError: this version cannot run it.
    """
    kept = Path(f"{side.folder}-counts") / f"{digest.sha256_of(path)}-{processor}.txt"
    if not kept.is_file():
        (report,) = side.ask("latency", path, "--target", processor, "--children", 1)["reports"]
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(f"{report['summary']['instructions']}\n")
    return float(kept.read_text())


def _timed(path: Path, side: Side) -> tuple[float, float, float]:
    (report,) = side.ask("latency", path, "--children", 3, "--min-secs", 0.5)["reports"]
    start = report["summary"]["start_up"]
    return (
        float(np.median([np.median(run["samples"]["cpu_ns"]) for run in report["runs"]])),
        float(start["load_cpu_ms"]["median"]),
        float(start["added_private_bytes"]["median"]),
    )


def _ratio(values: np.ndarray) -> Ratio:
    picks = np.random.default_rng(0).integers(0, len(values), (10_000, len(values)))
    low, high = np.percentile(np.median(values[picks], axis=1), [2.5, 97.5])
    return Ratio(float(np.median(values)), float(low), float(high), len(values))
