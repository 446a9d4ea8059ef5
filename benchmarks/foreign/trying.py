"""What edgekit makes of one .onnx file: both float formats and int8, each on its own.

    python -m benchmarks.foreign.trying FILE.onnx [--no-int8]

Prints one line of JSON. It is a process of its own, so that nothing it does can end the benchmark.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from edgekit import quantize
from edgekit.errors import EdgekitError
from edgekit.export import Artifact, ExportRequest, run

_FORMATS = ("onnx", "tflite")


def tried(act: Callable[[], tuple[Artifact, ...]]) -> tuple[dict[str, Artifact], dict[str, str]]:
    """Return the files by format, or why there are none."""
    try:
        return {artifact.format: artifact for artifact in act()}, {}
    except EdgekitError as error:
        return {}, {"reason": error.reason_code, "message": str(error)}
    except Exception as error:  # a defect, which the table shows as one
        return {}, {"reason": "defect", "message": f"{type(error).__name__}: {error}"}


def of_file(path: Path, folder: Path, *, int8: bool) -> dict[str, Any]:
    """Return what came of a file, by format: ``onnx``, ``tflite``, ``int8``."""

    def exported(*formats: str) -> Callable[[], tuple[Artifact, ...]]:
        request = ExportRequest(str(path), folder, formats)
        return lambda: run(request).artifacts

    found: dict[str, Any] = {}
    files, failure = tried(exported(*_FORMATS))
    for name in _FORMATS:
        if failure:
            files, refused = tried(exported(name))
            found[name] = refused or _facts(files[name])
        else:
            found[name] = _facts(files[name])
    if int8:
        request = quantize.QuantizeRequest(
            str(path), folder=folder, recipe="fast", calibration_samples=16
        )
        files, failure = tried(lambda: quantize.run(request).artifacts)
        for name in _FORMATS:
            found[f"int8 {name}"] = failure or _facts(files[name])
    return found


def _facts(artifact: Artifact) -> dict[str, Any]:
    return {
        "verified": artifact.verified,
        "error": None if artifact.parity is None else artifact.parity.max_rel_error,
        "partitions": artifact.partitions,
        "outside": artifact.operators_outside,
        "operators": sum(artifact.operators.values()),
        "transposes": artifact.operators.get("TRANSPOSE", 0),
        "sqnr_db": min((each.sqnr_db for each in artifact.fidelity), default=None),
    }


def main() -> None:
    """Try one file."""
    parser = argparse.ArgumentParser(description="Export and quantize one file.")
    parser.add_argument("model", type=Path)
    parser.add_argument("--no-int8", action="store_true")
    options = parser.parse_args()
    with TemporaryDirectory() as folder:
        print(json.dumps(of_file(options.model, Path(folder), int8=not options.no_int8)))


if __name__ == "__main__":
    main()
