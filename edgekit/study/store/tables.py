"""The tables of the store, from the dataclasses whose fields they hold.

SQLite, because a row is there for good once its transaction is: a process that is killed at any
moment loses what it had not finished measuring, and nothing else. A Parquet file cannot be
added to. Rows are added and never changed; triggers refuse anything else.
"""

from __future__ import annotations

from dataclasses import fields

from edgekit.study.store.accuracy import Accuracy
from edgekit.study.store.cell import Cell
from edgekit.study.store.figures import Figures

VERSION = 1
TABLES = ("cell", "process", "result", "accuracy")

_TYPES = {"int": "INTEGER", "float": "REAL", "str": "TEXT"}


def names(kind: type) -> list[str]:
    """Return the columns of a dataclass."""
    return [each.name for each in fields(kind)]


def _columns(kind: type) -> str:
    found = []
    for each in fields(kind):
        word, _, rest = str(each.type).partition(" ")
        found.append(f"{each.name} {_TYPES[word]}{'' if rest else ' NOT NULL'}")
    return ",\n  ".join(found)


_MADE = f"""
CREATE TABLE cell (
  {_columns(Cell)},
  PRIMARY KEY (key)
);
CREATE TABLE process (
  id INTEGER PRIMARY KEY,
  cell TEXT NOT NULL REFERENCES cell (key),
  attempt INTEGER NOT NULL,
  number INTEGER NOT NULL,
  seconds REAL NOT NULL,
  finished_at TEXT NOT NULL,
  answer BLOB NOT NULL,
  UNIQUE (cell, attempt, number)
);
CREATE TABLE result (
  id INTEGER PRIMARY KEY,
  cell TEXT NOT NULL REFERENCES cell (key),
  attempt INTEGER NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('ok', 'failed')),
  reason_code TEXT,
  message TEXT,
  finished_at TEXT NOT NULL,
  {_columns(Figures)},
  report BLOB,
  UNIQUE (cell, attempt)
);
CREATE TABLE accuracy (
  id INTEGER PRIMARY KEY,
  {_columns(Accuracy)}
);
CREATE VIEW flat AS
SELECT
  {", ".join(f"cell.{name}" for name in names(Cell))},
  result.attempt, result.status, result.reason_code, result.message, result.finished_at,
  {", ".join(f"result.{name}" for name in names(Figures))},
  found.top1, found.top1_low, found.top1_high, found.images, found.data AS top1_on,
  result.id = max(result.id) OVER (PARTITION BY cell.point) AS is_latest
FROM result
JOIN cell ON cell.key = result.cell
LEFT JOIN accuracy AS found ON found.id = (
  SELECT max(id) FROM accuracy
  WHERE accuracy.file_sha256 = cell.file_sha256 AND accuracy.runtime = cell.runtime
  AND accuracy.status = 'ok'
)
WHERE result.attempt = (SELECT max(attempt) FROM result AS other WHERE other.cell = cell.key);
"""  # noqa: S608 -- nothing but names of fields
"""The view ``flat`` has one row a cell, of its last attempt; ``is_latest`` is 1 for the last row of
each point of the grid, where files or runtimes changed since."""


def statements() -> str:
    """Return what makes the tables, the view and the triggers."""
    kept = "".join(
        f"CREATE TRIGGER {table}_{verb.lower()} BEFORE {verb} ON {table} "
        "BEGIN SELECT RAISE(ABORT, 'this store is append-only'); END;\n"
        for table in TABLES
        for verb in ("UPDATE", "DELETE")
    )
    return f"BEGIN;\n{_MADE}\n{kept}PRAGMA user_version = {VERSION};\nCOMMIT;"
