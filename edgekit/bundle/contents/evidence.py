"""Evidence: what is known of each file's making, accuracy and instructions, for machines."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from edgekit import devices, evaluate
from edgekit.bundle.manifest import Accuracy
from edgekit.bundle.members import Member
from edgekit.bundle.request import BundleRequest
from edgekit.errors import UsageError
from edgekit.files import documents
from edgekit.progress import Progress

FOLDER = "evidence"
INSTRUCTIONS = f"{FOLDER}/instructions.json"


def write_lowering(members: Sequence[Member], place: Path) -> None:
    """Write how each file was made: rules, recipe, calibration, parity, operators."""
    rows = {
        each.entry.path: documents.encode({
            "lowering": each.artifact.lowering,
            "recipe": each.artifact.recipe,
            "calibration": each.artifact.calibration,
            "parity": each.artifact.parity,
            "drift": each.artifact.drift,
            "verified": each.artifact.verified,
            "operators": each.entry.operators,
            "operators_outside": each.entry.operators_outside,
            "tools": each.artifact.tools,
        })
        for each in members
    }  # fmt: skip
    _write(place / FOLDER / "lowering.json", rows)


def write_encodings(members: Sequence[Member], place: Path) -> None:
    """Copy the encodings that integer files were made of."""
    for source in dict.fromkeys(each.encodings for each in members if each.encodings):
        shutil.copyfile(source, place / FOLDER / source.name)


def write_accuracy(
    request: BundleRequest,
    members: Sequence[Member],
    place: Path,
    progress: Callable[[int, int], None],
) -> tuple[Accuracy, ...]:
    """Evaluate each file on the request's images, and keep every answer; nothing without images.

    Raises:
        EdgekitError: what `edgekit.evaluate.run` raises.
    """
    if request.data is None:
        return ()
    found, rows = {}, []
    for member in members:
        path = str(place / member.entry.path)
        wanted = evaluate.EvaluateRequest(path, request.data, limit=request.limit)
        result = evaluate.run(wanted, progress=progress)
        document = result.document()
        document["answers"]["subject"]["name"] = member.entry.path
        document["summary"]["notes"] = []  # they name the folder of this build
        found[member.entry.path] = document
        share = result.answers.top(1)
        if share is not None:
            rows.append(
                Accuracy(
                    member.entry.path,
                    result.data.description,
                    len(result.files),
                    share.value,
                    share.interval,
                )
            )
    _write(place / FOLDER / "accuracy.json", found)
    return tuple(rows)


def write_instructions(
    request: BundleRequest, members: Sequence[Member], place: Path, progress: Progress
) -> None:
    """Count what each file executes on an emulated processor; nothing if none is named.

    Raises:
        UsageError: there is no such emulated processor.
        EnvironmentMissingError: nothing can be counted here; says what is missing.
    """
    if request.instructions is None:
        return
    target = devices.resolve_target(f"qemu:{request.instructions}")
    if not isinstance(target, devices.CountingTarget):
        raise UsageError(f"{target.name} counts no instructions")
    files = tuple(
        devices.ModelFile(place / each.entry.path, None, each.entry.path, each.entry.precision)
        for each in members
    )
    rows = {}
    for member, report in zip(
        members, devices.count(devices.CountRequest(files, target), progress), strict=True
    ):
        document = json.loads(report.to_json())
        document["file"] = member.entry.path  # not the folder of this build
        rows[member.entry.path] = document
    _write(place / INSTRUCTIONS, rows)


def _write(path: Path, value: object) -> None:
    text = json.dumps(value, indent=2, sort_keys=True, allow_nan=False)
    path.write_text(f"{text}\n", encoding="utf-8")
