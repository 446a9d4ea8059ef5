"""Artifact: a written file, what it is, where it came from, and what was checked.

Everything here stands in the sidecar ``<file>.json``, schema ``edgekit.artifact``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib import metadata
from pathlib import Path
from typing import Any

from edgekit.errors import UnreadableModelError
from edgekit.export.judging.fidelity import OtherKernels, OutputFidelity
from edgekit.export.parity import Parity
from edgekit.files import digest, documents, parsing, reading
from edgekit.files.documents import Document
from edgekit.models import Preprocessing

_TOOLS = ("edgekit-mobile", "torch", "onnx", "onnxsim", "onnxruntime", "ai-edge-litert", "numpy")


@dataclass(frozen=True)
class TensorSpec:
    """One input or output of a file, as an app sees it.

    Attributes:
        name: tensor name in the file.
        shape: sizes in the order of ``layout``.
        dtype: numpy name of the element type.
        layout: ``NCHW`` or ``NHWC`` for image maps, ``NC`` and the like for others.
        scale: quantization scale; None for floats.
        zero_point: quantization zero point; None for floats.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    layout: str
    scale: float | None = None
    zero_point: int | None = None


@dataclass(frozen=True)
class Artifact(Document):
    """A model file on disk and its history.

    Attributes:
        path: the file.
        format: ``onnx`` or ``tflite``.
        precision: number types of the file, such as ``float32`` or ``int8``.
        model: name of the network.
        weights: where the weights came from; starts with ``untrained`` if from nowhere.
        params: parameters of the source network.
        macs: multiply-accumulates of one inference, of all images of its batch; see
            `edgekit.models`.
        preprocessing: how pixels become the input; None if unknown.
        inputs: the file's inputs.
        outputs: the file's outputs.
        operators: operator type to count, as the runtime reads the file.
        partitions: pieces that the delegate takes; None where the runtime has no delegate.
        operators_outside: operator types left outside the delegate.
        size_bytes: size of the file.
        sha256: of the file.
        parity: comparison with the source, or with the simulation of a precision that rounds;
            None if it was skipped.
        recipe: quantization recipe in its written grammar; None for files that needed none.
        tools: versions of everything that had a hand in it.
        calibration: what activation ranges were taken from; None where nothing was.
        trace: what each step of a search for the recipe bought and cost.
        drift: comparison with the float32 source where ``parity`` is with a simulation: what the
            precision costs, which no check is made of. None elsewhere.
        fidelity: each output of an integer file beside the float network's, on calibration
            samples, or where there are none on parity inputs in their range; empty where that was
            skipped.
        other_kernels: what such a file answers on kernels that its runtime does not choose.
        lowering: optional rules beside the format's default ones, in writing; see
            `edgekit.export.rewriting.choices`.
        tuning: what was measured to choose them, step by step.
        folded: the preprocessing that the file does itself, on raw pixels; ``preprocessing`` then
            says so. None where it leaves that to whoever feeds it.
    """

    schema = "edgekit.artifact"
    schema_version = 3

    path: Path
    format: str
    precision: str
    model: str
    weights: str
    params: int
    macs: int
    preprocessing: Preprocessing | None
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    operators: dict[str, int]
    partitions: int | None
    operators_outside: tuple[str, ...]
    size_bytes: int
    sha256: str
    parity: Parity | None
    recipe: str | None
    tools: dict[str, str]
    calibration: str | None = None
    trace: tuple[Mapping[str, Any], ...] = ()
    drift: Parity | None = None
    fidelity: tuple[OutputFidelity, ...] = ()
    other_kernels: tuple[OtherKernels, ...] = ()
    lowering: str = ""
    tuning: tuple[Mapping[str, Any], ...] = ()
    folded: Preprocessing | None = None

    @property
    def verified(self) -> str:
        """``passed``, ``failed`` or ``skipped``."""
        if self.parity is None:
            return "skipped"
        close = all(each.passed for each in self.fidelity)
        alike = all(each.passed for each in self.other_kernels)
        return "passed" if self.parity.passed and close and alike else "failed"

    def derived(self) -> dict[str, Any]:
        """Return the verdict."""
        return {"verified": self.verified}

    def document(self) -> dict[str, Any]:
        """Return the sidecar document; the file is named without its folder."""
        return {**super().document(), "path": self.path.name}

    def sidecar_bytes(self) -> bytes:
        """Return the content of the sidecar file; equal artifacts give equal bytes."""
        return (
            json.dumps(self.document(), indent=2, sort_keys=True, allow_nan=False) + "\n"
        ).encode()


def sidecar_path(path: Path) -> Path:
    """Return where the sidecar of a model file stands."""
    return path.with_name(f"{path.name}.json")


def load(path: Path) -> Artifact | None:
    """Read the sidecar of a model file.

    Returns:
        None if there is no sidecar, or it describes other content than the file now has. What
        stands there without a schema is somebody else's, and no sidecar.

    Raises:
        UnreadableModelError: the sidecar is damaged or of another edgekit.
    """
    sidecar = sidecar_path(path)
    if not sidecar.is_file():
        return None
    try:
        document = parsing.json_of(reading.text(sidecar))
        if isinstance(document, dict) and "schema" not in document:
            return None
        found = document.pop("schema"), document.pop("schema_version")
        if found != (Artifact.schema, Artifact.schema_version):
            raise ValueError(
                f"{found[0]} version {found[1]}, where this edgekit writes {Artifact.schema} "
                f"version {Artifact.schema_version}"
            )
        del document["verified"]
        kept = replace(documents.decode(Artifact, document), path=path)
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise UnreadableModelError(
            f"{sidecar} is not a readable sidecar ({error}): export the model again with this "
            f"edgekit, or remove that file: {path.name} runs without it"
        ) from error
    return kept if kept.sha256 == digest.sha256_of(path) else None


def tool_versions() -> dict[str, str]:
    """Return the installed versions of the packages that shape a file."""
    versions = {}
    for name in _TOOLS:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return versions
