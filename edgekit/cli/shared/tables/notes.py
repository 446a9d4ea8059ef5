"""What is to be noted about the rows of a table: what several have in common is said once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edgekit.devices import Issue

# A number that stands alone: no part of a name such as mobilenet-v1-1.0-224.
_NUMBER = re.compile(r"(?<![\w.+-])[+-]?\d+(?:\.\d+)?(?![\w-]|\.\d)")
_NAMED = 3


def notes(rows: Iterable[tuple[str, Sequence[Issue]]]) -> list[str]:
    """Return a line for each kind of issue, with the rows it is of.

    Messages that differ in nothing but their numbers are one, with the least and the greatest of
    each: ``the load average was at least 2.1 to 3.4 on 2 cores``.

    Args:
        rows: what each row is called, and its issues.
    """
    held = list(rows)
    found: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for row, issues in held:
        for issue in issues:
            kind = (_NUMBER.sub("0", issue.message), issue.advice)
            found.setdefault(kind, []).append((row, issue.message))
    return [
        f"note: {_whose([row for row, _ in each], len(held))}"
        f"{_merged([message for _, message in each])}; {advice}"
        for (_, advice), each in found.items()
    ]


def _whose(some: Sequence[str], of: int) -> str:
    if of == 1:
        return ""
    if len(some) == of:
        return "all: "
    rest = len(some) - _NAMED
    named = list(some) if rest <= 1 else [*some[:_NAMED], f"{rest} more"]
    return f"{', '.join(named)}: "


def _merged(messages: Sequence[str]) -> str:
    """Return messages of one form as one, with ranges for the numbers that differ."""
    values = list(zip(*(_NUMBER.findall(message) for message in messages), strict=True))
    ranges = iter(
        each[0] if len(set(each)) == 1 else f"{min(each, key=float)} to {max(each, key=float)}"
        for each in values
    )
    return _NUMBER.sub(lambda _: next(ranges), messages[0])
