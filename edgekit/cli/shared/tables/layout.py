"""A table as lines of text, as wide as it is, or made to fit a terminal.

What gives way, in this order: headings fold, sentences fold, those that would become a narrow
strip go below their row, spare columns are left out, names lose their middle; and if that is not
enough, the rows are stacked, one field a line. A figure is never cut or folded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edgekit.cli.shared.tables.columns import Column, Kind
from edgekit.cli.shared.tables.wrapping import cells_of, folded, shortened, words_of

_GAP = "  "
_LEAST_PROSE = 18
_LONG_NAME = 36  # a longer one gives way before a column does
_LEAST_NAME = 16
_LEAST_TITLE = 6
_STRIP = 40  # sentences in a narrower column are harder to read than below their row
_STRIP_LINES = 2  # but so few lines of it, on average, are not
_INDENT = "    "


@dataclass(frozen=True)
class Layout:
    """A table as it is printed.

    Attributes:
        head: lines of the heading; none where no column has a title.
        body: the other lines.
        left_out: titles of the columns that had no room.
    """

    head: tuple[str, ...]
    body: tuple[str, ...]
    left_out: tuple[str, ...] = ()


def laid_out(columns: Sequence[Column], rows: Sequence[Sequence[str]], width: int | None) -> Layout:
    """Return a table as lines no wider than ``width``; None is for any width."""
    grid = _Grid(columns, rows)
    if width is None or sum(grid.natural) + grid.gaps <= width:
        return grid.layout(grid.natural)
    spare = sorted(
        {place for place, column in enumerate(columns) if column.spare},
        key=lambda place: (-columns[place].spare, -place),
    )
    for count in range(len(spare) + 1):
        kept = [place for place in range(len(columns)) if place not in spare[:count]]
        left_out = tuple(
            columns[place].title for place in sorted(spare[:count]) if any(grid.cells(place))
        )
        some = _Grid([columns[place] for place in kept], [[row[p] for p in kept] for row in rows])
        for least_name in (_LONG_NAME, _LEAST_NAME)[: 2 if count == len(spare) else 1]:
            widths = some.shrunk(width, least_name)
            if not count and (strips := some.strips(widths)):
                hung = _hung(columns, rows, strips, width, least_name)
                if hung is not None:
                    return hung
            if widths is not None:
                return some.layout(widths, left_out)
    return _stacked(columns, rows, width)


class _Grid:
    """Columns and rows whose widths are looked for."""

    def __init__(self, columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> None:
        self._columns, self._rows = columns, rows
        self.natural = [
            max(map(cells_of, (column.title, *self.cells(place))))
            for place, column in enumerate(columns)
        ]
        self.gaps = len(_GAP) * (len(columns) - 1)

    def cells(self, place: int) -> list[str]:
        return [row[place] for row in self._rows]

    def shrunk(self, width: int, least_name: int) -> list[int] | None:
        """Return widths that fit, the widest columns narrowed first; None if there are none."""
        least = [self._least(place, least_name) for place in range(len(self._columns))]
        widths = list(self.natural)
        while sum(widths) + self.gaps > width:
            slack = [place for place in range(len(widths)) if widths[place] > least[place]]
            if not slack:
                return None
            # Headings and sentences before names.
            widest = max(slack, key=lambda p: (self._columns[p].kind is not Kind.NAME, widths[p]))
            widths[widest] -= 1
        return widths

    def _least(self, place: int, least_name: int) -> int:
        column, cells = self._columns[place], self.cells(place)
        widest = max(map(cells_of, cells), default=0)
        if column.kind is Kind.NAME:
            widest = min(widest, least_name)
        elif column.kind is Kind.PROSE:
            longest = max((cells_of(word) for cell in cells for word in words_of(cell)), default=0)
            widest = min(widest, max(_LEAST_PROSE, min(longest, _LONG_NAME)))
        return max(widest, max(map(cells_of, words_of(column.title)), default=0))

    def strips(self, widths: Sequence[int] | None) -> list[int]:
        """Return the columns of sentences that would be narrow strips; all long ones for None."""
        return [
            place
            for place, column in enumerate(self._columns)
            if column.kind is Kind.PROSE
            and column.title
            and not column.spare
            and self.natural[place] > _STRIP
            and (widths is None or widths[place] < _STRIP)
            and (widths is None or self._lines_each(place, widths[place]) > _STRIP_LINES)
        ]

    def _lines_each(self, place: int, width: int) -> float:
        depths = [len(folded(cell, width)) for cell in self.cells(place) if cell]
        return sum(depths) / max(1, len(depths))

    def layout(self, widths: Sequence[int], left_out: tuple[str, ...] = ()) -> Layout:
        head: list[str] = []
        if any(column.title for column in self._columns):
            titles = [folded(c.title, w) for c, w in zip(self._columns, widths, strict=True)]
            deep = max(map(len, titles))
            # The last line of each heading stands on its column.
            head = self._lines([[""] * (deep - len(each)) + each for each in titles], widths)
        body = [line for lines in self.row_lines(widths) for line in lines]
        return Layout(tuple(head), tuple(body), left_out)

    def row_lines(self, widths: Sequence[int]) -> list[list[str]]:
        """Return the lines of each row."""
        shown = [
            _fitted(column, self.cells(place), widths[place])
            for place, column in enumerate(self._columns)
        ]
        return [
            self._lines([cells[row] for cells in shown], widths) for row in range(len(self._rows))
        ]

    def _lines(self, cells: Sequence[Sequence[str]], widths: Sequence[int]) -> list[str]:
        lines = []
        for number in range(max(map(len, cells))):
            parts = []
            for column, cell, width in zip(self._columns, cells, widths, strict=True):
                text = cell[number] if number < len(cell) else ""
                padding = " " * (width - cells_of(text))
                parts.append(padding + text if column.is_right else text + padding)
            lines.append(_GAP.join(parts).rstrip())
        return lines


def _fitted(column: Column, cells: Sequence[str], width: int) -> list[list[str]]:
    """Return the cells of a column as lines."""
    if all(cells_of(cell) <= width for cell in cells):
        return [[cell] for cell in cells]
    if column.kind is Kind.NAME:
        cells = shortened(cells, width)
    return [folded(cell, width) for cell in cells]


def _hung(
    columns: Sequence[Column],
    rows: Sequence[Sequence[str]],
    strips: Sequence[int],
    width: int,
    least_name: int,
) -> Layout | None:
    """Return a table whose rows have some of their sentences below them; None if it is too wide.

    The first of them goes without its title.
    """
    kept = [place for place in range(len(columns)) if place not in strips]
    grid = _Grid([columns[place] for place in kept], [[row[p] for p in kept] for row in rows])
    widths = grid.shrunk(width, least_name)
    if widths is None:
        return None
    body: list[str] = []
    for row, lines in zip(rows, grid.row_lines(widths), strict=True):
        body += lines
        for place in (each for each in strips if row[each]):
            text = row[place] if place == strips[0] else f"{columns[place].title}: {row[place]}"
            body += [_INDENT + line for line in folded(text, width - len(_INDENT))]
    return Layout(grid.layout(widths).head, tuple(body))


def _stacked(columns: Sequence[Column], rows: Sequence[Sequence[str]], width: int) -> Layout:
    """Return each row as a block of lines, a field each; empty fields are left out."""
    rigid = [
        cells_of(row[place])
        for row in rows
        for place, column in enumerate(columns)
        if column.kind in (Kind.FIGURE, Kind.WORD)
    ]
    margin = max(cells_of(column.title) for column in columns)
    longest = max(cells_of(word) for column in columns for word in words_of(column.title) or [""])
    room = max(_LEAST_TITLE, min(width // 2, width - len(_GAP) - max(rigid, default=0)))
    margin = max(min(margin, room), min(longest, width // 3)) + len(_GAP)
    body: list[str] = []
    for number, row in enumerate(rows):
        if number:
            body.append("")
        for column, cell in zip(columns, row, strict=True):
            if not cell:
                continue
            label = folded(column.title, margin - len(_GAP))
            text = folded(cell, width - margin)
            for line in range(max(len(label), len(text))):
                left = label[line] if line < len(label) else ""
                right = text[line] if line < len(text) else ""
                body.append((left + " " * (margin - cells_of(left)) + right).rstrip())
    return Layout((), tuple(body))
