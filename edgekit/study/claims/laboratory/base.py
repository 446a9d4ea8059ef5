"""What an experiment may ask for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

from edgekit.study.claims.laboratory.ratio import Ratio
from edgekit.study.claims.laboratory.specimen import Specimen
from edgekit.study.claims.measured import Measured

if TYPE_CHECKING:
    from edgekit.models import Count
    from edgekit.study.claims.laboratory.answers.layer_times import LayerTimes
    from edgekit.study.claims.laboratory.answers.startup import StartUp
    from edgekit.study.claims.laboratory.answers.work import OperatorWork

Session = Literal["interpreter", "compiled-model", "built-in"]
"""A way to run a .tflite file: as everywhere, by LiteRT's newer interface, without XNNPACK."""


Experiment: TypeAlias = "Callable[[Laboratory], Iterable[Measured]]"
"""Asks a laboratory, and gives the numbers."""


class Laboratory(Protocol):
    """Makes files and measures them; an experiment sees no more than this."""

    @property
    def is_quick(self) -> bool:
        """Whether to take the shorter of two ways."""
        ...

    @property
    def data(self) -> Path | None:
        """Folder of data sets; None if there is none."""
        ...

    def cost(self, specimen: Specimen) -> Count:
        """Return parameters and multiply-accumulates, counted without computing."""
        ...

    def ratios(self, *pairs: tuple[Specimen, Specimen]) -> list[Ratio]:
        """Compare candidates with bases, with one thread: all files take turns.

        Args:
            pairs: base and candidate, at least one.

        Returns:
            For ``local``, then for every emulated processor asked for, one a pair in order.
        """
        ...

    def thread_ratios(self, specimens: Sequence[Specimen], threads: int) -> list[Ratio]:
        """Return each file's time with so many threads over its time with one."""
        ...

    def session_ratios(
        self, specimens: Sequence[Specimen], base: Session, candidate: Session
    ) -> list[Ratio]:
        """Return what each .tflite file takes run in one way, over what it takes in another."""
        ...

    def layer_times(self, specimen: Specimen) -> list[LayerTimes]:
        """Return what each class of layer takes, one entry a process."""
        ...

    def work(self, specimen: Specimen) -> list[OperatorWork]:
        """Return what each operator of a .tflite file has to do."""
        ...

    def startup(self, specimen: Specimen) -> list[StartUp]:
        """Return what loading and the first run take, one entry a process."""
        ...
