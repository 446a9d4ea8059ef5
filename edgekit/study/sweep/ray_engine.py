"""The same sweep on a Ray cluster: work spreads over its workers, and boards are never shared.

A board belongs to the node beside it, which offers the resource ``board_<target>: 1``; an actor
holds it. The store stays with whoever started the sweep. What a lost node had in work is done
again, and nothing else.
"""

from __future__ import annotations

import hashlib
import os
import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edgekit.errors import EnvironmentMissingError, MissingPackageError, WorkerError
from edgekit.files import cache_folder
from edgekit.study.grid.plan import Images
from edgekit.study.store.accuracy import Accuracy, JudgedFile
from edgekit.study.store.place import Place
from edgekit.study.sweep import cluster_work
from edgekit.study.sweep.cluster_work import Board, Failure, Measured, NotHeld, SentFile
from edgekit.study.sweep.engine import Begun, Resolve
from edgekit.study.sweep.lane import Job, Lane
from edgekit.study.sweep.lock import Lock
from edgekit.study.sweep.model_files import FileTask, MadeFiles, made

_MOST_LOSSES = 3
"""How often a process is started again after the node that ran it was lost."""

_POLL_SECS = 0.5


class RayEngine:
    """Everything on a Ray cluster whose nodes have this edgekit installed.

    Args:
        address: of the cluster, as ``ray.init`` takes it.
        lock: held around each process that measures; None holds none.
        board_wait_s: how long to wait for a board whose node was lost to come back.

    Raises:
        MissingPackageError: ray is not installed.
        EnvironmentMissingError: there is no cluster (reason "no-cluster").
    """

    is_parallel = True

    def __init__(self, address: str, lock: Lock | None = None, board_wait_s: float = 120.0) -> None:
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        try:
            import ray
        except ModuleNotFoundError as error:
            raise MissingPackageError("ray", "--ray") from error
        try:
            ray.init(
                address=address,
                ignore_reinit_error=True,
                log_to_driver=False,
                logging_level="ERROR",
            )
        except (ConnectionError, ValueError, RuntimeError) as error:
            raise EnvironmentMissingError(
                f"there is no Ray cluster at {address}: `ray status` shows one that runs; {error}",
                reason_code="no-cluster",
            ) from error
        self._ray: Any = ray
        self._lock, self._board_wait_s = lock, board_wait_s
        self._boards: dict[str, Any] = {}
        self._offered: set[str] = set()
        self._asked_at = -_POLL_SECS

    def places(self, targets: Sequence[str], resolve: Resolve) -> dict[str, Place]:
        """Ask every target what it is, from the node beside it."""
        missing = [name for name in targets if not self._is_offered(name)]
        if missing:
            wanted = ", ".join(f'"{resource_of(name)}": 1' for name in missing)
            raise EnvironmentMissingError(
                f"no node of the cluster offers {', '.join(missing)}: start Ray on the machine "
                f"beside it with --resources='{{{wanted}}}'",
                reason_code="no-board",
            )
        asked = {name: self._board(name, resolve).place.remote() for name in targets}
        found = {}
        for name, answer in asked.items():
            place = self._ray.get(answer)
            if isinstance(place, Failure):
                raise EnvironmentMissingError(place.message, reason_code=place.reason_code)
            found[name] = place
        return found

    def make(
        self, tasks: Sequence[FileTask], say: Callable[[str], None]
    ) -> Iterator[tuple[FileTask, MadeFiles]]:
        """Make files on the workers and keep them in this machine's cache."""
        own = [task for task in tasks if task.subject.is_file]
        yield from ((task, made(task)) for task in own)
        others = [task for task in tasks if not task.subject.is_file]
        remote = self._ray.remote(cluster_work.make)
        pending = {remote.remote(task): task for task in others}
        while pending:
            (done,), _ = self._ray.wait(list(pending))
            task = pending.pop(done)
            say(f"{task.name} ({len(others) - len(pending)}/{len(others)})")
            yield task, _kept(self._ray.get(done))

    def evaluate(
        self, files: Sequence[JudgedFile], images: Images, images_id: str
    ) -> Iterator[Accuracy]:
        """Evaluate files on the workers, which find the images where this machine does."""
        remote = self._ray.remote(cluster_work.judge)
        pending = [
            remote.remote(file, cluster_work.sent(file.path), images, images_id) for file in files
        ]
        while pending:
            (done,), pending = self._ray.wait(pending)
            yield self._ray.get(done)

    def measure(self, lanes: Sequence[Lane], resolve: Resolve, begun: Begun) -> None:
        """Measure all lanes at once, each on its board, one process at a time.

        Raises:
            EnvironmentMissingError: a board did not come back (reason "board-lost"); all other
                lanes are done by then.
        """
        waiting = [each for lane in lanes if (each := _Running(lane, iter(lane))).advance()]
        busy: dict[Any, _Running] = {}
        lost: list[_Running] = []
        while busy or waiting:
            for each in [each for each in waiting if self._is_offered(each.lane.name)]:
                waiting.remove(each)
                busy[self._started(each, resolve, begun)] = each
            done, _ = self._ray.wait(list(busy), timeout=_POLL_SECS) if busy else ([], [])
            for answer in done:
                each = busy.pop(answer)
                if self._is_over(each, answer):
                    waiting += [each] if each.advance() else []
                else:
                    waiting.append(each)
            if not busy and waiting:
                time.sleep(_POLL_SECS)
            for each in self._absent([*busy.values(), *waiting]):
                lost.append(each)
                waiting = [other for other in waiting if other is not each]
                busy = {ref: other for ref, other in busy.items() if other is not each}
        for board in self._boards.values():
            self._ray.kill(board)
        self._boards.clear()
        if lost:
            raise EnvironmentMissingError(
                f"{', '.join(each.lane.name for each in lost)} did not come back, and "
                f"{sum(each.lane.left for each in lost)} processes are left: start the same sweep "
                "again when it is there",
                reason_code="board-lost",
            )

    def _started(self, each: _Running, resolve: Resolve, begun: Begun) -> Any:  # noqa: ANN401
        job = each.job
        assert job is not None  # noqa: S101 -- only lanes with a job wait
        begun(each.lane, job)
        board, cell = self._board(each.lane.name, resolve), job.work.cell
        sha256 = str(cell.file_sha256)
        if sha256 not in each.sent:
            # Calls of one actor are carried out in their order.
            board.take.remote(sha256, cluster_work.sent(job.work.file))
            each.sent.add(sha256)
        return board.measure.remote(sha256, job.work.model_file, job.work.settings)

    def _is_over(self, each: _Running, answer: Any) -> bool:  # noqa: ANN401
        """Keep what came of a lane's job; False if it has to start again, as its node was lost."""
        job, errors = each.job, self._ray.exceptions
        assert job is not None  # noqa: S101 -- it was started
        try:
            found = self._ray.get(answer)
        except errors.RayTaskError as error:  # a fault of edgekit's own
            raise error.as_instanceof_cause() from error
        except errors.RayError as error:
            self._forget(each)
            each.losses += 1
            if each.losses <= _MOST_LOSSES:
                return False
            what = f"its node was lost {each.losses} times: {error}"
            found = Failure(WorkerError.reason_code, what)
        if isinstance(found, NotHeld):
            raise EnvironmentMissingError(found.message, reason_code=found.reason_code)
        if isinstance(found, Measured):
            each.lane.keep(job, found.answer, found.seconds)
        else:
            each.lane.fail(job, found.error)
        each.losses = 0
        return True

    def _absent(self, every: Sequence[_Running]) -> list[_Running]:
        """Return the lanes whose board no node has offered for too long."""
        now, found = time.monotonic(), []
        for each in every:
            if self._is_offered(each.lane.name):
                each.absent_since = None
            elif each.absent_since is None:
                each.absent_since = now
            elif now - each.absent_since > self._board_wait_s:
                self._forget(each)
                found.append(each)
        return found

    def _forget(self, each: _Running) -> None:
        board = self._boards.pop(each.lane.name, None)
        each.sent.clear()
        if board is not None:
            self._ray.kill(board)

    def _board(self, name: str, resolve: Resolve) -> Any:  # noqa: ANN401 -- ray's handle
        if name not in self._boards:
            remote = self._ray.remote(Board).options(resources={resource_of(name): 1}, num_cpus=0)
            self._boards[name] = remote.remote(name, resolve, self._lock)
        return self._boards[name]

    def _is_offered(self, name: str) -> bool:
        """Whether a node offers a board; what is known may be half a second old."""
        if time.monotonic() - self._asked_at > _POLL_SECS:
            self._offered = set(self._ray.cluster_resources())
            self._asked_at = time.monotonic()
        return resource_of(name) in self._offered


@dataclass
class _Running:
    """A lane, the job that it is at, and what its board has been sent."""

    lane: Lane
    jobs: Iterator[Job]
    job: Job | None = None
    losses: int = 0
    absent_since: float | None = None
    sent: set[str] = field(default_factory=set)

    def advance(self) -> bool:
        """Take the next job; False if there is none."""
        self.job = next(self.jobs, None)
        return self.job is not None


def resource_of(target: str) -> str:
    """Return the name of the resource that a target's node offers."""
    return "board_" + re.sub(r"[^A-Za-z0-9._-]", "_", target)


def _kept(found: dict[str, SentFile] | Failure) -> MadeFiles:
    if isinstance(found, Failure):
        return MadeFiles({}, found.error)
    return MadeFiles({runtime: file.write(_folder_of(file)) for runtime, file in found.items()})


def _folder_of(file: SentFile) -> Path:
    """Return where a file that a worker made is kept, by its content."""
    return cache_folder.folder() / "made" / hashlib.sha256(file.content).hexdigest()[:24]
