"""What a run over claims found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from edgekit.files import documents
from edgekit.files.documents import Document
from edgekit.runtimes.machine import Machine
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
        claims: what became of each claim.
    """

    schema = "edgekit.claims"
    schema_version = 1

    edgekit_version: str
    quick: bool
    machine: Machine
    packages: Mapping[str, str]
    counted_on: tuple[str, ...]
    claims: tuple[Finding, ...]

    @property
    def tally(self) -> Mapping[str, int]:
        """How many claims got each verdict."""
        return Counter(each.verdict for each in self.claims)

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
