"""What every form of a report shows."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from edgekit import __version__
from edgekit.study.report.profiles import Roofline
from edgekit.study.store.row import Row

if TYPE_CHECKING:
    from edgekit.study.claims.claim import Finding

_JSON = ("process_medians", "quantiles_ms")
_LEFT_OUT = ("key", "point", "machine", "options", "is_latest", "reason_code", "attempt")


@dataclass(frozen=True)
class Contents:
    """A report.

    Attributes:
        title: its heading.
        rows: what was measured.
        claims: what became of claims; None if none are shown.
        profiles: rooflines of files.
    """

    title: str
    rows: tuple[Row, ...]
    claims: tuple[Finding, ...] | None = None
    profiles: tuple[Roofline, ...] = ()

    @property
    def version(self) -> str:
        """The edgekit that writes it."""
        return __version__

    @property
    def conditions(self) -> list[str]:
        """On what and how the rows were measured, a line each."""
        lines: dict[str, int] = {}
        for row in self.rows:
            cell, machine = row.cell, json.loads(row.cell.machine)
            options = json.loads(cell.options)
            known = [machine.get("cpu"), machine.get("architecture")]
            cores = machine.get("cores")
            facts = [str(each) for each in known if each] + ([f"{cores} cores"] if cores else [])
            line = (
                f"{cell.target}: {', '.join(facts)}; {cell.runtime_version}; "
                f"{options.get('children')} processes of at least {options.get('num_runs')} runs"
            )
            lines[line] = lines.get(line, 0) + 1
        return [
            f"{line} ({count} {'cell' if count == 1 else 'cells'})" for line, count in lines.items()
        ]

    @property
    def columns(self) -> list[str]:
        """Columns of the raw data, as the store names them."""
        return [name for name in self.rows[0].flat() if name not in _LEFT_OUT]

    @property
    def table(self) -> list[list[Any]]:
        """The raw data: a line a row, without the samples."""
        return [
            [_value(name, value) for name, value in row.flat().items() if name not in _LEFT_OUT]
            for row in self.rows
        ]


def _value(name: str, value: object) -> object:
    if name in _JSON and isinstance(value, str):
        return json.loads(value)
    return float(f"{value:.6g}") if isinstance(value, float) else value
