"""Small tables as plain text, for the ``repr`` of results in a notebook or a shell."""

from __future__ import annotations

from collections.abc import Sequence


def text(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table; a column whose name ends in ``>`` is right-aligned.

    No cell is ever cut or folded: the lines are as wide as they need to be.
    """
    heads = [column.removesuffix(">") for column in columns]
    lines = [heads, *rows]
    widths = [max(len(line[place]) for line in lines) for place in range(len(columns))]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if column.endswith(">") else cell.ljust(width)
            for cell, width, column in zip(line, widths, columns, strict=True)
        ).rstrip()
        for line in lines
    )
