"""The model files of a bundle: exported ones, with what they say of themselves written in."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from edgekit import export, runtimes
from edgekit.bundle import metadata as writing
from edgekit.bundle.manifest import ModelEntry, Tensor
from edgekit.bundle.request import BundleRequest
from edgekit.errors import InvalidPathError, RefusedError, UsageError
from edgekit.evaluate import read_labels, tensors
from edgekit.export import Artifact, artifact
from edgekit.files import digest, reading
from edgekit.modelfile.metadata import FileDescription, TensorDescription
from edgekit.modelfile.metadata.description import normalization_of
from edgekit.models import Preprocessing, class_names
from edgekit.processes import child
from edgekit.quantize.encodings_file import files as encodings_file

LABELS = "labels.txt"
MODELS = "models"
_TOLERANCES = {"float32": 1e-3, "float16": 2e-2}
_INTEGER_TOLERANCE = 0.12  # as `edgekit.quantize` allows a file beside the simulation


@dataclass(frozen=True)
class Member:
    """One model file on its way into a bundle.

    Attributes:
        entry: what the manifest says of it.
        artifact: its record.
        original: the exported file.
        original_preprocessing: what that one wants.
        encodings: file of the encodings that it was made of; None for floats.
    """

    entry: ModelEntry
    artifact: Artifact
    original: Path
    original_preprocessing: Preprocessing
    encodings: Path | None


def gather(request: BundleRequest, scratch: Path, say: Callable[[str], None]) -> list[Artifact]:
    """Return the records of the files to bundle; a network's name is exported into ``scratch``.

    Raises:
        InvalidPathError: a file is not there.
        UsageError: a file has no sidecar, or they are of several networks.
        EdgekitError: what `edgekit.export.run` raises.
    """
    found: list[Artifact] = []
    for subject in request.subjects:
        if not _is_file(subject):
            wanted = export.ExportRequest(subject, scratch, preprocessing=request.said)
            found += export.run(wanted, progress=say).artifacts
            continue
        path = Path(subject)
        if not path.is_file():
            raise InvalidPathError(f"{path}: no such file")
        known = artifact.load(path)
        if known is not None and request.said.given:
            side = max(known.inputs[0].shape[1:])
            wanted_pixels = request.said.over(known.preprocessing, side, str(path))
            known = replace(known, preprocessing=wanted_pixels)
        if known is None or known.preprocessing is None:
            raise UsageError(
                f"{path} has no sidecar that fits it and says its preprocessing, so an app would "
                "have to guess: bundle a file that `edgekit export` or `quantize` wrote"
            )
        found.append(known)
    models = dict.fromkeys(each.model for each in found)
    if len(models) > 1:
        raise UsageError(f"a bundle is of one network, and these are of {', '.join(models)}")
    names = [each.path.name for each in found]
    if len(set(names)) < len(names):
        raise UsageError(f"two files have one name: {', '.join(sorted(names))}")
    return found


def labels_of(request: BundleRequest, known: Artifact) -> tuple[str, ...]:
    """Return the class names; empty if nobody knows them."""
    if request.labels is not None:
        return read_labels(request.labels)
    return class_names.of_model(known.model, known.weights) or ()


def finish(
    known: Artifact,
    labels: tuple[str, ...],
    license_id: str,
    request: BundleRequest,
    folder: Path,
) -> Member:
    """Write one model file and its sidecar into a bundle's folder.

    Raises:
        RefusedError: it is no image classifier, has another number of classes than there are
            labels (reason "bad-labels"), or cannot take the folded preprocessing.
    """
    original, wanted = known.path, known.preprocessing
    if wanted is None:
        raise ValueError("gathered files know their preprocessing")
    content, left = reading.content(original), wanted
    is_tflite = known.format == "tflite"
    plain = not normalization_of(wanted).per_channel and wanted.channel_order == "RGB"
    if request.fold_preprocessing and is_tflite and not plain:
        content, left = writing.fold(content, wanted, original.name)
    about = _description(known, left, labels, license_id, request.score_threshold)
    content = (writing.to_tflite if is_tflite else writing.to_onnx)(content, about)
    path = folder / MODELS / original.name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    info = child.describe(path)
    source = tensors.image_input(info, original.name)
    target = tensors.class_output(info, original.name, 0)
    if labels and len(labels) != target.classes:
        raise RefusedError(
            f"{len(labels)} labels for the {target.classes} classes of {original.name}: give one "
            "a line with --labels",
            reason_code="bad-labels",
        )
    layout = "NHWC" if source.channels_last else "NCHW"
    encodings = original.with_name(encodings_file.file_name(known.model, known.precision))
    has_encodings = encodings.is_file()
    entry = ModelEntry(
        path=f"{MODELS}/{original.name}",
        format=known.format,
        precision=known.precision,
        sha256=hashlib.sha256(content).hexdigest(),
        size_bytes=len(content),
        source_sha256=known.sha256,
        inputs=(_tensor(source.tensor, layout),),
        outputs=(_tensor(target.tensor, "NC"),),
        operators=info.operators,
        partitions=info.partitions,
        operators_outside=info.operators_outside,
        checked_with=info.runtime_version,
        integers_id=digest.sha256_of(encodings) if has_encodings else None,
        preprocessing=left,
        preprocessing_in_graph=left != wanted or known.folded is not None,
        tolerance=_TOLERANCES.get(known.precision, _INTEGER_TOLERANCE),
    )
    record = replace(
        known,
        path=path,
        preprocessing=left,
        sha256=entry.sha256,
        size_bytes=entry.size_bytes,
        operators=info.operators,
        inputs=tuple(
            replace(spec, name=tensor.name)
            for spec, tensor in zip(known.inputs, info.inputs, strict=True)
        ),
    )
    artifact.sidecar_path(path).write_bytes(record.sidecar_bytes())
    return Member(entry, record, original, wanted, encodings if has_encodings else None)


def _is_file(subject: str) -> bool:
    try:
        runtimes.for_file(subject)
    except UsageError:
        return False
    if not subject.lower().endswith((".onnx", ".tflite")):
        raise UsageError(f"{subject}: a bundle holds .onnx and .tflite files")
    return True


def _description(
    known: Artifact,
    wanted: Preprocessing,
    labels: Sequence[str],
    license_id: str,
    threshold: float | None,
) -> FileDescription:
    channels = "red, green, blue" if wanted.channel_order == "RGB" else "blue, green, red"
    image = TensorDescription(
        "image",
        f"centre square of {wanted.crop} pixels of an image whose shorter side is "
        f"{wanted.resize}; channels {channels}",
        normalization_of(wanted),
        "RGB" if wanted.channel_order == "RGB" else "",
    )
    scores = TensorDescription(
        "scores", "one score a class", None, "", LABELS if labels else "", threshold
    )
    return FileDescription(
        name=known.model,
        description=f"{known.model} {known.precision}; weights {known.weights}",
        version=known.tools.get("edgekit-mobile", ""),
        author="",
        license=license_id,
        inputs=(image,),
        outputs=(scores,),
        labels=tuple(labels),
    )


def _tensor(info: runtimes.TensorInfo, layout: str) -> Tensor:
    return Tensor(info.name, info.shape, info.dtype, layout, info.scale, info.zero_point)
