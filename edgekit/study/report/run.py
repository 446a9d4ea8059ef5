"""The door: from stores to a page, Markdown or CSV, by the suffix of the file wanted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from edgekit.errors import InvalidPathError, RefusedError, StorageError, UsageError
from edgekit.files import reading
from edgekit.files.staging import staging
from edgekit.registry import Registry
from edgekit.study.report import comma_separated, html, markdown, profiles
from edgekit.study.report.contents import Contents
from edgekit.study.store import sqlite_file

if TYPE_CHECKING:
    from edgekit.study.claims.claim import Finding

Writer = Callable[[Contents], str]

FORMS: Registry[Writer] = Registry(
    "form of a report",
    ((".html", html.page), (".md", markdown.text), (".csv", comma_separated.text)),
)
"""What a report can be, by the suffix of its file."""


@dataclass(frozen=True)
class ReportRequest:
    """Stores to report on, and where the report goes.

    Attributes:
        stores: of sweeps and benches.
        output: a .html, .md or .csv.
        claims: JSON document of `edgekit claims`; None shows none.
        title: of the report; None takes the stores' names.
        every: all rows of the stores, and not the latest of each point of the grid alone.
        profiles: JSON documents of `edgekit latency --profile`; a page shows them as rooflines.

    Raises:
        UsageError: there is no store, or the suffix is none of these.
    """

    stores: tuple[Path, ...]
    output: Path
    claims: Path | None = None
    title: str | None = None
    every: bool = False
    profiles: tuple[Path, ...] = ()

    def __post_init__(self) -> None:
        if not self.stores:
            raise UsageError("a report is of one store or more: `edgekit sweep` makes one")
        if self.output.suffix.lower() not in FORMS:
            raise UsageError(f"-o takes a {', '.join(FORMS)}, not {self.output.name}")


def report(request: ReportRequest) -> Path:
    """Write a report; a file that is there is replaced once the new one is whole.

    Returns:
        Where it stands.

    Raises:
        InvalidPathError: a store is not there, or the file cannot be written there.
        RefusedError: a store, the claims or a profile cannot be read, or there is nothing in the
            stores.
        MissingPackageError: a page is wanted, and vl-convert-python is not installed.
        StorageError: the file system is full.
    """
    rows = [row for path in request.stores for row in sqlite_file.read_rows(path)]
    kept = tuple(row for row in rows if request.every or row.is_latest)
    if not kept:
        names = ", ".join(map(str, request.stores))
        raise InvalidPathError(f"nothing has been measured in {names} yet", reason_code="empty")
    contents = Contents(
        title=request.title or ", ".join(path.stem for path in request.stores),
        rows=kept,
        claims=None if request.claims is None else _claims(request.claims),
        profiles=tuple(each for path in request.profiles for each in profiles.read(path)),
    )
    text = FORMS.find(request.output.suffix)(contents)
    try:
        with staging(request.output.parent) as waiting:
            waiting.write(request.output.name, text.encode())
            waiting.commit(force=True)
    except OSError as error:
        raise StorageError(f"cannot write {request.output}: {error.strerror}") from error
    return request.output


def _claims(path: Path) -> tuple[Finding, ...]:
    from edgekit.study.claims.report import from_json  # torch comes with it

    try:
        return from_json(reading.text(path)).claims
    except OSError as error:
        raise InvalidPathError(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InvalidPathError(f"{path}: it is no text: {error}") from error
    except RefusedError as error:
        raise RefusedError(f"{path}: {error}", reason_code=error.reason_code) from error
