"""In what two measurements differ, as phrases."""

from __future__ import annotations

from collections.abc import Iterator


def unlike(what: str, one: object, other: object) -> Iterator[str]:
    """Yield the phrase if the two are unlike."""
    if one != other:
        yield f"{what} {one} and {other}"
