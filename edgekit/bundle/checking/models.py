"""Does each model file open, describe itself as listed, and give its golden answers?"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from edgekit import runtimes
from edgekit.bundle.checking.finding import Finding
from edgekit.bundle.contents import golden
from edgekit.bundle.manifest import Bundle, ModelEntry
from edgekit.bundle.members import LABELS
from edgekit.emulation import isa
from edgekit.errors import EdgekitError
from edgekit.evaluate import tensors
from edgekit.files import reading
from edgekit.modelfile import metadata
from edgekit.modelfile.metadata.description import Normalization, normalization_of
from edgekit.processes import child


def check(
    place: Path, bundle: Bundle, say: Callable[[str], None], isas: Sequence[str] = ()
) -> Iterator[Finding]:
    """Yield what is found of each model file.

    Args:
        place: the bundle's folder.
        bundle: what it lists.
        say: called with a short line before each file, and each instruction set.
        isas: instruction sets to replay the golden answers under, beside this processor's own.
    """
    for entry in bundle.models:
        runtime = runtimes.for_file(entry.path)
        if runtimes.installed()[runtime] is None:
            why = f"{runtime} is not installed here: it was neither opened nor run"
            yield Finding("open", "skipped", entry.path, why)
            continue
        say(f"opening {entry.path}")
        try:
            yield _opened(place, entry)
            yield _described(place, entry)
            yield _replayed(place, bundle, entry, isa.NATIVE)
            for each in isas:
                say(f"{entry.path} under {each}")
                lack = isa.missing(each)
                if lack is not None:
                    yield Finding(f"golden-{each}", "skipped", entry.path, lack)
                else:
                    yield _replayed(place, bundle, entry, each)
        except (EdgekitError, OSError, ValueError) as error:
            yield Finding("open", "failed", entry.path, " ".join(str(error).split()))


def _opened(place: Path, entry: ModelEntry) -> Finding:
    info = child.describe(place / entry.path)
    now = (info.operators, [(each.name, each.shape, each.dtype) for each in info.inputs])
    then = (entry.operators, [(each.name, each.shape, each.dtype) for each in entry.inputs])
    if now != then:
        return Finding("open", "failed", entry.path, "operators or inputs are not those listed")
    count = f"{info.operator_count} operators on {info.runtime_version}"
    if info.partitions is not None and entry.partitions is not None:
        count += f", {info.partitions} partition{'' if info.partitions == 1 else 's'}"
        if info.partitions > entry.partitions:
            return Finding("open", "warning", entry.path, f"{count}, {entry.partitions} as built")
    return Finding("open", "passed", entry.path, count)


def _described(place: Path, entry: ModelEntry) -> Finding:
    found = metadata.read(place / entry.path)
    if found is None:
        return Finding("metadata", "failed", entry.path, "the file says nothing of itself")
    if not _equal(found.inputs[0].normalization, normalization_of(entry.preprocessing)):
        return Finding("metadata", "failed", entry.path, "its normalization is not the listed one")
    names = place / "labels" / LABELS
    try:
        listed = tuple(reading.text(names).splitlines()) if names.is_file() else ()
    except (OSError, UnicodeDecodeError) as error:
        return Finding("metadata", "failed", entry.path, f"labels/{LABELS} is no text: {error}")
    if found.labels != listed:
        return Finding("metadata", "failed", entry.path, f"its labels are not labels/{LABELS}")
    return Finding("metadata", "passed", entry.path, f"normalization and {len(listed)} labels")


def _equal(found: Normalization | None, listed: Normalization) -> bool:
    """Tell whether two normalizations are equal in float32, which a .tflite holds them in."""
    if found is None or len(found.mean) != len(listed.mean):
        return False
    pairs = ((found.mean, listed.mean), (found.std, listed.std))
    return all(
        np.array_equal(np.asarray(a, np.float32), np.asarray(b, np.float32)) for a, b in pairs
    )


def _replayed(place: Path, bundle: Bundle, entry: ModelEntry, on: str) -> Finding:
    info = child.describe(place / entry.path)
    source = tensors.image_input(info, entry.path)
    target = tensors.class_output(info, entry.path, 0)
    images = [Path(each).stem for each in bundle.golden]
    feeds, expected = [], []
    shape = tuple(1 if size == -1 else size for size in source.tensor.shape)
    for image in images:
        given, wanted = golden.vector_paths(entry, image)
        values = np.fromfile(place / given, source.tensor.dtype).reshape(shape)
        feeds.append({source.tensor.name: values})
        expected.append(np.fromfile(place / wanted, "<f8"))
    # Another processor answers as it does there; this one as those do that never saturate.
    is_native = on == isa.NATIVE
    _, outputs = child.run(place / entry.path, feeds, isa=on, exact_sums=is_native)
    answers = [target.decode(each[target.tensor.name]) for each in outputs]
    worst = max(golden.difference(a, b) for a, b in zip(expected, answers, strict=True))
    message = f"largest difference {worst:.1e} of the range over {len(images)} golden images"
    level = "passed" if worst <= entry.tolerance else "failed"
    code = "golden" if is_native else f"golden-{on}"
    return Finding(code, level, entry.path, f"{message}, allowed {entry.tolerance:g}")  # type: ignore[arg-type]  # one of two levels
