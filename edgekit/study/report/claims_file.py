"""The claims of a JSON document of `edgekit claims`, as a page shows them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgekit.errors import InvalidPathError, RefusedError


@dataclass(frozen=True)
class Evidence:
    """One number behind a verdict.

    Attributes:
        quantity: what.
        subject: of what.
        value: the number.
        interval: its 95 % interval; both ends are the number where it is exact.
        target: where it was measured.
        says: what it alone says of the claim.
    """

    quantity: str
    subject: str
    value: float
    interval: tuple[float, float]
    target: str
    says: str


@dataclass(frozen=True)
class ShownClaim:
    """One claim.

    Attributes:
        name: as users type it.
        paper: whose.
        where: where in the paper.
        statement: what it says.
        experiment: what was compared.
        measured: the numbers.
        verdict: what follows.
        why: the reason.
    """

    name: str
    paper: str
    where: str
    statement: str
    experiment: str
    measured: tuple[Evidence, ...]
    verdict: str
    why: str


def read(path: Path) -> tuple[ShownClaim, ...]:
    """Read the claims of a document.

    Raises:
        InvalidPathError: it cannot be read.
        RefusedError: it is none of claims (reason "unreadable-report").
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        return tuple(_claim(each) for each in document["claims"])
    except OSError as error:
        raise InvalidPathError(f"{path}: {error.strerror}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise RefusedError(
            f"{path} is not what `edgekit claims --json` writes: {error}",
            reason_code="unreadable-report",
        ) from error


def _claim(found: Mapping[str, Any]) -> ShownClaim:
    return ShownClaim(
        name=str(found["name"]),
        paper=str(found["paper"]),
        where=str(found.get("where", "")),
        statement=str(found["statement"]),
        experiment=str(found.get("experiment", "")),
        measured=tuple(_evidence(each) for each in found["measured"]),
        verdict=str(found["verdict"]),
        why=str(found.get("why", "")),
    )


def _evidence(found: Mapping[str, Any]) -> Evidence:
    value = float(found["value"])
    low, high = found.get("interval") or (value, value)
    return Evidence(
        quantity=str(found["quantity"]),
        subject=str(found.get("subject", "")),
        value=value,
        interval=(float(low), float(high)),
        target=str(found.get("target", "")),
        says=str(found.get("says", "")),
    )
