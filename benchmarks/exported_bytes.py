"""Are the bytes of every exported file what they were?

    python benchmarks/exported_bytes.py bytes.json             (write the hashes)
    python benchmarks/exported_bytes.py bytes.json --compare   (compare with them)

Exports every registered network in float32 in both formats, and quantizes four with the recipe
``fast`` on synthetic samples. Networks of packages that are not installed are named and left out.
Through the command line alone, so that any two versions of edgekit can be compared.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from edgekit import models
from edgekit.cli import run

QUANTIZED = (
    "micronet-m0",
    "mobilenet-v1-0.25-128",
    "shufflenet-v1-0.25x-g3",
    "shiftresnet20-e1",
)


def hashes(command: Sequence[str]) -> dict[str, str]:
    """Return the sha256 of every model file that a command line writes; empty if it fails."""
    with tempfile.TemporaryDirectory(prefix="edgekit-bytes-") as folder:
        with contextlib.redirect_stdout(sys.stderr):
            status = run([*command, "--output", folder, "--no-verify"])
        if status:
            return {}
        return {
            path.name: hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(Path(folder).iterdir())
            if path.suffix in (".onnx", ".tflite")
        }


def everything(names: Sequence[str]) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield each network's name and the hashes of its files."""
    for name in names:
        yield name, hashes(["export", "--model", name])
    for name in QUANTIZED:
        if name in names:
            yield f"{name} int8", hashes(["quantize", "--model", name, "--recipe", "fast"])


def main() -> int:
    """Write or compare; return 0 if nothing differs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("file", type=Path)
    parser.add_argument("--compare", action="store_true")
    parser.add_argument("--models", nargs="+", default=models.names(), metavar="NAME")
    arguments = parser.parse_args()
    found: dict[str, str] = {}
    for name, files in everything(arguments.models):
        print(f"{name}: {len(files)} files" if files else f"{name}: left out", flush=True)
        found |= files
    if not arguments.compare:
        arguments.file.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n")
        return 0
    before = json.loads(arguments.file.read_text())
    differing = [name for name, digest in found.items() if before.get(name) != digest]
    print(f"{len(found) - len(differing)} of {len(found)} files have the bytes they had")
    for name in differing:
        print(f"other bytes: {name}")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
