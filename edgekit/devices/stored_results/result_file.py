"""Result files: what `edgekit latency --json` and `edgekit compare --json` wrote."""

from __future__ import annotations

import json
from pathlib import Path

from edgekit.devices.reports import comparison, instruction_counts, latency
from edgekit.devices.stored_results import times
from edgekit.devices.stored_results.counts import StoredCount
from edgekit.devices.stored_results.times import StoredTimes
from edgekit.errors import InvalidPathError, RefusedError
from edgekit.files import parsing, reading

_LATENCIES = (latency.LatencyReport.schema, "edgekit.latencies")
_COUNTS = (instruction_counts.CountReport.schema, "edgekit.instruction-count-reports")

# Other results of `edgekit latency --json`, and why two of them cannot be compared.
_OTHERS = {
    "edgekit.benchmark-model-reports": "benchmark_model's statistics of a phone, without the "
    "samples that a comparison needs",
    "edgekit.profiles": "times of single operators, which a profiler changes",
    "edgekit.sustained-runs": "the course of long runs",
}


def read(path: Path) -> list[StoredTimes] | list[StoredCount]:
    """Return the measurements in a result file.

    Raises:
        InvalidPathError: the file cannot be read.
        RefusedError: it is no result file, one of a kind that cannot be compared, of another
            version, or damaged.
    """
    try:
        text = reading.text(path)
    except OSError as error:
        raise InvalidPathError(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise _no_result(path) from error
    try:
        document = parsing.json_of(text)
        schema = str(document["schema"])
        several = schema in (_LATENCIES[1], _COUNTS[1])
        inner = [json.dumps(each) for each in document["reports"]] if several else [text]
    except (ValueError, KeyError, TypeError) as error:
        raise _no_result(path) from error
    try:
        if schema == comparison.SCHEMA:
            return times.of_comparison(comparison.from_json(text))
        if schema in _LATENCIES:
            return [times.of_latency(latency.from_json(each)) for each in inner]
        if schema in _COUNTS:
            return [StoredCount(instruction_counts.counts_from_json(each)) for each in inner]
    except RefusedError as error:
        raise RefusedError(f"{path}: {error}", reason_code=error.reason_code) from error
    if schema in _OTHERS:
        raise RefusedError(
            f"{path} holds {_OTHERS[schema]}: compare results of plain `edgekit latency --json`",
            reason_code="not-comparable",
        )
    raise _no_result(path)


def _no_result(path: Path) -> RefusedError:
    return RefusedError(
        f"{path} holds no result of `edgekit latency --json` or `edgekit compare --json`",
        reason_code="unreadable-report",
    )
