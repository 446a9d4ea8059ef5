"""A point of the grid: what is asked for, before there is a file."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from edgekit import runtimes
from edgekit.errors import UsageError
from edgekit.export.sources.shapes import USUAL, InputShapes
from edgekit.models import ModelSpec


@dataclass(frozen=True)
class Subject:
    """A model file of the grid: a network to make one of, or a file as it is.

    Attributes:
        model: name of a registered network, or path of a file.
        precision: of the file to make; None for a file as it is.
        height: of the input, in pixels; None takes the network's own, or the file's.
        width: likewise.
        batch: images at once; None for a file as it is.
    """

    model: str
    precision: str | None = None
    height: int | None = None
    width: int | None = None
    batch: int | None = None

    @property
    def is_file(self) -> bool:
        """Whether it is a file as it is."""
        return is_model_file(self.model)

    def shapes(self, spec: ModelSpec) -> InputShapes:
        """Return the input sizes to export the network with."""
        batch = self.batch or 1
        if self.height is None and batch == 1:
            return USUAL
        _, channels, height, width = spec.input_shape
        shape = (batch, channels, self.height or height, self.width or width)
        return InputShapes(in_order=(shape,))


@dataclass(frozen=True)
class Point:
    """What is to be measured.

    Attributes:
        subject: the file.
        runtime: canonical name of the runtime.
        threads: threads of the runtime.
        target: as `edgekit.devices.resolve_target` takes it.
    """

    subject: Subject
    runtime: str
    threads: int
    target: str

    @property
    def id(self) -> str:
        """The point in writing; points that differ in anything have different ones."""
        s = self.subject
        parts = [s.model, s.precision, s.height, s.width, s.batch]
        return json.dumps([*parts, self.runtime, self.threads, self.target])


def is_model_file(name: str) -> bool:
    """Tell whether a name means a model file, by its suffix."""
    try:
        runtimes.for_file(Path(name))
    except UsageError:
        return False
    return True
