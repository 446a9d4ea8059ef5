"""One file to be, and what it must answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from edgekit.export import parity
from edgekit.export.formats import Format
from edgekit.export.judging.fidelity import Yardstick
from edgekit.export.parity import Arrays
from edgekit.export.stored_weights.held_file import HeldFile


@dataclass(frozen=True, eq=False)
class Job:
    """One file to be.

    Attributes:
        target: its format.
        precision: of the file, as its name says it.
        data: its content, which may wait in an unnamed file.
        reference: what gave ``answers``.
        answers: what it must answer to the source's feeds; None skips the comparison.
        tolerance: largest error that passes, as a part of the output's range.
        lowering: rules beside the default ones; see `edgekit.export.rewriting.choices`.
        tuning: what was measured to choose them.
        integer_io: the file's inputs or outputs are stored integers.
        yardstick: float32 answers that those of an integer file must come close to; None skips
            that, and the check of the runtime's other kernels with it.
        yardstick_feeds: the yardstick's inputs, on which the file is run before there is one.
        maps: names of the inputs and outputs that are image maps, NCHW in .onnx, NHWC in .tflite.
        least_spans: the least range of an output that its errors are taken as parts of, by name.
        raw_integers: inputs and outputs that are integers are so in the source too, and mean the
            same steps.
    """

    target: Format
    precision: str
    data: bytes | HeldFile
    reference: str
    answers: tuple[Arrays, ...] | None
    tolerance: float = parity.MAX_RELATIVE_ERROR
    lowering: str = ""
    tuning: tuple[Mapping[str, Any], ...] = ()
    integer_io: bool = False
    maps: frozenset[str] = frozenset()
    yardstick: Yardstick | None = None
    yardstick_feeds: tuple[Arrays, ...] = ()
    least_spans: Mapping[str, float] = field(default_factory=dict)
    raw_integers: bool = False
