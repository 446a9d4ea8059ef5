"""What long work tells whoever waits for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Step:
    """Something is about to be done.

    Attributes:
        activity: what, as the beginning of a sentence: ``measuring net.tflite``.
        done: how many steps like it are done; so many children, as a rule.
        total: of how many; 0 where it is none of a known number.
        of_all: whether they are the steps of the whole command, whatever is told in between.
    """

    activity: str
    done: int = 0
    total: int = 0
    of_all: bool = False

    def __str__(self) -> str:
        if not self.total:
            return self.activity
        if not self.activity:
            return f"{self.done}/{self.total}"
        return f"{self.activity} ({self.done + 1}/{self.total})"


Progress = Callable[[Step], None]
"""Takes steps."""

Tell = Callable[[Step | str], None]
"""Takes steps, and short lines for what is no counted step."""


def silent(_step: Step | str) -> None:
    """Tell nobody."""


class Whole:
    """Tells of several pieces of work as of one.

    Args:
        progress: whom to tell.
        total: steps of all pieces together.
    """

    def __init__(self, progress: Progress, total: int) -> None:
        self._progress, self._total, self._begun = progress, total, 0

    def part(self, steps: int) -> Progress:
        """Return what the next piece tells, which has so many steps."""
        before = self._begun
        self._begun += steps

        def tell(step: Step) -> None:
            if step.total:
                step = replace(step, done=before + step.done, total=self._total, of_all=True)
            self._progress(step)

        return tell


class Counter:
    """Tells of steps of a known number.

    Args:
        progress: whom to tell.
        total: number of steps.
    """

    def __init__(self, progress: Progress, total: int) -> None:
        self._progress, self._total, self._done = progress, total, 0

    def begin(self, activity: str) -> None:
        """Tell that the next step begins."""
        self._progress(Step(activity, self._done, self._total))
        self._done += 1
