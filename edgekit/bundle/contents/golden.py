"""Golden vectors: a few images, the input that each file gets of them, and what it answers.

The images lie there as they go into a file, cut and sized, as PPM: a form that a C program reads
in ten lines, and that no version of an image library writes otherwise.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgekit.bundle.manifest import ModelEntry
from edgekit.bundle.members import Member
from edgekit.data import SyntheticImages, folder, images
from edgekit.data.images import Pixels
from edgekit.errors import ParityError, RefusedError
from edgekit.evaluate import tensors
from edgekit.models import Preprocessing
from edgekit.processes import child

FOLDER = "golden"
COUNT = 4
_TOP = 5


@dataclass(frozen=True, eq=False)
class Golden:
    """The images of a bundle.

    Attributes:
        description: what they are, in words.
        names: of each, without a suffix.
        pixels: uint8 of shape (side, side, 3) each.
    """

    description: str
    names: tuple[str, ...]
    pixels: tuple[Pixels, ...]


def choose(data: Path | None, wanted: Preprocessing) -> Golden:
    """Take a few images of a folder, evenly spaced, or synthetic ones.

    Raises:
        InvalidPathError, RefusedError: as `edgekit.data.folder.read` and `images.decode`.
    """
    shown = SyntheticImages(COUNT, wanted.crop) if data is None else folder.read(data)
    if isinstance(shown, folder.ImageFolder):
        shown = shown.limited(COUNT)
    cut = tuple(
        images.fit(shown.pixels(i), wanted.resize, wanted.crop, wanted.interpolation, name)
        for i, name in enumerate(shown.files)
    )
    return Golden(shown.description, tuple(f"{i:02d}" for i in range(len(cut))), cut)


def write(golden: Golden, members: Sequence[Member], place: Path) -> tuple[str, ...]:
    """Write images, inputs and answers; return the images' paths in the bundle.

    Raises:
        ParityError: a file whose preprocessing was folded does not answer as the exported one.
    """
    (place / FOLDER / "images").mkdir(parents=True)
    paths = []
    for name, pixels in zip(golden.names, golden.pixels, strict=True):
        paths.append(f"{FOLDER}/images/{name}.ppm")
        (place / paths[-1]).write_bytes(ppm(pixels))
    rows = [row for member in members for row in _of_member(golden, member, place)]
    text = json.dumps({"images": golden.description, "answers": rows}, indent=2, sort_keys=True)
    (place / FOLDER / "golden.json").write_text(f"{text}\n", encoding="utf-8")
    return tuple(paths)


def ppm(pixels: Pixels) -> bytes:
    """Return an image as a binary PPM file."""
    height, width, _ = pixels.shape
    return f"P6\n{width} {height}\n255\n".encode() + pixels.tobytes()


def vector_paths(entry: ModelEntry, image: str) -> tuple[str, str]:
    """Return where a file's input and answer for an image lie, the image named without suffix."""
    stem = f"{FOLDER}/{Path(entry.path).name}.{image}"
    return f"{stem}.input.bin", f"{stem}.output.bin"


def difference(expected: np.ndarray, found: np.ndarray) -> float:
    """Return the largest difference of two answers, as a part of the range of the first."""
    if expected.shape != found.shape or not np.isfinite(found).all():
        return float("inf")
    span = float(np.ptp(expected)) or float(np.abs(expected).max()) or 1.0
    return float(np.abs(found - expected).max()) / span


def _of_member(golden: Golden, member: Member, place: Path) -> list[dict[str, object]]:
    entry = member.entry
    answers, feeds, name = _run(place / entry.path, golden.pixels, entry.preprocessing)
    if entry.preprocessing_in_graph:
        before, _, _ = _run(member.original, golden.pixels, member.original_preprocessing)
        worst = max(difference(a, b) for a, b in zip(before, answers, strict=True))
        if worst > entry.tolerance:
            raise ParityError(
                f"{name} with its preprocessing folded in differs from the exported file by "
                f"{worst:.1e} of the answers' range, more than {entry.tolerance:g}: leave out "
                "--fold-preprocessing"
            )
    rows: list[dict[str, object]] = []
    for image, answer, feed in zip(golden.names, answers, feeds, strict=True):
        given, expected = vector_paths(entry, image)
        (place / given).write_bytes(feed.tobytes())
        (place / expected).write_bytes(answer.astype("<f8").tobytes())
        best = np.argsort(-answer, kind="stable")[:_TOP]
        rows.append({
            "file": entry.path,
            "image": image,
            "input": given,
            "output": expected,
            "output_dtype": "float64, dequantized",
            "tolerance": entry.tolerance,
            "top": [{"index": int(i), "score": float(answer[i])} for i in best],
        })  # fmt: skip
    return rows


def _run(
    path: Path, pictures: Sequence[Pixels], wanted: Preprocessing
) -> tuple[list[np.ndarray], list[np.ndarray], str]:
    info = child.describe(path)
    source = tensors.image_input(info, path.name)
    target = tensors.class_output(info, path.name, 0)
    source.check(wanted, path.name)
    feeds = [source.encode(pixels, wanted) for pixels in pictures]
    _, outputs = child.run(path, [{source.tensor.name: feed} for feed in feeds])
    answers = [target.decode(each[target.tensor.name]) for each in outputs]
    if not all(np.isfinite(each).all() for each in answers):
        raise RefusedError(f"{path.name} answers NaN or infinity", reason_code="not-finite-golden")
    return answers, feeds, path.name
