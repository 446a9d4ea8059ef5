"""What a precision is: what it does to a network's numbers, and how each format holds them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import onnx_ir as ir

Transform: TypeAlias = Callable[[ir.Model], None]
"""Changes a graph in place."""


def _nothing(_: ir.Model) -> None:
    """Leave a graph as it is."""


@dataclass(frozen=True)
class Precision:
    """One precision that needs no sample data.

    Attributes:
        name: as the user writes it; also in file names and sidecars.
        tolerance: largest parity error allowed between a file and the simulation, as a part of
            the simulation's output range.
        forms: by stored form (``onnx``, ``tflite``): puts it into a graph that is lowered for
            that format.
        round_weights: rounds the weights of a canonical graph to what can be stored.
        simulate: makes of a rounded canonical graph one that computes in float32, with standard
            operators, what the files compute.
        leeway: where runtimes are free to round alike or not, what is allowed beside
            ``tolerance``, as a multiple of what that rounding changes in the simulation.
        only: the stored form that alone has this precision; empty if all have.
    """

    name: str
    tolerance: float
    forms: Mapping[str, Transform]
    round_weights: Transform | None = None
    simulate: Transform | None = None
    leeway: float = 0.0
    only: str = ""

    def __post_init__(self) -> None:
        if not 0 < self.tolerance < 1:
            raise ValueError(f"a tolerance is a part of a range, not {self.tolerance}")

    def is_for(self, stored_form: str) -> bool:
        """Tell whether files of a stored form can have this precision."""
        return self.only in ("", stored_form)

    def store(self, graph: ir.Model, stored_form: str) -> None:
        """Put the stored form into a rounded graph that is lowered for a format, in place."""
        self.forms.get(stored_form, _nothing)(graph)
