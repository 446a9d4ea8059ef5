"""Push a bundle to an OCI registry, and pull one from it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgekit.bundle.checking import integrity
from edgekit.bundle.manifest import Bundle, check_path
from edgekit.bundle.sharing import model_pack
from edgekit.errors import (
    EnvironmentMissingError,
    InvalidPathError,
    RefusedError,
    WouldOverwriteError,
)
from edgekit.files import digest, scratch

SUFFIX = ".edgekit"
_MOST_BYTES = 8 << 30
_MOST_LAYERS = 10_000


@dataclass(frozen=True)
class Registry:
    """Where a bundle is kept.

    Attributes:
        target: such as ``registry.example/models/name:tag``.
        plain_http: speak HTTP, not HTTPS, as registries on this machine do.
    """

    target: str
    plain_http: bool = False


def push(place: Path, to: Registry, *, say: Callable[[str], None] = lambda _: None) -> str:
    """Push the folder of a bundle; return the digest of what was pushed.

    Raises:
        MissingPackageError: oras is not installed.
        InvalidPathError: the folder is no bundle.
        RefusedError: the bundle is not what its manifest lists (reason "bad-bundle").
        EnvironmentMissingError: the registry cannot be reached, or refuses.
    """
    bundle = _sound(place)
    paths = sorted(
        each.relative_to(place).as_posix() for each in place.rglob("*") if each.is_file()
    )
    weights = frozenset(each.path for each in bundle.models)
    layers = []
    with _client(to) as client, scratch.folder() as made:
        container = client.get_container(to.target)
        client.auth.load_configs(container)
        for path in paths:
            say(f"pushing {path}")
            file = place / path
            kind = model_pack.layer_type(path, weights)
            row = model_pack.descriptor(kind, digest.sha256_of(file), file.stat().st_size, path)
            _upload(client, file, container, row)
            layers.append(row)
        content = model_pack.config(bundle, layers)
        file = made / "config.json"
        file.write_bytes(content)
        row = model_pack.descriptor(
            model_pack.CONFIG, hashlib.sha256(content).hexdigest(), len(content)
        )
        _upload(client, file, container, row)
        answer = client.upload_manifest(model_pack.manifest(layers, row), container)
        client._check_200_response(answer)
        return str(answer.headers.get("Docker-Content-Digest", ""))


def pull(
    source: Registry,
    folder: Path,
    *,
    force: bool = False,
    say: Callable[[str], None] = lambda _: None,
) -> Path:
    """Pull a bundle into a folder, whole or not at all; return its path.

    Every file is compared with its hash, by the registry's manifest and by the bundle's own.

    Raises:
        MissingPackageError: oras is not installed.
        RefusedError: this is no bundle, a path leads out of it (reason "escaping-path"), it is
            too large, or a file is not what was listed (reason "bad-bundle").
        WouldOverwriteError: there is a bundle of that name and ``force`` is not set.
        EnvironmentMissingError: the registry cannot be reached, or refuses.
    """
    with _client(source) as client:
        container = client.get_container(source.target)
        found = client.get_manifest(container)
        rows = _layers(source, found)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with scratch.folder(folder, ".edgekit-") as hidden:
                place = hidden / "bundle"
                for path, row in rows.items():
                    say(f"pulling {path}")
                    _download(client, container, row, place / path)
                made = _sound(place)
                path_made = folder / f"{made.name}{SUFFIX}"
                if path_made.exists():
                    if not force:
                        raise WouldOverwriteError(f"{path_made} exists: give --force to replace it")
                    path_made.rename(hidden / "replaced")
                place.rename(path_made)
        except OSError as error:
            if type(error).__module__.startswith("requests"):
                raise
            raise InvalidPathError(f"cannot write {folder}: {error}") from error
    return path_made


def _sound(place: Path) -> Bundle:
    bundle, findings = integrity.read(place)
    problems = list(findings)
    if bundle is not None:
        problems += [each for each in integrity.check(place, bundle) if each.level == "failed"]
    if bundle is None or problems:
        raise RefusedError(
            f"{place} is not what it lists: {problems[0].subject}: {problems[0].message}",
            reason_code="bad-bundle",
        )
    return bundle


@contextmanager
def _client(registry: Registry) -> Iterator[Any]:
    """Give oras's client; what it raises becomes an error of ours."""
    import requests
    from oras.provider import Registry as Client

    host = registry.target.partition("/")[0]
    if "/" not in registry.target:
        raise InvalidPathError(f"{registry.target!r} is no place in a registry, HOST/NAME:TAG")
    try:
        yield Client(hostname=host, insecure=registry.plain_http)
    except (ValueError, requests.RequestException) as error:
        raise EnvironmentMissingError(f"{registry.target}: {error}") from error


def _upload(client: Any, file: Path, container: Any, row: dict[str, Any]) -> None:  # noqa: ANN401
    client._check_200_response(client.upload_blob(str(file), container, row))


def _layers(source: Registry, found: dict[str, Any]) -> dict[str, dict[str, Any]]:
    if found.get("artifactType") != model_pack.ARTIFACT:
        raise _bad(source, f"it is of type {found.get('artifactType')}, no ModelPack", "bad-bundle")
    rows: dict[str, dict[str, Any]] = {}
    layers = found.get("layers", [])
    if len(layers) > _MOST_LAYERS or sum(row.get("size", 0) for row in layers) > _MOST_BYTES:
        raise _bad(source, "it is too large", "bad-bundle")
    for row in layers:
        path = (row.get("annotations") or {}).get(model_pack.PATH, "")
        try:
            check_path(path)
        except ValueError as error:
            raise _bad(source, str(error), "escaping-path") from error
        rows[path] = row
    if not rows:
        raise _bad(source, "it holds no files", "bad-bundle")
    return rows


def _download(client: Any, container: Any, row: dict[str, Any], path: Path) -> None:  # noqa: ANN401
    path.parent.mkdir(parents=True, exist_ok=True)
    client.download_blob(container, row["digest"], str(path))
    if f"sha256:{digest.sha256_of(path)}" != row["digest"]:
        raise RefusedError(
            f"{path.name} of the registry is not what its digest says", reason_code="bad-bundle"
        )


def _bad(source: Registry, why: str, reason: str) -> RefusedError:
    return RefusedError(f"{source.target} is no bundle: {why}", reason_code=reason)
