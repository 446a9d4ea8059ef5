"""What was found of the foreign networks, as lines, a summary and a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks import environments

Row = Mapping[str, Any]

_COLUMNS = ("onnx", "tflite", "int8 onnx", "int8 tflite")
_PACKAGES = ("torch", "timm", "torchvision", "transformers", "ai-edge-litert", "onnxruntime")
_HEAD = (
    "| network | exporter | .onnx | .tflite | largest error | partitions | outside XNNPACK "
    "| transposes | int8 .onnx | int8 .tflite |\n|" + "---|" * 10
)
_ABOUT = """# Networks that nobody here made

Written by `python -m benchmarks.foreign --write docs/networks.md`; do not edit. Seeded untrained
weights, enlivened so that no branch is trivial; inputs of small sizes. *largest error* is that of
the .tflite as a share of the output's range, on edgekit's own parity inputs; int8 is the recipe
`fast`, its figure the signal to noise ratio of the worst output, in dB, on noise.
"""


def is_failure(row: Row) -> bool:
    """Tell whether edgekit made something less than every file of a network that was written."""
    return any("reason" in each for each in row.get("found", {}).values())


def _mark(facts: Mapping[str, Any] | None) -> str:
    if facts is None:
        return ""
    if "reason" in facts:
        return str(facts["reason"])
    noise = facts["sqnr_db"]
    return "yes" if noise is None else f"{noise:.0f}"


def _cells(row: Row) -> list[str]:
    name = [row["network"], f"{row['exporter']} {row['opset']}"]
    if "failure" in row:
        return [*name, "not written: " + row["failure"].partition(":")[0], *[""] * 7]
    found = row["found"]
    marks = [_mark(found.get(column)) for column in _COLUMNS]
    facts = found.get("tflite", {})
    figures = [""] * 4
    if "reason" not in facts and facts:
        outside = ", ".join(facts["outside"])
        error = "" if facts["error"] is None else f"{facts['error']:.1e}"
        figures = [error, str(facts["partitions"]), outside, str(facts["transposes"])]
    return [*name, *marks[:2], *figures, *marks[2:]]


def line(row: Row) -> str:
    """Return one line of plain text, with the messages of what failed."""
    words = "  ".join(cell or "-" for cell in _cells(row))
    return words + "".join(f"\n    {message}" for message in _messages(row))


def _messages(row: Row) -> list[str]:
    found = row.get("found", {}).values()
    return sorted({facts["message"] for facts in found if "message" in facts})


def summary(rows: Sequence[Row]) -> str:
    """Return how many of the files were taken, by exporter and format."""
    lines = []
    for exporter in sorted({row["exporter"] for row in rows}):
        written = [row for row in rows if row["exporter"] == exporter and "found" in row]
        for column in _COLUMNS:
            tried = [row["found"][column] for row in written if column in row["found"]]
            taken = sum("reason" not in facts for facts in tried)
            if tried:
                lines.append(f"{exporter}: {column} {taken} of {len(tried)}")
    return "\n".join(lines)


def versions(*pythons: Path) -> str:
    """Return the versions of what had a hand in it."""
    found: dict[str, str] = {}
    for python in pythons:
        found = {**environments.versions(python), **found}
    return ", ".join(f"{name} {found[name]}" for name in _PACKAGES if name in found)


def page(rows: Sequence[Row], used: str) -> str:
    """Return the page."""
    counts = "".join(f"- {each}\n" for each in summary(rows).splitlines())
    body = "\n".join("| " + " | ".join(_cells(row)) + " |" for row in rows)
    refused = "".join(
        f"- {row['network']} ({row['exporter']}): {message}\n"
        for row in rows
        for message in _messages(row)
    )
    return f"{_ABOUT}\n{used}\n\n{counts}\n{_HEAD}\n{body}\n\n## Refused or failed\n\n{refused}"
