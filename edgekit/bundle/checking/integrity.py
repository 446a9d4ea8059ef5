"""Is every file of a bundle there, as its manifest lists it, and nothing else?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from edgekit.bundle import manifest
from edgekit.bundle.building import listed
from edgekit.bundle.checking.finding import Finding
from edgekit.bundle.manifest import Bundle
from edgekit.errors import InvalidPathError, RefusedError
from edgekit.files import digest, reading


def read(place: Path) -> tuple[Bundle | None, list[Finding]]:
    """Read the manifest.

    Returns:
        The bundle, or None with the finding that says why it cannot be read.

    Raises:
        InvalidPathError: there is no manifest.
        RefusedError: an entry leads out of the folder (reason "escaping-path").
    """
    path = place / manifest.FILE
    if not path.is_file():
        inside = sorted(each.parent.name for each in place.glob(f"*/{manifest.FILE}"))
        hint = f"; {place / inside[0]} is one" if inside else ""
        raise InvalidPathError(f"{place} is no bundle: there is no {manifest.FILE} in it{hint}")
    try:
        return manifest.read(reading.content(path, reading.MOST_TEXT_BYTES)), []
    except RefusedError as error:
        if "leads out" in str(error):
            raise RefusedError(f"{path}: {error}", reason_code="escaping-path") from error
        return None, [Finding("schema", "failed", manifest.FILE, str(error))]
    except ValueError as error:
        return None, [Finding("hash", "failed", manifest.FILE, str(error))]


def check(place: Path, bundle: Bundle) -> Iterator[Finding]:
    """Yield a finding for each file that differs, is missing, unlisted or a link; else one."""
    wanted = {each.path: each for each in bundle.contents}
    sound = True
    for path in sorted({*wanted, *listed(place)}):
        problem = _problem(place / path, path in wanted and wanted[path].sha256)
        if problem:
            sound = False
            yield Finding("hash", "failed", path, problem)
    if sound:
        yield Finding("hash", "passed", manifest.FILE, f"{len(wanted)} files are as listed")


def _problem(path: Path, sha256: str | bool) -> str:
    if path.is_symlink():
        return "it is a link, which may lead out of the bundle"
    if not path.is_file():
        return "it is listed and missing"
    if not sha256:
        return "it is not listed"
    found = digest.sha256_of(path)
    return "" if found == sha256 else f"its hash is {found[:16]}..., not {str(sha256)[:16]}..."
