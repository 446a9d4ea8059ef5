"""Who does the work of a sweep: this machine, or another engine with the same three verbs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Protocol

from edgekit.devices import Target, opened
from edgekit.devices.measuring import one_process
from edgekit.errors import EdgekitError
from edgekit.study.grid.plan import Images
from edgekit.study.store.accuracy import Accuracy, JudgedFile, accuracy_of
from edgekit.study.store.place import Place, place_of
from edgekit.study.sweep.lane import Job, Lane
from edgekit.study.sweep.lock import Lock
from edgekit.study.sweep.model_files import FileTask, MadeFiles, made
from edgekit.study.sweep.time_left import in_words

Resolve = Callable[[str], Target]


Begun = Callable[[Lane, Job], None]
"""Told before each process."""


class Engine(Protocol):
    """Makes files, evaluates them, and measures; it knows nothing of the store.

    Attributes:
        is_parallel: whether lanes are measured at once.
    """

    is_parallel: bool

    def places(self, targets: Sequence[str], resolve: Resolve) -> dict[str, Place]:
        """Ask every target what it is.

        Raises:
            EdgekitError: one does not answer.
        """
        ...

    def make(
        self, tasks: Sequence[FileTask], say: Callable[[str], None]
    ) -> Iterator[tuple[FileTask, MadeFiles]]:
        """Make files; yield each task as soon as it is done."""
        ...

    def evaluate(
        self, files: Sequence[JudgedFile], images: Images, images_id: str
    ) -> Iterator[Accuracy]:
        """Evaluate files; yield each as soon as it is done."""
        ...

    def measure(self, lanes: Sequence[Lane], resolve: Resolve, begun: Begun) -> None:
        """Measure all that the lanes yield, and hand it back to them."""
        ...


class LocalEngine:
    """Everything from this machine, one thing at a time, so that nothing disturbs a measurement.

    Args:
        lock: held around each process; None holds none.
    """

    is_parallel = False

    def __init__(self, lock: Lock | None = None) -> None:
        self._lock = lock

    def places(self, targets: Sequence[str], resolve: Resolve) -> dict[str, Place]:
        """Ask every target what it is."""
        found = {}
        for name in targets:
            target = resolve(name)
            with opened(target):
                found[name] = place_of(target)
        return found

    def make(
        self, tasks: Sequence[FileTask], say: Callable[[str], None]
    ) -> Iterator[tuple[FileTask, MadeFiles]]:
        """Make files, one after the other."""
        start = time.monotonic()
        for number, task in enumerate(tasks, 1):
            each_s = (time.monotonic() - start) / max(1, number - 1)
            left = in_words(each_s * (len(tasks) - number + 1))
            words = f", about {left} of making files left" if number > 1 else ""
            place = f"{task.name} ({number}/{len(tasks)}{words})"
            say(place)
            yield task, made(task, partial(_step, say, place))

    def evaluate(
        self, files: Sequence[JudgedFile], images: Images, images_id: str
    ) -> Iterator[Accuracy]:
        """Evaluate files, one after the other."""
        for file in files:
            yield accuracy_of(file, images, images_id)

    def measure(self, lanes: Sequence[Lane], resolve: Resolve, begun: Begun) -> None:  # noqa: ARG002
        """Measure one lane after the other."""
        for lane in lanes:
            with opened(lane.target):
                for job in lane:
                    begun(lane, job)
                    work = job.work
                    with self._held(lane.name):
                        start = time.monotonic()
                        try:
                            answer = one_process.ask(lane.target, work.model_file, work.settings)
                        except EdgekitError as error:
                            lane.fail(job, error)
                        else:
                            lane.keep(job, answer, time.monotonic() - start)

    def _held(self, target: str) -> AbstractContextManager[object]:
        return nullcontext() if self._lock is None else self._lock.held(target)


def _step(say: Callable[[str], None], place: str, step: str) -> None:
    say(f"{place}: {step}")
