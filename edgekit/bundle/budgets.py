"""``budgets.toml``: how much of what a candidate may cost, absolutely or beside a baseline."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from edgekit.errors import InvalidPathError, RefusedError

FILE = "budgets.toml"
METRICS = ("size_bytes", "partitions", "operators_outside", "top1_percent", "latency_percent")
"""What can be held: of the last two, how many points less accurate and how much slower a file may
be than the baseline's."""
_RELATIVE_ALONE = ("top1_percent", "latency_percent")

DEFAULT = """\
# What `edgekit check` holds each file to. max: an absolute limit. max_increase: over the
# baseline's file of the same name; in per cent of it for size_bytes and latency_percent, in points
# for top1_percent (there a loss), in numbers for the rest. if_missing: fail, warn or skip where
# there is no baseline or no figure.
[size_bytes]
max_increase = 5
if_missing = "skip"

[partitions]
max_increase = 0
if_missing = "skip"

[operators_outside]
max_increase = 0
if_missing = "skip"

[top1_percent]
max_increase = 1
if_missing = "skip"

[latency_percent]
max_increase = 5
if_missing = "skip"
"""


@dataclass(frozen=True)
class Budget:
    """One limit.

    Attributes:
        metric: what is held, one of `METRICS`.
        max: absolute limit; None for none.
        max_increase: limit beside the baseline; None for none.
        if_missing: what to make of a figure that is not there.
    """

    metric: str
    max: float | None
    max_increase: float | None
    if_missing: Literal["fail", "warn", "skip"]


def read(path: Path) -> tuple[Budget, ...]:
    """Read a file of budgets.

    Raises:
        InvalidPathError: it cannot be read.
        RefusedError: it is no TOML, or names a metric or setting that does not exist (reason
            "bad-budgets").
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InvalidPathError(f"cannot read {path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise _bad(path, f"it is no TOML: {error}") from error
    return tuple(_budget(path, metric, row) for metric, row in document.items())


def _budget(path: Path, metric: str, row: Any) -> Budget:  # noqa: ANN401 -- any TOML
    if metric not in METRICS:
        raise _bad(path, f"there is no metric {metric!r}; known: {', '.join(METRICS)}")
    if not isinstance(row, dict) or row.keys() - {"max", "max_increase", "if_missing"}:
        raise _bad(path, f"[{metric}] takes max, max_increase and if_missing")
    limits = [row.get("max"), row.get("max_increase")]
    if not any(limit is not None for limit in limits) or not all(
        limit is None or type(limit) in (int, float) for limit in limits
    ):
        raise _bad(path, f"[{metric}] needs max or max_increase, a number")
    if metric in _RELATIVE_ALONE and limits[0] is not None:
        raise _bad(path, f"[{metric}] is beside a baseline: it takes max_increase alone")
    missing = row.get("if_missing", "warn")
    if missing not in ("fail", "warn", "skip"):
        raise _bad(path, f"[{metric}] if_missing is fail, warn or skip, not {missing!r}")
    return Budget(metric, limits[0], limits[1], missing)


def _bad(path: Path, why: str) -> RefusedError:
    return RefusedError(f"{path}: {why}", reason_code="bad-budgets")
