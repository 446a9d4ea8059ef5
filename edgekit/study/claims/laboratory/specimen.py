"""A network that an experiment needs as a file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import nn

RUNTIMES = {"tflite": "LiteRT", "onnx": "ONNX Runtime"}
"""Formats, and who runs them."""


@dataclass(frozen=True)
class Specimen:
    """A network, and the file to make of it.

    Attributes:
        name: a registered network, or ``library:NAME``; of a network that ``build`` makes, a name
            that no other of another structure has.
        build: makes the network; None for one by name.
        shape: shape of its only input, NCHW float32; () takes the registered network's own.
        format: ``tflite`` or ``onnx``.
        precision: ``float32``, ``float16`` or ``int8``.
        lowering: optional rules of the format, ``+RULE,-RULE``.

    Raises:
        ValueError: a built network has no shape, or there is no such format.
    """

    name: str
    build: Callable[[], nn.Module] | None = None
    shape: tuple[int, ...] = ()
    format: str = "tflite"
    precision: str = "float32"
    lowering: str = ""

    def __post_init__(self) -> None:
        if self.build is not None and not self.shape:
            raise ValueError(f"{self.name} needs a shape")
        if self.format not in RUNTIMES:
            raise ValueError(f"{self.name}: no format {self.format!r}")

    def on(self, format_name: str, precision: str = "float32") -> Specimen:
        """Return the same network as another file."""
        return replace(self, format=format_name, precision=precision)

    @property
    def label(self) -> str:
        """Name it with all that makes it another file than its neighbour, but for the runtime."""
        size = "" if self.build is not None or not self.shape else f" {self._size}"
        rules = f" {self.lowering}" if self.lowering else ""
        return f"{self.name}{size} {self.precision}{rules}"

    @property
    def runtime(self) -> str:
        """Who runs it, as readers know it."""
        return RUNTIMES[self.format]

    @property
    def _size(self) -> str:
        return "x".join(map(str, self.shape[2:]))
