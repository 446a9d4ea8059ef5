"""What to verify, and how: the one argument of `edgekit.evaluate.verify`."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from edgekit.emulation import isa as instruction_sets
from edgekit.emulation.isa import NATIVE
from edgekit.errors import UsageError
from edgekit.evaluate.settings import Settings
from edgekit.evaluate.verification.report import Thresholds


@dataclass(frozen=True)
class VerifyRequest:
    """One or two model files, to be compared with each other and with themselves elsewhere.

    Attributes:
        files: path of the file under test, and perhaps of one to compare it with.
        data: folder of images; None draws synthetic ones.
        samples: number of images; None takes all for the comparison (of synthetic ones 64), and
            8 under each instruction set.
        isas: instruction sets to run each file under; ``native`` is run anyway.
        thresholds: what the comparison must reach.
        settings: see `Settings`.

    Raises:
        UsageError: the request asks for nothing, or contradicts itself.
        UnknownNameError: no instruction set is called that.
    """

    files: tuple[str, ...]
    data: Path | None = None
    samples: int | None = None
    isas: tuple[str, ...] = ()
    thresholds: Thresholds = field(default_factory=Thresholds)
    settings: Settings = field(default_factory=Settings)

    def __post_init__(self) -> None:
        if self.samples is not None and self.samples < 1:
            raise UsageError(f"a verification takes 1 sample or more, not {self.samples}")
        if len(self.files) not in (1, 2):
            raise UsageError(f"a verification takes 1 or 2 files, not {len(self.files)}")
        if len(self.files) == 2:
            _ = self.others
            return
        if self.thresholds.given:
            raise UsageError("--min-agreement and --min-sqnr compare two files: give a second one")
        if not self.others:
            raise UsageError(
                f"{self.files[0]} alone has nothing to be compared with: give a second file, or "
                f"other instruction sets, --isa {','.join(instruction_sets.names())}"
            )

    @property
    def others(self) -> tuple[str, ...]:
        """The instruction sets beside this machine's own, by their canonical names."""
        chosen = dict.fromkeys(instruction_sets.get(each).name for each in self.isas)
        return tuple(each for each in chosen if each != NATIVE)
