"""Text made to fit a width: folded between words, never within a figure."""

from __future__ import annotations

import re
from collections.abc import Sequence

# Units, and words that belong to the number before them.
_UNIT = r"(?:%|[kMGT]?B|[kMG]|[mun]?s|h|dB|[kMG]?Hz|GB/s|C|x|points?|steps?)(?=[\s,;:.)\]]|$)"
_INSIDE = re.compile(rf"(?<=\d) (?={_UNIT})|(?<=~) |(?<=[<>]=) ")
# How many of something, in a list: "12 CONV_2D, 1 RESHAPE".
_COUNTED = re.compile(r"((?:^|[,:] )\d[\d,]*) (?=\w+(?:[,;]|$))")
_GLUE = "\N{NO-BREAK SPACE}"
_BRACKETED = re.compile(r"\[[^\[\]]{1,30}\]")
_LEAST_NAME = 5


def cells_of(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def words_of(text: str) -> list[str]:
    """Split a text where it may be folded: a figure, its unit and its interval stay one.

    So do a count and what is counted in a list.
    """
    glued = _BRACKETED.sub(lambda found: found[0].replace(" ", _GLUE), text)
    glued = _COUNTED.sub(rf"\1{_GLUE}", _INSIDE.sub(_GLUE, glued))
    return [each.replace(_GLUE, " ") for each in glued.split(" ") if each]


def folded(text: str, width: int) -> list[str]:
    """Return a text in lines no wider than ``width``.

    A word that is wider alone is a path or a name; it is parted before one of its separators.
    """
    lines: list[str] = []
    line = ""
    for word in words_of(text):
        pieces = [word] if cells_of(word) <= width else _parted(word, width)
        for number, piece in enumerate(pieces):
            joined = piece if not line or number else f"{line} {piece}"
            if number or (line and cells_of(joined) > width):
                lines.append(line)
                line = piece
            else:
                line = joined
    return [*lines, line] if line or not lines else lines


def _parted(word: str, width: int) -> list[str]:
    pieces = []
    while cells_of(word) > width:
        head = word[:width]
        cut = max(head.rfind(mark) for mark in "/\\.,;=&_-")
        cut = cut if cut > width // 3 else width
        pieces.append(word[:cut])
        word = word[cut:]
    return [*pieces, word] if word else pieces


def shortened(names: Sequence[str], width: int) -> list[str]:
    """Return names no wider than ``width``, those too long without their middle.

    Where that would make two of them equal, an ellipsis stands elsewhere in all of them, or the
    names are given as they are: the caller folds those.
    """
    for head_share in (1 / 3, 2 / 3, 0.0):
        short = [_without_middle(each, width, head_share) for each in names]
        if len(set(short)) == len(set(names)):
            return short
    return list(names)


def _without_middle(name: str, width: int, head_share: float) -> str:
    if cells_of(name) <= width or width < _LEAST_NAME:
        return name
    head = int((width - 1) * head_share)
    return f"{name[:head]}…{name[len(name) - (width - 1 - head) :]}"
