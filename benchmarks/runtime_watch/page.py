"""The page of what was watched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.runtime_watch.watching import (
    INSTRUCTIONS_LIMIT,
    MEMORY_LIMIT,
    Ratio,
    Watched,
)

_ABOUT = f"""# New versions of the runtimes

Written by `python -m benchmarks.runtime_watch --write docs/runtime-watch.md`; do not edit. The same
files on two versions of a runtime, new over old: below 1, the new one needs less. Instructions are
counted on an emulated processor, and are exact; processor time of a run and of loading, and private
memory are measured natively, whole processes in turns, with the 95 % interval of the median of the
rounds. A file is flagged where instructions change by {INSTRUCTIONS_LIMIT * 100:.0f} % or private
memory by {MEMORY_LIMIT * 100:.0f} %.
"""
_HEAD = (
    "| file | instructions | time of a run | loading | private memory | flags |\n"
    "|---|--:|--:|--:|--:|---|"
)


def load_of(loads: Sequence[float | None], cores: int) -> dict[str, str]:
    """Return the load averages between the files, and what follows from them for the times."""
    known = [load for load in loads if load is not None]
    if not known:
        return {"load averages": "unknown"}
    said = {"load averages": f"{min(known):.1f} to {max(known):.1f}"}
    if max(known) > cores:  # the measured process itself is one
        said["times"] = "rough, as other programs ran meanwhile"
    return said


def document(
    watched: Sequence[Watched], versions: tuple[str, str], conditions: Mapping[str, str]
) -> dict[str, Any]:
    """Return what one run found, as it is kept."""
    return {
        "old": versions[0],
        "new": versions[1],
        "conditions": dict(conditions),
        "files": [{**each.to_json(), "flags": each.flags} for each in watched],
    }


def line(file: Mapping[str, Any]) -> str:
    """Return one file's row."""
    counted = file["instructions"]
    ratios = [_ratio(Ratio(**file[name])) for name in ("time", "load", "memory")]
    cells = [file["file"], "" if counted is None else f"{counted:.3f}", *ratios]
    return "| " + " | ".join([*cells, ", ".join(file["flags"])]) + " |"


def page(documents: Sequence[Mapping[str, Any]]) -> str:
    """Return the page of several runs."""
    parts = [_ABOUT]
    for each in documents:
        parts.append(f"## {each['old']} and {each['new']}\n")
        said = "; ".join(f"{name}: {value}" for name, value in each["conditions"].items())
        parts.append(f"{said}.\n\n{_HEAD}")
        parts[-1] += "".join(f"\n{line(file)}" for file in each["files"]) + "\n"
    return "\n".join(parts)


def _ratio(ratio: Ratio) -> str:
    return f"{ratio.value:.3f} [{ratio.low:.3f}, {ratio.high:.3f}]"
