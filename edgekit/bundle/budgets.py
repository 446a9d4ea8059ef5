"""``budgets.toml``: how much of what a candidate may cost, absolutely or beside a baseline."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from edgekit.errors import InvalidPathError, RefusedError
from edgekit.files import parsing, reading

FILE = "budgets.toml"

_COST = ("max", "max_increase", "max_increase_percent")
_SHARE = ("min", "max_decrease")
METRICS: Mapping[str, tuple[str, ...]] = {
    "size_bytes": _COST,
    "partitions": ("max", "max_increase"),
    "operators_outside": ("max", "max_increase"),
    "instructions": _COST,
    "top1_percent": _SHARE,
    "latency_ms": ("max", "max_increase_percent"),
    "load_ms": ("max", "max_increase_percent"),
    "first_answer_ms": ("max", "max_increase_percent"),
    "memory_bytes": ("max", "max_increase_percent"),
    "private_memory_bytes": ("max", "max_increase_percent"),
}
"""What can be held, and the limits that each takes: of costs a most, of the accuracy a least."""

DEFAULT = """\
# What `edgekit check` holds each file to. Absolute limits: max, and min for top1_percent. Beside
# the baseline's file of the same name: max_increase in the metric's own unit, max_increase_percent
# of the baseline's figure, and max_decrease of top1_percent in points. if_missing: fail, warn or
# skip where there is no baseline or no figure. Also known: instructions (of an emulated
# processor), load_ms, first_answer_ms (loading and the first run), memory_bytes (the most that
# loading and running adds), and private_memory_bytes (what the first answer adds of memory that is
# the process's alone).
[size_bytes]
max_increase_percent = 5
if_missing = "skip"

[partitions]
max_increase = 0
if_missing = "skip"

[operators_outside]
max_increase = 0
if_missing = "skip"

[instructions]
max_increase_percent = 2
if_missing = "skip"

[top1_percent]
max_decrease = 1
if_missing = "skip"

[latency_ms]
max_increase_percent = 5
if_missing = "skip"
"""


@dataclass(frozen=True)
class Budget:
    """What is allowed of one metric.

    Attributes:
        metric: one of `METRICS`.
        limits: each limit's name with its value, at least one.
        if_missing: what to make of a figure that is not there.
    """

    metric: str
    limits: Mapping[str, float]
    if_missing: Literal["fail", "warn", "skip"]

    @property
    def is_relative(self) -> bool:
        """Whether some limit is beside a baseline."""
        return any(name not in ("max", "min") for name in self.limits)


def read(path: Path) -> tuple[Budget, ...]:
    """Read a file of budgets.

    Raises:
        InvalidPathError: it cannot be read.
        RefusedError: it is no TOML, or names a metric or setting that does not exist (reason
            "bad-budgets").
    """
    try:
        document = parsing.toml_of(reading.text(path))
    except OSError as error:
        raise InvalidPathError(f"cannot read {path}: {error.strerror}") from error
    except ValueError as error:
        raise _bad(path, f"it is no TOML: {error}") from error
    return tuple(_budget(path, metric, row) for metric, row in document.items())


def _budget(path: Path, metric: str, row: Any) -> Budget:  # noqa: ANN401 -- any TOML
    if metric not in METRICS:
        raise _bad(path, f"there is no metric {metric!r}; known: {', '.join(METRICS)}")
    known = METRICS[metric]
    if not isinstance(row, dict) or row.keys() - {*known, "if_missing"}:
        raise _bad(path, f"[{metric}] takes {', '.join(known)} and if_missing")
    limits = {name: value for name, value in row.items() if name != "if_missing"}
    if not limits or not all(type(value) in (int, float) for value in limits.values()):
        raise _bad(path, f"[{metric}] needs {' or '.join(known)}, a number")
    missing = row.get("if_missing", "warn")
    if missing not in ("fail", "warn", "skip"):
        raise _bad(path, f"[{metric}] if_missing is fail, warn or skip, not {missing!r}")
    return Budget(metric, limits, missing)


def _bad(path: Path, why: str) -> RefusedError:
    return RefusedError(f"{path}: {why}", reason_code="bad-budgets")
