"""The store of a sweep: one SQLite file to which rows are added.

What is measured is there for good as soon as its process has answered, whatever happens next.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import sqlite3
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from edgekit.errors import EdgekitError, InvalidPathError, RefusedError, StorageError
from edgekit.files import cache_folder
from edgekit.study.store import tables
from edgekit.study.store.accuracy import Accuracy
from edgekit.study.store.cell import Cell
from edgekit.study.store.figures import Figures
from edgekit.study.store.row import Row, row_of


@dataclass(frozen=True)
class Progressed:
    """How far a cell has come.

    Attributes:
        attempt: the last one; 0 before the first.
        numbers: processes of it that have answered.
        status: ``ok`` or ``failed`` where it is over; None where it is not.
    """

    attempt: int = 0
    numbers: frozenset[int] = frozenset()
    status: str | None = None


class Store:
    """An open store; `opened` opens one."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def register(self, cells: Sequence[Cell]) -> None:
        """Add the cells that are not there yet."""
        places = ", ".join("?" * len(tables.names(Cell)))
        with self._changing() as changed:
            changed.executemany(
                f"INSERT OR IGNORE INTO cell VALUES ({places})",  # noqa: S608 -- question marks
                [astuple(each) for each in cells],
            )

    def progressed(self) -> dict[str, Progressed]:
        """Return how far every cell has come, by its key."""
        found = {key: Progressed() for (key,) in self._connection.execute("SELECT key FROM cell")}
        every = self._connection.execute(
            "SELECT cell, attempt, NULL AS number, status FROM result "
            "UNION ALL SELECT cell, attempt, number, NULL FROM process"
        )
        by_cell: dict[str, list[tuple[int, int | None, str | None]]] = {}
        for cell, attempt, number, status in every:
            by_cell.setdefault(cell, []).append((attempt, number, status))
        for cell, rows in by_cell.items():
            last = max(attempt for attempt, _, _ in rows)
            own = [row for row in rows if row[0] == last]
            found[cell] = Progressed(
                last,
                frozenset(number for _, number, _ in own if number is not None),
                next((status for _, _, status in own if status is not None), None),
            )
        return found

    def answers(self, key: str, attempt: int) -> list[dict[str, Any]]:
        """Return what the processes of an attempt answered, in order."""
        rows = self._connection.execute(
            "SELECT answer FROM process WHERE cell = ? AND attempt = ? ORDER BY number",
            (key, attempt),
        )
        return [json.loads(zlib.decompress(answer)) for (answer,) in rows]

    def keep(
        self, key: str, attempt: int, number: int, answer: Mapping[str, Any], seconds: float
    ) -> None:
        """Add what one process answered; it is on the disk when this returns."""
        with self._changing() as changed:
            changed.execute(
                "INSERT INTO process (cell, attempt, number, seconds, finished_at, answer) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                (key, attempt, number, seconds, _now(), _packed(json.dumps(answer))),
            )

    def finish(self, key: str, attempt: int, figures: Figures, report: str) -> None:
        """Add the result of a cell."""
        self._add_result(key, attempt, "ok", None, None, figures, report)

    def fail(self, key: str, attempt: int, error: EdgekitError) -> None:
        """Add a failure, which is the cell's result."""
        self._add_result(key, attempt, "failed", error.reason_code, str(error), Figures(), None)

    def add_accuracy(self, found: Accuracy) -> None:
        """Add what an evaluation found."""
        columns = tables.names(Accuracy)
        with self._changing() as changed:
            changed.execute(
                f"INSERT INTO accuracy ({', '.join(columns)}) "  # noqa: S608 -- of a dataclass
                f"VALUES ({', '.join('?' * len(columns))})",
                astuple(found),
            )

    def evaluated(self) -> dict[tuple[str, str, str], str]:
        """Return the last status of each file, runtime and set of images."""
        rows = self._connection.execute(
            "SELECT file_sha256, runtime, data_id, status FROM accuracy ORDER BY id"
        )
        return {(file, runtime, data): status for file, runtime, data, status in rows}

    def seconds(self) -> dict[str, float]:
        """Return how long a process took on each target, on average."""
        rows = self._connection.execute(
            "SELECT cell.target, avg(process.seconds) FROM process "
            "JOIN cell ON cell.key = process.cell GROUP BY cell.target"
        )
        return dict(rows.fetchall())

    @contextmanager
    def _changing(self) -> Iterator[sqlite3.Connection]:
        try:
            with self._connection:
                yield self._connection
        except sqlite3.OperationalError as error:
            raise StorageError(f"the store cannot be written: {error}") from error

    def _add_result(
        self,
        key: str,
        attempt: int,
        status: str,
        reason_code: str | None,
        message: str | None,
        figures: Figures,
        report: str | None,
    ) -> None:
        head = ("cell", "attempt", "status", "reason_code", "message", "finished_at", "report")
        packed = None if report is None else _packed(report)
        values = (key, attempt, status, reason_code, message, _now(), packed, *astuple(figures))
        columns = ", ".join((*head, *tables.names(Figures)))
        with self._changing() as changed:
            changed.execute(
                f"INSERT INTO result ({columns}) "  # noqa: S608 -- columns of a dataclass
                f"VALUES ({', '.join('?' * len(values))})",
                values,
            )


@contextmanager
def opened(path: Path) -> Iterator[Store]:
    """Open a store to add to it, and make it if it is not there; nobody else may meanwhile.

    Raises:
        InvalidPathError: it cannot be opened there.
        RefusedError: another sweep is adding to it (reason "store-busy"), or the file is no store
            (reason "not-a-store").
    """
    with _alone(path):
        try:
            connection = sqlite3.connect(path)
        except sqlite3.Error as error:
            raise InvalidPathError(f"{path}: {error}") from error
        try:
            _prepare(connection, path)
            yield Store(connection)
        except sqlite3.OperationalError as error:
            raise StorageError(f"cannot write {path}: {error}") from error
        except (sqlite3.DatabaseError, zlib.error) as error:
            raise _not_a_store(path, str(error)) from error
        finally:
            connection.close()


def read_rows(path: Path) -> list[Row]:
    """Return the rows of a store's view ``flat``, also while a sweep is adding to it.

    Raises:
        InvalidPathError: there is no such file.
        RefusedError: it is no store (reason "not-a-store").
    """
    if not path.is_file():
        raise InvalidPathError(f"{path}: there is no such store: `edgekit sweep` makes one")
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    try:
        _check(connection, path)
        cursor = connection.execute("SELECT * FROM flat ORDER BY finished_at, key")
        columns = [each[0] for each in cursor.description]
        return [row_of(dict(zip(columns, values, strict=True))) for values in cursor]
    except (sqlite3.DatabaseError, ValueError, TypeError, KeyError) as error:
        raise _not_a_store(path, str(error)) from error
    finally:
        connection.close()


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    try:
        empty = not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if empty:
            connection.executescript(tables.statements())
        connection.execute("PRAGMA synchronous = FULL")
    except sqlite3.DatabaseError as error:
        raise _not_a_store(path, str(error)) from error
    _check(connection, path)


def _check(connection: sqlite3.Connection, path: Path) -> None:
    try:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        found = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    except sqlite3.DatabaseError as error:
        raise _not_a_store(path, str(error)) from error
    if not found >= {*tables.TABLES, "flat"}:
        raise _not_a_store(path, "it has other tables")
    if version != tables.VERSION:
        raise _not_a_store(path, f"it is of version {version}, and this edgekit reads 1")


def _not_a_store(path: Path, why: str) -> RefusedError:
    return RefusedError(
        f"{path} is not a store of this edgekit's sweeps: {why}; give another file",
        reason_code="not-a-store",
    )


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Hold the store's lock, which the kernel frees with the process.

    It is no lock on the store itself: closing such a one would drop SQLite's own.
    """
    place = cache_folder.folder() / "locks"
    try:
        place.mkdir(parents=True, exist_ok=True)
        name = hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:24]
        with (place / name).open("w") as held:
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise RefusedError(
                    f"another edgekit is adding to {path}: wait for it, or give another --store",
                    reason_code="store-busy",
                ) from error
            yield
    except OSError as error:
        raise InvalidPathError(f"{path}: {error.strerror or error}") from error


def _packed(text: str) -> bytes:
    return zlib.compress(text.encode(), 6)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
