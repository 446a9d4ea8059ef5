"""``measured/``: what a clock said on this machine, with an index of its own.

It is not in the manifest, so that all else in a bundle repeats byte for byte.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from edgekit import devices
from edgekit.bundle.members import Member
from edgekit.devices.progress import Progress

INDEX = "measured.json"


def write(members: Sequence[Member], place: Path, progress: Progress) -> None:
    """Time every file and write raw samples, machine and an index.

    Raises:
        EdgekitError: what `edgekit.devices.measure` raises.
    """
    files = tuple(
        devices.ModelFile(place / each.entry.path, None, each.entry.path, each.entry.precision)
        for each in members
    )
    (reports,) = [devices.measure(devices.MeasureRequest(files), progress)]
    documents = [json.loads(each.to_json()) for each in reports]
    for document, member in zip(documents, members, strict=True):
        document["file"] = member.entry.path
    (place / "measured").mkdir()
    content = json.dumps(documents, allow_nan=False).encode()
    (place / "measured" / "latency.json").write_bytes(content)
    row = {"path": "measured/latency.json", "sha256": hashlib.sha256(content).hexdigest()}
    text = json.dumps({"schema": "edgekit.measured", "schema_version": 1, "files": [row]}, indent=2)
    (place / INDEX).write_text(f"{text}\n", encoding="utf-8")
