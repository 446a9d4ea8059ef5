"""What `edgekit latency` measures: files as they are, and networks by name, exported to a cache."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from edgekit.cli.shared.names import expanded
from edgekit.cli.shared.options import is_file
from edgekit.errors import UsageError

if TYPE_CHECKING:
    from edgekit.devices import ModelFile
    from edgekit.export.sources.shapes import InputShapes


def collect(
    subjects: Sequence[str],
    backends: Sequence[str],
    sizes: Sequence[str],
    say: Callable[[str], None],
    input_shapes: Sequence[str] = (),
) -> tuple[ModelFile, ...]:
    """Turn names and paths into files to measure.

    Args:
        subjects: names, patterns and paths; without any, one network of each reference family.
        backends: runtimes for named networks.
        sizes: input sizes of named networks, each ``H`` or ``HxW``; none takes their own.
        say: takes a short line before each step.
        input_shapes: of the inputs of named networks, as `edgekit.export.ExportRequest` takes
            them; your own code needs them.

    Raises:
        UsageError: a size is none, or is asked of a file, or both forms are given.
        EdgekitError: a network cannot be exported; see `edgekit.export.cache.exported`.
    """
    from edgekit import models
    from edgekit.export.sources import shapes

    if sizes and input_shapes:
        raise UsageError("--input-size and --input-shape say the same: give one")
    wanted: list[tuple[str, InputShapes]] = [(f" {size}", shape_of(size)) for size in sizes]
    wanted = wanted or [("", shapes.parse(input_shapes))]
    found: list[ModelFile] = []
    for subject in expanded(subjects) or models.REFERENCE:
        if not is_file(subject):
            for label, shape in wanted:
                found.extend(exported(subject, label, shape, backends, say))
        elif sizes or input_shapes:
            option = "--input-size" if sizes else "--input-shape"
            raise UsageError(
                f"{option} is of networks by name; {subject} has the size it was exported with"
            )
        else:
            found.append(of_file(Path(subject)))
    return tuple(found)


def of_file(path: Path) -> ModelFile:
    """Return what to measure of a model file, with what its sidecar says about it."""
    from edgekit.devices import ModelFile
    from edgekit.export import artifact

    known = artifact.load(path) if path.is_file() else None
    if known is None:
        return ModelFile(path)
    return ModelFile(path, model=known.model, precision=known.precision, macs=known.macs)


def shape_of(size: str) -> InputShapes:
    """Return the input shape of one RGB image of a size, ``H`` or ``HxW``.

    Raises:
        UsageError: it is no size.
    """
    from edgekit.export.sources.shapes import InputShapes

    height, _, width = size.partition("x")
    if not (height.isdecimal() and (width or height).isdecimal()):
        raise UsageError(f"--input-size takes sizes such as 192 or 160x320, not {size!r}")
    return InputShapes(in_order=((1, 3, int(height), int(width or height)),))


def exported(
    name: str,
    label: str,
    shape: InputShapes,
    backends: Sequence[str],
    say: Callable[[str], None],
) -> list[ModelFile]:
    """Return what to measure of a network by name, on each runtime.

    Args:
        name: of the network; see `edgekit.export.cache.exported`.
        label: what to add to it in reports.
        shape: of its inputs.
        backends: runtimes.
        say: takes a short line before each step.
    """
    from edgekit.devices import ModelFile
    from edgekit.export import cache

    entries = cache.exported(
        name, backends, lambda step: say(f"{name}{label}: {step}"), asked=shape
    )
    return [
        ModelFile(entry.path, backend, f"{entry.model}{label}", entry.precision, entry.macs)
        for entry, backend in zip(entries, backends, strict=True)
    ]
