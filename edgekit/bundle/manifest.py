"""``edgekit.json``: what a bundle holds, in one document with a published schema."""

from __future__ import annotations

import contextlib
import hashlib
import json
from dataclasses import dataclass
from dataclasses import fields as fields_of
from pathlib import PurePosixPath

from edgekit.files import documents, parsing
from edgekit.files.documents import Document
from edgekit.models import Preprocessing

FILE = "edgekit.json"
UNLISTED = ("measured", "measured.json", "model.sig", FILE)
"""First parts of paths that the manifest does not list: measured figures have an index of their
own, a signature comes later."""


@dataclass(frozen=True)
class Tensor:
    """One input or output of a file, as its runtime describes it.

    Attributes:
        name: in the file.
        shape: in the file's layout.
        dtype: numpy's name of the element type.
        layout: ``NHWC`` or ``NCHW`` for the image, ``NC`` for scores.
        scale: real value of one quantized step; None for floats.
        zero_point: quantized value of real 0; None for floats.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    layout: str
    scale: float | None
    zero_point: int | None


@dataclass(frozen=True)
class ModelEntry:
    """One model file.

    Attributes:
        path: in the bundle.
        format: ``onnx`` or ``tflite``.
        precision: number types of the file.
        sha256: of the file.
        size_bytes: of the file.
        source_sha256: of the exported file that it was before metadata were written into it.
        inputs: the image.
        outputs: the scores.
        operators: operator type to count, by the runtime.
        partitions: pieces that the delegate takes; None where the runtime has none.
        operators_outside: operator types left outside the delegate.
        checked_with: package and version of the runtime that opened it and gave the golden
            answers.
        integers_id: equal for files that were made of the same encodings; None for others.
        preprocessing: how pixels become the input.
        preprocessing_in_graph: whether a part of the network's own preprocessing was folded into
            the file, so that ``preprocessing`` is what is left.
        tolerance: largest difference of an answer from the golden one, as a part of its range.
    """

    path: str
    format: str
    precision: str
    sha256: str
    size_bytes: int
    source_sha256: str
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    operators: dict[str, int]
    partitions: int | None
    operators_outside: tuple[str, ...]
    checked_with: str
    integers_id: str | None
    preprocessing: Preprocessing
    preprocessing_in_graph: bool
    tolerance: float


@dataclass(frozen=True)
class Accuracy:
    """How often one file is right.

    Attributes:
        file: the model file's path in the bundle.
        data: the images, in words.
        images: how many.
        top1: share of right answers.
        interval: 95 % interval of that share.
    """

    file: str
    data: str
    images: int
    top1: float
    interval: tuple[float, ...]


@dataclass(frozen=True)
class Choice:
    """Which file to ship.

    Attributes:
        format: among the files of this format.
        file: its path in the bundle.
        why: the reason, and what would change it.
    """

    format: str
    file: str
    why: str


@dataclass(frozen=True)
class Content:
    """One file of the bundle.

    Attributes:
        path: in the bundle, with ``/``.
        size_bytes: its size.
        sha256: of its bytes.
    """

    path: str
    size_bytes: int
    sha256: str

    def __post_init__(self) -> None:
        check_path(self.path)


@dataclass(frozen=True)
class Bundle(Document):
    """A bundle.

    Attributes:
        name: of the bundle.
        model: name of the network.
        task: what the files do; image-classification.
        classes: number of scores.
        weights: where they came from, with a hash if from a file.
        license: SPDX identifier of the weights' licence; NOASSERTION if nobody stated one.
        revision: of the source; None if nobody said it.
        created: the moment in SOURCE_DATE_EPOCH, in UTC; None without it.
        params: parameters of the network.
        macs: multiply-accumulates of one inference.
        tools: versions of what made the files.
        models: the model files.
        golden: the golden images, paths in the bundle.
        golden_images: what they are, in words.
        accuracy: what was measured; empty if nothing was.
        choice: which file to ship of each format.
        contents: every file of the bundle but this one and what was measured by a clock.
    """

    schema = "edgekit.bundle"
    schema_version = 1

    name: str
    model: str
    task: str
    classes: int
    weights: str
    license: str
    revision: str | None
    created: str | None
    params: int
    macs: int
    tools: dict[str, str]
    models: tuple[ModelEntry, ...]
    golden: tuple[str, ...]
    golden_images: str
    accuracy: tuple[Accuracy, ...]
    choice: tuple[Choice, ...]
    contents: tuple[Content, ...]

    def derived(self) -> dict[str, str]:
        """Return the hash of all else in the manifest, so that a change of it is told as such."""
        fields = {each.name: documents.encode(getattr(self, each.name)) for each in fields_of(self)}
        text = json.dumps(fields, sort_keys=True, allow_nan=False)
        return {"manifest_sha256": hashlib.sha256(text.encode()).hexdigest()}

    def to_bytes(self) -> bytes:
        """Return the file's one form: reading and writing it again gives the same bytes."""
        text = json.dumps(self.document(), indent=2, sort_keys=True, allow_nan=False)
        return f"{text}\n".encode()


def read(content: bytes) -> Bundle:
    """Read a manifest strictly.

    Raises:
        RefusedError: this is no manifest, is of another version, or is damaged.
        ValueError: it is not in the form that `Bundle.to_bytes` writes, so some byte was changed.
    """
    text = content.decode("utf-8", errors="replace")
    with contextlib.suppress(ValueError, KeyError, AttributeError, TypeError):
        # What is no manifest is refused as such below.
        document = parsing.json_of(text)
        document.pop("manifest_sha256")
        text = json.dumps(document)
    found = documents.read_document(Bundle, text, Bundle.schema, Bundle.schema_version, "bundle")
    if found.to_bytes() != content:
        raise ValueError("it is not written as edgekit writes it")
    return found


def check_path(path: str) -> None:
    """Raise ValueError for a path that is absolute, leaves the folder or is not plain."""
    parts = PurePosixPath(path).parts
    if not parts or path.startswith("/") or ".." in parts or "\\" in path or ":" in path:
        raise ValueError(f"{path!r} leads out of the bundle")
    if "/".join(parts) != path:
        raise ValueError(f"{path!r} is not a plain path")
