"""How long a sweep will go on, from what its processes have taken so far."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

from edgekit.study.sweep.lane import Job, Lane


class TimeLeft:
    """Tells before each process what it is, how many are left, and for about how long.

    Args:
        lanes: all there is to do.
        known_s: seconds of a process by target, of an earlier run.
        say: takes a line.
        is_parallel: whether lanes are measured at once.
    """

    def __init__(
        self,
        lanes: Sequence[Lane],
        known_s: Mapping[str, float],
        say: Callable[[str], None],
        *,
        is_parallel: bool,
    ) -> None:
        self._lanes, self._known_s, self._say = lanes, known_s, say
        self._together = max if is_parallel else sum
        self._total = sum(lane.left for lane in lanes)
        self._began: dict[str, tuple[float, int]] = {}

    def begin(self, lane: Lane, job: Job) -> None:
        """Tell that a process is about to start."""
        start, left = self._began.setdefault(lane.name, (time.monotonic(), lane.left))
        done = left - lane.left
        if done:
            per_process = (time.monotonic() - start) / done
            self._known_s = {**self._known_s, lane.name: per_process}
        all_left = sum(each.left for each in self._lanes)
        work = job.work
        number = f"({self._total - all_left + 1}/{self._total}{self._words()})"
        threads = f", {work.cell.threads} threads" if work.cell.threads > 1 else ""
        what = f"{work.cell.model} {work.cell.precision or ''}".strip()
        self._say(f"measuring {what} on {work.cell.runtime}{threads}, {lane.name} {number}")

    def _words(self) -> str:
        lanes = [lane for lane in self._lanes if lane.left]
        if not all(lane.name in self._known_s for lane in lanes):
            return ""
        each = [lane.left * self._known_s[lane.name] for lane in lanes]
        seconds = float(self._together(each)) if each else 0.0
        return f", about {in_words(seconds)} left"


def in_words(seconds: float) -> str:
    """Return a duration as people say it: ``40 s``, ``12 min``, ``3 h 5 min``."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60} min"
