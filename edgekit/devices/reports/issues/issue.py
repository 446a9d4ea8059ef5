"""One reason to read a result with care."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Issue:
    """One reason to read a result with care.

    Attributes:
        code: stable word for the reason.
        message: what was seen, with its number.
        advice: what to do about it.
        doubtful: whether the number itself is in doubt; False for a remark on what it means.
    """

    code: str
    message: str
    advice: str
    doubtful: bool = True


def doubts_first(*rules: Iterable[Issue]) -> tuple[Issue, ...]:
    """Return what rules found: doubts before remarks, else in the order of the rules."""
    found = itertools.chain.from_iterable(rules)
    return tuple(sorted(found, key=lambda issue: not issue.doubtful))
