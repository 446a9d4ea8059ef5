"""A cell of the store: a point whose file and place are known, and the hash that names it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass

from edgekit import __version__, models
from edgekit.devices.measuring.one_process import Settings
from edgekit.errors import UnknownNameError
from edgekit.export import Artifact
from edgekit.models import ModelSpec
from edgekit.study.grid.point import Point, is_model_file
from edgekit.study.store.place import Place

_IMAGENET = "ImageNet"


@dataclass(frozen=True)
class Cell:
    """What is measured, as the store keeps it: its columns by their names.

    Attributes:
        key: SHA-256 over the file's hash, the runtime and its version, the target with its
            machine, the threads and all options of the measurement.
        point: the point of the grid, in writing.
        kind: ``latency``, or ``instructions`` on an emulated processor.
        model: name of the network, or of the file.
        family: of the network; None for a file of no registered one.
        precision: number types of the file; None if nobody says.
        runtime: canonical name.
        runtime_version: package and version on the target.
        target: where, as it was named.
        cpu: of the target.
        machine: fixed facts of the target, JSON.
        threads: of the runtime.
        height: of the input in pixels; None if unknown.
        width: likewise.
        batch: images at once; None if unknown.
        file: name of the file; None if it could not be made.
        file_sha256: of its content; None likewise.
        size_bytes: likewise.
        params: parameters of the network; None if unknown.
        macs: multiply-accumulates of one inference; None if unknown.
        published_top1: percent, as the authors or an official source print it; that of the
            shipped weights, where there are some.
        published_on: the images that it was measured on.
        weights: where the weights came from.
        options: settings of the measurement, JSON.
        edgekit_version: that registered the cell.
    """

    key: str
    point: str
    kind: str
    model: str
    family: str | None
    precision: str | None
    runtime: str
    runtime_version: str
    target: str
    cpu: str | None
    machine: str
    threads: int
    height: int | None
    width: int | None
    batch: int | None
    file: str | None
    file_sha256: str | None
    size_bytes: int | None
    params: int | None
    macs: int | None
    published_top1: float | None
    published_on: str | None
    weights: str | None
    options: str
    edgekit_version: str


@dataclass(frozen=True)
class FoundFile:
    """What is known of a model file.

    Attributes:
        name: without its folder.
        sha256: of its content.
        size_bytes: of its content.
        artifact: its sidecar; None if it has none.
    """

    name: str
    sha256: str
    size_bytes: int
    artifact: Artifact | None = None


def cell_of(point: Point, place: Place, settings: Settings, file: FoundFile | None) -> Cell:
    """Return the cell of a point; ``file`` is None if it could not be made.

    The key of such a cell is the point's and not the file's, so that the failure is kept all the
    same.
    """
    subject, artifact = point.subject, None if file is None else file.artifact
    spec = _spec(subject.model if artifact is None else artifact.model)
    options = json.dumps(asdict(settings), sort_keys=True)
    machine = json.dumps(place.machine, sort_keys=True)
    version = place.runtimes.get(point.runtime) or "not installed"
    content = f"unmade {point.id}" if file is None else file.sha256
    named = [content, point.runtime, version, point.target, machine, point.threads, options]
    as_it_is = file.name if subject.is_file and file is not None else subject.model
    height, width, batch = _size(point, spec, artifact)
    top1, top1_on = (None, None) if spec is None else _published(spec)
    return Cell(
        key=hashlib.sha256(json.dumps(named).encode()).hexdigest(),
        point=point.id,
        kind=place.kind,
        model=as_it_is if artifact is None else artifact.model,
        family=None if spec is None else spec.family,
        precision=artifact.precision if artifact else subject.precision,
        runtime=point.runtime,
        runtime_version=version,
        target=point.target,
        cpu=place.machine.get("cpu"),
        machine=machine,
        threads=point.threads,
        height=height,
        width=width,
        batch=batch,
        file=None if file is None else file.name,
        file_sha256=None if file is None else file.sha256,
        size_bytes=None if file is None else file.size_bytes,
        params=artifact.params if artifact else None if spec is None else spec.params,
        macs=None if artifact is None else artifact.macs,
        published_top1=top1,
        published_on=top1_on,
        weights=None if artifact is None else artifact.weights.partition(" sha256:")[0],
        options=options,
        edgekit_version=__version__,
    )


def _spec(name: str) -> ModelSpec | None:
    if is_model_file(name):
        return None
    try:
        return models.get(name)
    except UnknownNameError:
        return None


def _size(
    point: Point, spec: ModelSpec | None, artifact: Artifact | None
) -> tuple[int | None, int | None, int | None]:
    if artifact is not None and artifact.inputs and len(artifact.inputs[0].shape) == 4:
        first = artifact.inputs[0]
        at = dict(zip(first.layout, first.shape, strict=False))
        return at.get("H"), at.get("W"), at.get("N")
    subject = point.subject
    if spec is None or subject.is_file:
        return None, None, None
    _, _, height, width = spec.input_shape
    return subject.height or height, subject.width or width, subject.batch


def _published(spec: ModelSpec) -> tuple[float | None, str | None]:
    """Return top-1 in percent and the images; of several figures the first, best of ImageNet."""
    if spec.trained is not None:
        return spec.trained.top1_percent, spec.trained.evaluated_on
    found = [
        (each.value if each.metric == "top-1" else 100 - each.value, each.dataset)
        for each in spec.published
        if each.metric in ("top-1", "top-1 error") and each.unit == "%"
    ]
    found.sort(key=lambda pair: pair[1] != _IMAGENET)
    return found[0] if found else (None, None)
