"""What runs on the nodes of a cluster: functions and an actor that know nothing of its engine.

Errors travel as plain words, for not every exception survives being sent.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from edgekit.devices import ModelFile, Target, opened
from edgekit.devices.measuring import one_process
from edgekit.devices.measuring.one_process import Settings
from edgekit.errors import EdgekitError
from edgekit.export import artifact
from edgekit.study.grid.plan import Images
from edgekit.study.store.accuracy import Accuracy, JudgedFile, accuracy_of
from edgekit.study.store.place import Place, place_of
from edgekit.study.sweep import lock
from edgekit.study.sweep.lock import Lock
from edgekit.study.sweep.model_files import FileTask, made


@dataclass(frozen=True)
class Failure:
    """An error in words.

    Attributes:
        reason_code: of it.
        message: of it.
    """

    reason_code: str
    message: str

    @property
    def error(self) -> EdgekitError:
        """The same to be raised or kept."""
        return EdgekitError(self.message, reason_code=self.reason_code)


@dataclass(frozen=True)
class NotHeld(Failure):
    """The lock of a board could not be had, which ends a sweep."""


@dataclass(frozen=True)
class SentFile:
    """A model file with its sidecar.

    Attributes:
        name: without its folder.
        content: of the file.
        sidecar: content of the sidecar; None if it has none.
    """

    name: str
    content: bytes
    sidecar: bytes | None

    def write(self, folder: Path) -> Path:
        """Put it in a folder, which is made if it is not there."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / self.name
        path.write_bytes(self.content)
        if self.sidecar is not None:
            artifact.sidecar_path(path).write_bytes(self.sidecar)
        return path


@dataclass(frozen=True)
class Measured:
    """What one process answered.

    Attributes:
        answer: of `edgekit.devices.measuring.one_process.ask`.
        seconds: it took.
    """

    answer: dict[str, Any]
    seconds: float


def sent(path: Path) -> SentFile:
    """Read a file to send it."""
    sidecar = artifact.sidecar_path(path)
    return SentFile(
        path.name, path.read_bytes(), sidecar.read_bytes() if sidecar.is_file() else None
    )


def make(task: FileTask) -> dict[str, SentFile] | Failure:
    """Make the files of a task and return them by runtime."""
    found = made(task)
    if found.error is not None:
        return Failure(found.error.reason_code, str(found.error))
    return {runtime: sent(path) for runtime, path in found.paths.items()}


def judge(file: JudgedFile, content: SentFile, images: Images, images_id: str) -> Accuracy:
    """Evaluate a file that was sent."""
    with tempfile.TemporaryDirectory() as folder:
        path = content.write(Path(folder))
        return accuracy_of(replace(file, path=path), images, images_id)


class Board:
    """A target, held for as long as this lives; one at a time holds a board.

    Args:
        name: of the target.
        resolve: from the name to the target.
        held: lock around each process; None holds none.
    """

    def __init__(self, name: str, resolve: Callable[[str], Target], held: Lock | None) -> None:
        self._name, self._lock = name, held
        self._target = resolve(name)
        self._stack = ExitStack()
        self._folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory()))
        self._is_open = False
        self._files: dict[str, Path] = {}

    def place(self) -> Place | Failure:
        """Ask the target what it is."""
        try:
            self._open()
            return place_of(self._target)
        except EdgekitError as error:
            return Failure(error.reason_code, str(error))

    def take(self, sha256: str, file: SentFile) -> None:
        """Keep a file."""
        self._files[sha256] = file.write(self._folder / sha256)

    def measure(self, sha256: str, file: ModelFile, settings: Settings) -> Measured | Failure:
        """Measure a file that was sent, in one process."""
        here = replace(file, path=self._files[sha256])
        held = nullcontext() if self._lock is None else self._lock.held(self._name)
        try:
            self._open()
            with held:
                start = time.monotonic()
                answer = one_process.ask(self._target, here, settings)
                return Measured(answer, time.monotonic() - start)
        except EdgekitError as error:
            kind = NotHeld if error.reason_code == lock.FAILED else Failure
            return kind(error.reason_code, str(error))

    def _open(self) -> None:
        if not self._is_open:
            self._stack.enter_context(opened(self._target))
            self._is_open = True
