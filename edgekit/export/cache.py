"""Exported files of registered networks, kept between runs.

A key covers the network, the tools' versions, and edgekit's own code and weights, so a stale
file is never taken for a fresh one. Deleting the folder is always safe.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache
from importlib import metadata
from pathlib import Path

import edgekit
from edgekit import export, models
from edgekit.errors import UnreadableModelError
from edgekit.export import artifact, formats
from edgekit.export.artifact import Artifact
from edgekit.export.sources import own_code, source
from edgekit.export.sources.shapes import USUAL, InputShapes
from edgekit.files import cache_folder
from edgekit.models import ModelSpec, libraries


def exported(
    name: str,
    format_names: Sequence[str],
    progress: Callable[[str], None] = lambda _: None,
    *,
    asked: InputShapes = USUAL,
    precision: str = export.PRECISION,
) -> list[Artifact]:
    """Return verified files of a network, one a format.

    Their weights are those that come with the network, else seeded. What is not registered, the
    user's own code and the networks of other libraries, is exported anew every time.

    Args:
        name: a registered network's name or alias, ``package.module:factory``, or a library's
            network such as ``timm:NAME``.
        format_names: formats by name or alias.
        progress: called with a short line before each step, if anything needs doing.
        asked: sizes of the inputs, where they are not the network's own.
        precision: one that needs no sample data.

    Raises:
        UsageError: the network cannot take that size.
        UnknownNameError: no network is called that, or no format or precision.
        EdgekitError: what the user's own code raises; see `edgekit.export.sources.source`.
        ParityError: see `edgekit.export.to_files`.
        StorageError: the cache cannot be written.
    """
    wanted = [formats.get(each).name for each in format_names]
    if own_code.is_reference(name) or libraries.is_reference(name):
        made = source.resolve(name, asked=asked, progress=progress)
        key = hashlib.sha256(json.dumps([name, asked.given, asked.batch]).encode()).hexdigest()
        place = cache_folder.folder() / f"{made.name}-{key[:16]}"
        return export.to_files(
            made, wanted, place, precision_names=[precision], force=True, progress=progress
        )
    spec = models.get(name)
    where = folder_of(spec, asked)
    found = [find(where, spec.name, precision, each, progress) for each in wanted]
    kept = [entry for entry in found if entry is not None]
    if len(kept) == len(wanted):
        return kept
    cache_folder.check_writable(where)
    prepared = source.resolve(spec.name, asked=asked, progress=progress)
    return export.to_files(
        prepared, wanted, where, precision_names=[precision], force=True, progress=progress
    )


def folder_of(spec: ModelSpec, asked: InputShapes, *facts: str) -> Path:
    """Return where files of a network are kept; ``facts`` are what else they follow from."""
    return cache_folder.folder() / _key(spec, asked, facts)


def find(
    where: Path,
    name: str,
    precision: str,
    format_name: str,
    progress: Callable[[str], None] = lambda _: None,
) -> Artifact | None:
    """Return a verified file that is kept there; None if there is none, or it is damaged."""
    path = where / f"{name}_{precision}.{formats.FORMATS[format_name].suffix}"
    try:
        kept = artifact.load(path) if path.is_file() else None
    except (UnreadableModelError, OSError):
        progress(f"{path.name} in the cache is damaged: making it anew")
        return None
    return kept if kept is not None and kept.verified == "passed" else None


def _key(spec: ModelSpec, asked: InputShapes, more: Sequence[str]) -> str:
    versions = artifact.tool_versions()
    if spec.library:
        package = spec.library.partition(":")[0]
        with suppress(metadata.PackageNotFoundError):  # exporting it then says so
            versions[package] = metadata.version(package)
    every = [spec.name, asked.given, asked.batch, versions, package_digest(), *more]
    facts = json.dumps(every, sort_keys=True)
    return f"{spec.name}-{hashlib.sha256(facts.encode()).hexdigest()[:16]}"


@cache
def package_digest() -> str:
    """Cover the code and the weights that come with it."""
    root = Path(edgekit.__file__).parent
    digest = hashlib.sha256()
    for path in sorted([*root.rglob("*.py"), *root.rglob("*.safetensors")]):
        digest.update(str(path.relative_to(root)).encode() + path.read_bytes())
    return digest.hexdigest()
