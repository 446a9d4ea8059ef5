"""Model files of the grid's subjects: made once, kept in the cache, or taken as they are."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from edgekit import export, models
from edgekit.errors import EdgekitError, InvalidPathError
from edgekit.export import CALIBRATED, Artifact, artifact, cache, formats
from edgekit.files import digest
from edgekit.study.grid.plan import Calibration
from edgekit.study.grid.point import Subject
from edgekit.study.store.cell import FoundFile

Say = Callable[[str], None]


@dataclass(frozen=True)
class FileTask:
    """A subject, and the runtimes that need a file of it; all of them are made at once.

    Attributes:
        subject: what.
        runtimes: canonical names.
        calibration: of integer files.
    """

    subject: Subject
    runtimes: tuple[str, ...]
    calibration: Calibration

    @property
    def name(self) -> str:
        """What to call it."""
        s = self.subject
        size = "" if s.height is None else f" {s.height}x{s.width}"
        batch = "" if s.batch in (None, 1) else f" batch {s.batch}"
        return f"{s.model}{size}{batch}" + ("" if s.precision is None else f" {s.precision}")


@dataclass(frozen=True)
class MadeFiles:
    """What came of a task.

    Attributes:
        paths: by runtime; none if it failed.
        error: why it failed.
    """

    paths: dict[str, Path]
    error: EdgekitError | None = None


def made(task: FileTask, say: Say = lambda _: None) -> MadeFiles:
    """Make the files of a task, or find them in the cache; what goes wrong is a result too."""
    subject = task.subject
    try:
        if subject.is_file:
            return MadeFiles({task.runtimes[0]: Path(subject.model)})
        entries = _entries(task, say)
    except EdgekitError as error:
        return MadeFiles({}, error)
    except Exception as error:
        what = f"making {task.name} failed: {type(error).__name__}: {error}"
        return MadeFiles({}, EdgekitError(what, reason_code="unexpected"))
    return MadeFiles({name: entry.path for name, entry in zip(task.runtimes, entries, strict=True)})


def found(path: Path) -> FoundFile:
    """Read what the store keeps of a file.

    Raises:
        InvalidPathError: it is gone.
        UnreadableModelError: its sidecar is damaged.
    """
    try:
        sha256 = digest.sha256_of(path)
        return FoundFile(path.name, sha256, path.stat().st_size, artifact.load(path))
    except OSError as error:
        raise InvalidPathError(f"{path}: {error.strerror}") from error


def _entries(task: FileTask, say: Say) -> Sequence[Artifact]:
    """Return verified artifacts of a network, in the order of the task's runtimes."""
    subject, spec = task.subject, models.get(task.subject.model)
    precision = subject.precision or export.PRECISION
    asked = subject.shapes(spec)
    if precision not in CALIBRATED:
        return cache.exported(
            spec.name, task.runtimes, lambda step: say(step), asked=asked, precision=precision
        )
    from edgekit import quantize  # torch comes with it

    calibration = task.calibration
    facts = (precision, calibration.recipe, str(calibration.samples), _content(calibration.data))
    where = cache.folder_of(spec, asked, *facts)
    names = [formats.get(each).name for each in task.runtimes]
    kept = [cache.find(where, spec.name, precision, each) for each in names]
    entries = [entry for entry in kept if entry is not None]
    if len(entries) == len(names):
        return entries
    request = quantize.QuantizeRequest(
        spec.name,
        calibration_data=calibration.data,
        calibration_samples=calibration.samples,
        recipe=calibration.recipe,
        precision=precision,
        input_shapes=tuple(",".join(map(str, shape)) for shape in asked.in_order),
        folder=where,
        formats=tuple(names),
        force=True,
    )
    return quantize.run(request, progress=lambda step: say(str(step))).artifacts


def _content(data: Path | None) -> str:
    """Return what tells one set of calibration samples from another."""
    if data is None:
        return "synthetic"
    if data.is_file():
        return digest.sha256_of(data)
    facts = [
        (str(path.relative_to(data)), path.stat().st_size)
        for path in sorted(data.rglob("*"))
        if path.is_file()
    ]
    return hashlib.sha256(repr(facts).encode()).hexdigest()
