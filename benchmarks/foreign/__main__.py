"""Networks that nobody here made: written by torch's exporters, exported and quantized by edgekit.

    python -m benchmarks.foreign                           (all: an hour or two)
    python -m benchmarks.foreign 'timm/*vit*' --exporter torchscript --no-int8
    python -m benchmarks.foreign --write docs/networks.md  (the page, from what was measured)

The networks' libraries get an environment of their own (`benchmarks.environments`), or are those
of the interpreter of --python. Files and results are kept in --work, so that a run which is ended
goes on where it was. The exit code is 1 if edgekit refuses or fails a file.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.environments import DEFAULT_FOLDER, last_line, python_of
from benchmarks.foreign import table

_LIMIT_S = 1800.0
_HERE = Path(__file__).resolve().parents[2]


def made(
    python: Path, folder: Path, patterns: Sequence[str], exporters: Sequence[str]
) -> list[dict[str, str]]:
    """Return what was written, or why not, a line for each network and exporter."""
    chosen = [word for name in exporters for word in ("--exporter", name)]
    command = [python, "-m", "benchmarks.foreign.making", folder, *patterns, *chosen]
    done = subprocess.run(
        [str(word) for word in command], cwd=_HERE, stdout=subprocess.PIPE, text=True, check=True
    )
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def tried(path: Path, *, int8: bool) -> dict[str, object]:
    """Return what edgekit makes of a file; see `benchmarks.foreign.trying`."""
    command = [sys.executable, "-m", "benchmarks.foreign.trying", str(path)]
    try:
        done = subprocess.run(
            command + ([] if int8 else ["--no-int8"]),
            cwd=_HERE, capture_output=True, text=True, timeout=_LIMIT_S,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return {"tflite": {"reason": "time", "message": f"stopped after {_LIMIT_S:g} s"}}
    if done.returncode:
        return {"tflite": {"reason": "ended", "message": last_line(done.stderr)}}
    found: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> int:
    """Make, try, print."""
    parser = argparse.ArgumentParser(description="Try networks that nobody here made.")
    parser.add_argument("patterns", nargs="*", default=["*"])
    parser.add_argument("--exporter", choices=("dynamo", "torchscript"), action="append")
    parser.add_argument("--no-int8", action="store_true")
    parser.add_argument("--work", type=Path, default=DEFAULT_FOLDER / "foreign")
    parser.add_argument("--python", type=Path, help="one that has the networks' libraries")
    parser.add_argument("--write", type=Path, metavar="PAGE.md")
    options = parser.parse_args()
    python = options.python or python_of("foreign", DEFAULT_FOLDER)
    work = options.work.absolute()
    rows = []
    for row in made(python, work, options.patterns, options.exporter or ()):
        stem = f"{row['network'].replace('/', '_')}.{row['exporter']}"
        kept = work / f"{stem}.json"
        if "failure" not in row:
            found = json.loads(kept.read_text()) if kept.is_file() else {}
            if not found or (not options.no_int8 and "int8 tflite" not in found):
                found = tried(work / f"{stem}.onnx", int8=not options.no_int8)
                kept.write_text(json.dumps(found))
            row = {**row, "found": found}
        rows.append(row)
        print(table.line(row), flush=True)
    print(table.summary(rows))
    if options.write:
        used = table.versions(python, Path(sys.executable))
        options.write.write_text(table.page(rows, used))
    return int(any(table.is_failure(row) for row in rows))


if __name__ == "__main__":
    sys.exit(main())
