"""A row of the store: a cell, and what came of it last."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from edgekit.files import parsing
from edgekit.study.store.cell import Cell
from edgekit.study.store.figures import Figures

_JSON = {"machine": dict, "options": dict, "process_medians": list, "quantiles_ms": object}
"""Texts of a line that others take apart."""


@dataclass(frozen=True)
class Row:
    """One row of the view ``flat``.

    Attributes:
        cell: what was measured.
        attempt: which; the first is 1.
        status: ``ok`` or ``failed``.
        reason_code: of a failure.
        message: of a failure.
        finished_at: when, UTC.
        figures: what came of it.
        top1: percent, of this file on this runtime; None if it was not evaluated.
        top1_low: lower end of its 95 % interval.
        top1_high: upper end.
        images: how many it was evaluated on.
        top1_on: which.
        is_latest: whether no later row is of the same point of the grid.
    """

    cell: Cell
    attempt: int
    status: str
    reason_code: str | None
    message: str | None
    finished_at: str
    figures: Figures
    top1: float | None
    top1_low: float | None
    top1_high: float | None
    images: int | None
    top1_on: str | None
    is_latest: bool

    @property
    def is_ok(self) -> bool:
        """Whether it was measured."""
        return self.status == "ok"

    @property
    def accuracy(self) -> float | None:
        """Top-1 in percent: measured, else published, which is of float32; None if unknown."""
        return self.cell.published_top1 if self.top1 is None else self.top1

    @property
    def accuracy_on(self) -> str | None:
        """Whose images `accuracy` is of."""
        return self.cell.published_on if self.top1 is None else self.top1_on

    def flat(self) -> dict[str, Any]:
        """Return all columns by name, in the order of the view."""
        own = {each.name: getattr(self, each.name) for each in fields(self)}
        head = asdict(self.cell)
        del own["cell"]
        found: dict[str, Any] = {}
        for name, value in own.items():
            found |= asdict(self.figures) if name == "figures" else {name: value}
        return {**head, **found}


def row_of(flat: Mapping[str, Any]) -> Row:
    """Return the row that a line of the view holds.

    Raises:
        ValueError, TypeError, KeyError: it is not of edgekit's making.
    """
    for name, kind in _JSON.items():
        if flat[name] is not None and not isinstance(parsing.json_of(flat[name]), kind):
            raise ValueError(f"its {name} are not what a store has there")
    own = {
        each.name: flat[each.name] for each in fields(Row) if each.name not in ("cell", "figures")
    }
    return Row(
        cell=Cell(**{each.name: flat[each.name] for each in fields(Cell)}),
        figures=Figures(**{each.name: flat[each.name] for each in fields(Figures)}),
        **{**own, "is_latest": bool(flat["is_latest"])},
    )
