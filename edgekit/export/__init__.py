"""Room 2: a network becomes files, each checked against its source before it has a name.

The walk: `source` (canonical graph and expected answers), then for each format its lowering
rules, its writer, `parity`, and an `Artifact` with its sidecar.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from edgekit import __version__
from edgekit.errors import ParityError, UnknownNameError
from edgekit.export import artifact as artifacts
from edgekit.export import formats, parity, rewrite
from edgekit.export.artifact import Artifact, TensorSpec
from edgekit.export.formats import Format
from edgekit.export.parity import Parity
from edgekit.export.source import Source
from edgekit.export.staging import Staging, staging
from edgekit.runtimes import TensorInfo, child

__all__ = ["Artifact", "Parity", "Source", "TensorSpec", "check_request", "to_files"]

PRECISION = "float32"
PRECISIONS = (PRECISION, "fp32")


def check_request(format_names: Sequence[str], precision: str) -> None:
    """Raise UnknownNameError for a format or precision that cannot be written.

    Cheap, so that a slip of the pen is found before the work.
    """
    for name in format_names:
        formats.get(name)
    if precision not in PRECISIONS:
        raise UnknownNameError("precision", precision, PRECISIONS)


def to_files(
    source: Source,
    format_names: Sequence[str],
    folder: Path,
    *,
    force: bool = False,
    verify: bool = True,
    progress: Callable[[str], None] = lambda _: None,
) -> list[Artifact]:
    """Write ``source`` in every format, check each file, and only then name them, all or none.

    Args:
        source: what to write.
        format_names: formats by name or alias, in the order wanted.
        folder: where the files go; created if missing.
        force: replace existing files that have other content.
        verify: compare every file with the source.
        progress: called with a short line before each step.

    Returns:
        One artifact a format, saved with its sidecar.

    Raises:
        UnknownNameError: a format does not exist.
        UnsupportedOperatorError: a writer cannot express a node; nothing is written.
        ParityError: a file does not reproduce its source; every file of this call is then kept
            under ``<name>.failed.<ext>`` and marked in its sidecar.
        WouldOverwriteError: a name is taken by other content and ``force`` is not set.
        InvalidPathError, StorageError: the folder cannot be written.
    """
    chosen = list(dict.fromkeys(formats.get(name).name for name in format_names))
    with staging(folder) as stage:
        written = []
        for name in chosen:
            progress(f"writing {name}")
            written.append(_write(source, formats.FORMATS[name], stage, verify))
        failed = [entry for entry in written if entry.verified == "failed"]
        saved = [_save(entry, folder, stage, failed=bool(failed)) for entry in written]
        stage.commit(force=force or bool(failed))
    if failed:
        raise ParityError(_explain(failed[0], [entry.path for entry in saved]))
    return saved


def _write(source: Source, target: Format, stage: Staging, verify: bool) -> Artifact:
    """Lower, emit and check one format; the file waits in ``stage``."""
    graph = source.graph.clone()
    rewrite.apply(graph, target.rules)
    data = target.to_bytes(graph, f"{source.name} {PRECISION}, edgekit {__version__}")
    path = stage.write(f"{source.name}_{PRECISION}.{target.name}", data)
    checked: Parity | None = None
    if verify:
        feeds = source.feeds
        if target.channels_last:
            feeds = tuple(parity.to_nhwc(feed) for feed in feeds)
        info, answers = child.run(path, feeds, runtime=target.runtime)
        if target.channels_last:
            answers = [parity.to_nchw(answer) for answer in answers]
        checked = parity.compare(source.reference, source.answers, answers)
    else:
        info = child.describe(path, runtime=target.runtime)
    return Artifact(
        path=path,
        format=target.name,
        precision=PRECISION,
        model=source.name,
        weights=source.weights,
        params=source.params,
        macs=source.macs,
        preprocessing=source.preprocessing,
        inputs=_tensor_specs(info.inputs, target),
        outputs=_tensor_specs(info.outputs, target),
        operators=info.operators,
        partitions=info.partitions,
        operators_outside=info.operators_outside,
        size_bytes=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        parity=checked,
        recipe=None,
        tools=artifacts.tool_versions(),
    )


def _save(entry: Artifact, folder: Path, stage: Staging, *, failed: bool) -> Artifact:
    """Stage the sidecar; a failed set gets names that no build script looks for."""
    name = entry.path.name
    if failed:
        name = f"{entry.path.stem}.failed{entry.path.suffix}"
        stage.rename(entry.path.name, name)
    saved = replace(entry, path=folder / name)
    stage.write(artifacts.sidecar_path(saved.path).name, saved.sidecar_bytes())
    return saved


def _tensor_specs(tensors: Sequence[TensorInfo], target: Format) -> tuple[TensorSpec, ...]:
    layouts = {4: "NHWC" if target.channels_last else "NCHW", 2: "NC", 1: "C"}
    return tuple(
        TensorSpec(
            name=tensor.name,
            shape=tensor.shape,
            dtype=tensor.dtype,
            layout=layouts.get(len(tensor.shape), ""),
            scale=tensor.scale,
            zero_point=tensor.zero_point,
        )
        for tensor in tensors
    )


def _explain(entry: Artifact, kept: list[Path]) -> str:
    checked = entry.parity
    if checked is None:
        raise ValueError("only a compared artifact can fail")
    if checked.max_rel_error == parity.INCOMPARABLE:
        found = "an output is missing, of another shape or not finite"
    else:
        found = (
            f"largest error {checked.max_rel_error:.1e} of the output range, allowed "
            f"{checked.tolerance:.0e}"
        )
    if checked.top1_agreement is not None:
        found += f", top-1 agrees on {checked.top1_agreement} of {checked.inputs} inputs"
    return (
        f"{entry.model} as {entry.format} differs from {checked.reference}: {found}; "
        f"kept for inspection as {', '.join(str(path) for path in kept)}"
    )
