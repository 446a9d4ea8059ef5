"""A network in every precision and format: rounded, lowered, emitted, checked, named."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from edgekit import __version__
from edgekit.errors import UsageError
from edgekit.export import formats, jobs, precisions, tflite
from edgekit.export.artifact import Artifact
from edgekit.export.checking.job import Job
from edgekit.export.formats import Format
from edgekit.export.precisions import Precision, rounding
from edgekit.export.rewriting import rules
from edgekit.export.rewriting.choices import DEFAULT, Choices
from edgekit.export.sources.source import Source
from edgekit.export.stored_weights import held_file
from edgekit.processes import child

PRECISION = precisions.FLOAT32


def check_request(
    format_names: Sequence[str], precision_names: Sequence[str] = (PRECISION,)
) -> None:
    """Find a slip of the pen before the work.

    Raises:
        UnknownNameError: a format or precision does not exist.
        UsageError: none of the formats has a precision.
    """
    targets = [formats.get(name) for name in format_names]
    for name in precision_names:
        precision = precisions.get(name)
        if targets and not any(precision.is_for(target.stored_form) for target in targets):
            raise UsageError(
                f"the precision {precision.name} exists in {precision.only} files alone: "
                f"write --format {precision.only}"
            )


def to_files(
    source: Source,
    format_names: Sequence[str],
    folder: Path,
    *,
    precision_names: Sequence[str] = (PRECISION,),
    decided: Mapping[str, str] | None = None,
    choices: Mapping[str, Choices] | None = None,
    tuning: Mapping[str, Sequence[Mapping[str, Any]]] | None = None,
    force: bool = False,
    verify: bool = True,
    progress: Callable[[str], None] = lambda _: None,
) -> list[Artifact]:
    """Write ``source`` in every precision and format, check each file, then name all or none.

    Args:
        source: what to write.
        format_names: formats by name or alias, in the order wanted.
        folder: where the files go; created if missing.
        precision_names: precisions that need no sample data, by name or alias.
        decided: a precision of one format alone, by canonical format name.
        choices: rules beside the default ones, by canonical format name.
        tuning: what was measured to choose them, by format name, for the sidecars.
        force: replace existing files that have other content.
        verify: compare every file with the source, or with the simulation of its precision.
        progress: called with a short line before each step.

    Returns:
        One artifact for each precision and format, saved with its sidecar.

    Raises:
        UnknownNameError: a format, a precision or a rule does not exist.
        UnsupportedOperatorError: a writer cannot express a node; nothing is written.
        ParityError: a file does not reproduce its source; every file of this call is then kept
            under ``<name>.failed.<ext>`` and marked in its sidecar.
        WouldOverwriteError: a name is taken by other content and ``force`` is not set.
        InvalidPathError, StorageError: the folder cannot be written.
    """
    check_request(format_names, precision_names)
    targets = list(dict.fromkeys(formats.get(name).name for name in format_names))
    with child.ahead(*(formats.FORMATS[name].runtime for name in targets if verify)):
        made: list[Job] = []
        for name in dict.fromkeys(precisions.get(each).name for each in precision_names):
            made += _jobs(source, precisions.get(name), targets, choices or {}, verify=verify)
        for target, name in (decided or {}).items():
            made += _jobs(source, precisions.get(name), [target], choices or {}, verify=verify)
        if tuning:
            made = [replace(job, tuning=tuple(tuning.get(job.target.name, ()))) for job in made]
        return jobs.write(source, made, folder, force=force, progress=progress)


def form(source: Source, target: Format, precision_name: str, chosen: Choices) -> bytes:
    """Return the content of one file, which nothing has run yet.

    Raises:
        UnsupportedOperatorError: the writer cannot express a node.
        UnknownNameError: a precision or a rule does not exist.
    """
    precision = precisions.get(precision_name)
    (job,) = _jobs(source, precision, [target.name], {target.name: chosen}, verify=False)
    return held_file.whole(job.data)


def _jobs(
    source: Source,
    precision: Precision,
    targets: Sequence[str],
    choices: Mapping[str, Choices],
    *,
    verify: bool,
) -> list[Job]:
    """Round, lower and emit one precision in every format."""
    rounded, tolerance = rounding.apply(source, precision, verify=verify)
    made = []
    for name in targets:
        target = formats.FORMATS[name]
        if not precision.is_for(target.stored_form):
            continue
        chosen = choices.get(name, DEFAULT)
        graph = rounded.graph.clone()
        rules.apply(graph, chosen.rules(target.lowering))
        precision.store(graph, target.stored_form)
        maps = tflite.image_maps(graph)
        data = target.content(graph, describe(source, precision.name))
        answers = rounded.answers if verify else None
        made.append(
            Job(
                target,
                precision.name,
                data,
                rounded.reference,
                answers,
                tolerance,
                lowering=chosen.text,
                maps=maps,
            )
        )
    return made


def describe(source: Source, precision: str) -> str:
    """Return the text of a file's description field."""
    return f"{source.name} {precision}, edgekit {__version__}"
