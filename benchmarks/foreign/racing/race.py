"""One network: its files made, compared with its answers, and timed in turns; kept as JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks import environments, processes
from benchmarks.environments import EDGEKIT
from benchmarks.foreign.racing import answers
from benchmarks.foreign.racing.answers import WrongAnswerError
from benchmarks.foreign.racing.converting import (
    CONTENDERS,
    IN_ROOT,
    LIMITS,
    NoFileError,
    Source,
    make,
)
from benchmarks.peers import turns
from benchmarks.reporting import int8_instructions
from edgekit.errors import EdgekitError
from edgekit.files import digest
from edgekit.runtimes import installed, machine

CONTROL = "control"
MOST_ERROR = 1e-3
"""Of an output's range: a file beyond it is wrong, and not timed."""

_SUFFIX, _INT8 = ".race.json", ".int8.json"
_PACKAGES = ("onnx2tf", "litert-torch", "torch", "timm", "torchvision", "python")


def onnx_name(row: Mapping[str, str]) -> str:
    """Return the file that `benchmarks.foreign.making` writes of a network."""
    return f"{row['network'].replace('/', '_')}.{row['exporter']}.onnx"


def run(source: Source, pythons: Mapping[str, Path], work: Path, rounds: int) -> dict[str, Any]:
    """Return a network's record, ready for JSON.

    ``files`` has what is known of each contender's file, or its ``failure``; ``ratios`` edgekit's
    time divided by that of each other, with its 95 % interval, and under `CONTROL` by that of the
    same file loaded once more.
    """
    wanted = answers.of_onnx(source.onnx)
    files: dict[str, dict[str, Any]] = {}
    paths: dict[str, Path] = {}
    for contender in CONTENDERS:
        try:
            path = make(contender, source, pythons[contender], work)
            info, error = answers.error(path, wanted)
        except (NoFileError, WrongAnswerError) as trouble:
            files[contender] = {"failure": str(trouble)}
            continue
        files[contender] = {
            "error": error,
            "operators": info.operators,
            "partitions": info.partitions,
            "outside": list(info.operators_outside),
            "file_bytes": path.stat().st_size,
            "sha256": digest.sha256_of(path),
        }
        if error > MOST_ERROR:
            files[contender]["failure"] = f"its error is {error:.1e} of an output's range"
        else:
            paths[contender] = path
    return {
        "network": source.name,
        "onnx_sha256": digest.sha256_of(source.onnx),
        "files": files,
        **_times(paths, rounds),
        "machine": {**asdict(machine.facts()), "int8_instructions": int8_instructions()},
        "conditions": asdict(machine.conditions()),
        "versions": {**_versions(pythons), "runtimes": installed()},
    }


def _times(paths: dict[str, Path], rounds: int) -> dict[str, Any]:
    if EDGEKIT not in paths:
        return {"ratios": {}}
    order = {**paths, CONTROL: paths[EDGEKIT]}
    try:
        timed = turns.measure(list(order.values()), rounds)
    except EdgekitError as trouble:
        return {"ratios": {}, "not_timed": environments.last_line(str(trouble))}
    names = list(order)
    ours = names.index(EDGEKIT)
    return {
        "edgekit_ms": timed.median_ms(ours),
        "undisturbed_share": timed.undisturbed,
        "processes": rounds,
        "ratios": {
            name: asdict(timed.ratio(ours, number))
            for number, name in enumerate(names)
            if name != EDGEKIT
        },
    }


def _versions(pythons: Mapping[str, Path]) -> dict[str, dict[str, str]]:
    found = {name: environments.versions(python) for name, python in pythons.items()}
    return {
        name: {key: value for key, value in versions.items() if key in _PACKAGES}
        for name, versions in found.items()
    }


def keep_int8(source: Source, work: Path) -> None:
    """Write what `edgekit quantize` makes of a network as .tflite, or its ``reason``."""
    with TemporaryDirectory() as folder:
        _place(source.name, work, _INT8).write_text(json.dumps(_quantized(source, Path(folder))))


def _quantized(source: Source, folder: Path) -> dict[str, Any]:
    command = [*IN_ROOT, sys.executable, "-m", "edgekit", "quantize", source.onnx, "-o", folder,
               "--format", "tflite", "--recipe", "fast", "--calibration-samples", "16"]  # fmt: skip
    took = processes.run(command, folder, LIMITS)
    if took.failure:
        return {"reason": took.failure}
    (sidecar,) = folder.glob("*_int8.tflite.json")
    fidelity = json.loads(sidecar.read_text())["fidelity"]
    return {"sqnr_db": min((each["sqnr_db"] for each in fidelity), default=None)}


def keep(record: Mapping[str, Any], work: Path) -> None:
    """Write a network's record."""
    text = json.dumps(record, indent=1) + "\n"
    _place(record["network"], work, _SUFFIX).write_text(text)


def kept(work: Path) -> list[dict[str, Any]]:
    """Return all records by name, with what is known of their int8 files."""
    records = [json.loads(path.read_text()) for path in sorted(work.glob("*" + _SUFFIX))]
    for record in records:
        known = _place(record["network"], work, _INT8)
        if known.is_file():
            record["int8"] = json.loads(known.read_text())
    return records


def _place(network: str, work: Path, suffix: str) -> Path:
    return work / (network.replace("/", "_") + suffix)
