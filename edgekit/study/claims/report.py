"""What a run over claims found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from edgekit.files import documents
from edgekit.files.documents import Document
from edgekit.runtimes.machine import Conditions, Machine
from edgekit.study.claims.claim import Finding


@dataclass(frozen=True)
class ClaimsReport(Document):
    """Claims and their verdicts, on one machine.

    Attributes:
        edgekit_version: version that measured.
        quick: whether it measured shortly.
        machine: the machine it ran on.
        packages: versions of all that had a hand in it.
        counted_on: emulated processors beside it.
        before: the machine's state when the run began.
        seconds: how long it took, the making of its files included; of a run that was gone on
            with, all its parts.
        claims: what became of each claim.
    """

    schema = "edgekit.claims"
    schema_version = 2

    edgekit_version: str
    quick: bool
    machine: Machine
    packages: Mapping[str, str]
    counted_on: tuple[str, ...]
    before: Conditions
    seconds: float
    claims: tuple[Finding, ...]

    @property
    def tally(self) -> Mapping[str, int]:
        """How many claims got each verdict."""
        return Counter(each.verdict for each in self.claims)

    @property
    def compared(self) -> int:
        """How many claims an independent run tested too."""
        return sum(each.earlier is not None for each in self.claims)

    @property
    def agreeing(self) -> int:
        """How many of these got the same verdict there."""
        return self.compared - sum(each.differed is not None for each in self.claims)

    @property
    def conditions(self) -> tuple[object, ...]:
        """What must be equal for claims of two runs to stand in one report."""
        return (self.edgekit_version, self.quick, self.machine, self.packages, self.counted_on)


def from_json(text: str) -> ClaimsReport:
    """Read a report that `ClaimsReport.to_json` wrote.

    Raises:
        RefusedError: the text is no such report, is of another version, or is damaged.
    """
    return documents.read_document(
        ClaimsReport, text, ClaimsReport.schema, ClaimsReport.schema_version, "report on claims"
    )
