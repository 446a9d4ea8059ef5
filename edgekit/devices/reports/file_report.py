"""What every report on one file says first, and how reports become JSON."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, TypeVar

from edgekit.files import documents

LARGEST_COUNT = 2**63 - 1
"""Documents of any origin are read with integers of 64 bits alone."""

Report = TypeVar("Report", bound="FileReport")


@dataclass(frozen=True)
class FileReport(ABC):
    """A result about one model file on one target.

    Attributes:
        file: path of the file as it was given.
        sha256: hash of its content.
        size_bytes: its size.
        model: name of the model, if known.
        precision: precision of the file, if known.
        macs: multiply-accumulates of one run, if known: by the network's card or the exported
            graph; what a runtime executes may differ.
        target: name of the target it ran on.
        edgekit_version: version that measured it.
    """

    schema: ClassVar[str]
    schema_version: ClassVar[int]

    file: str
    sha256: str
    size_bytes: int
    model: str | None
    precision: str | None
    macs: int | None
    target: str
    edgekit_version: str

    def __post_init__(self) -> None:
        for count in (self.size_bytes, self.macs or 0):
            if not 0 <= count <= LARGEST_COUNT:
                raise ValueError(f"a report's counts have 64 bits, not {count}")

    @abstractmethod
    def summary(self) -> dict[str, Any]:
        """Return the derived numbers, ready for JSON."""

    def to_json(self) -> str:
        """Return the report as one JSON document; ``summary`` in it is for other readers."""
        head = {"schema": self.schema, "schema_version": self.schema_version}
        document = {**head, "summary": self.summary(), **asdict(self)}
        return json.dumps(document, allow_nan=False)


def read(kind: type[Report], text: str, noun: str) -> Report:
    """Read a report that `FileReport.to_json` wrote; its ``summary`` is derived anew.

    Args:
        kind: the kind of report that it must be.
        text: JSON.
        noun: what to call such a report in messages.

    Raises:
        RefusedError: the text is no such report, is of another version, or is damaged.
    """
    return documents.read_document(kind, text, kind.schema, kind.schema_version, noun)
