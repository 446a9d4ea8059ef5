"""How often a file is right: one row of the store a file, runtime and set of images."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

from edgekit import evaluate
from edgekit.data import folder
from edgekit.errors import EdgekitError
from edgekit.study.grid.plan import Images


@dataclass(frozen=True)
class Accuracy:
    """Top-1 of one file, or why there is none.

    Attributes:
        file_sha256: of the file.
        runtime: that ran it, here and not on the target: accuracy is no matter of speed.
        data_id: hash of the images' names and sizes, their labels and how many are taken.
        data: the images in one line.
        status: ``ok`` or ``failed``.
        reason_code: of the failure.
        message: of the failure.
        images: how many.
        top1: percent.
        top1_low: lower end of its 95 % interval.
        top1_high: upper end.
    """

    file_sha256: str
    runtime: str
    data_id: str
    data: str
    status: str
    reason_code: str | None = None
    message: str | None = None
    images: int | None = None
    top1: float | None = None
    top1_low: float | None = None
    top1_high: float | None = None


def data_id(wanted: Images) -> str:
    """Return what tells one set of images from another.

    Raises:
        EdgekitError: as `edgekit.data.folder.read`.
    """
    found = folder.read(wanted.data)
    facts = [(name, (wanted.data / name).stat().st_size) for name in found.files]
    every = repr((facts, found.labels, wanted.limit, wanted.preprocessing))
    return hashlib.sha256(every.encode()).hexdigest()


@dataclass(frozen=True)
class JudgedFile:
    """A file to evaluate.

    Attributes:
        path: where it is on this machine.
        sha256: of its content.
        runtime: that runs it.
    """

    path: Path
    sha256: str
    runtime: str


def accuracy_of(file: JudgedFile, wanted: Images, images_id: str) -> Accuracy:
    """Evaluate a file; what goes wrong with it is a result too."""
    blank = Accuracy(file.sha256, file.runtime, images_id, str(wanted.data), "failed")
    settings = evaluate.Settings(preprocessing=wanted.preprocessing)
    try:
        found = evaluate.run(
            evaluate.EvaluateRequest(
                str(file.path), wanted.data, limit=wanted.limit, settings=settings
            )
        )
    except EdgekitError as error:
        return replace(blank, reason_code=error.reason_code, message=str(error))
    share = found.answers.top(1)
    if share is None:
        return replace(blank, reason_code="usage", message="it has one class only")
    low, high = (100 * end for end in share.interval)
    return replace(
        blank,
        data=found.data.description,
        status="ok",
        images=share.of,
        top1=100 * share.value,
        top1_low=low,
        top1_high=high,
    )
