"""A bundle in the media types of CNCF's ModelPack, which registries and their tools know.

Version 1 of the specification: a manifest of artifact type ``application/vnd.cncf.model.manifest``,
its configuration, and one raw layer a file with its path in an annotation.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from edgekit.bundle.manifest import Bundle

ARTIFACT = "application/vnd.cncf.model.manifest.v1+json"
CONFIG = "application/vnd.cncf.model.config.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
PATH = "org.cncf.model.filepath"
TITLE = "org.opencontainers.image.title"
_FOLDERS = {"app": "code", "golden": "dataset", "LICENSES": "doc", "README.md": "doc"}


def layer_type(path: str, weights: frozenset[str]) -> str:
    """Return the media type of a file of a bundle.

    Args:
        path: in the bundle.
        weights: paths of the model files.
    """
    kind = "weight" if path in weights else _FOLDERS.get(path.partition("/")[0], "weight.config")
    return f"application/vnd.cncf.model.{kind}.v1.raw"


def descriptor(media_type: str, sha256: str, size_bytes: int, path: str = "") -> dict[str, Any]:
    """Return what a manifest says of one blob."""
    found = {"mediaType": media_type, "digest": f"sha256:{sha256}", "size": size_bytes}
    return {**found, "annotations": {PATH: path, TITLE: path}} if path else found


def config(bundle: Bundle, layers: list[dict[str, Any]]) -> bytes:
    """Return the configuration: what the model is, and the hashes of its layers."""
    about: dict[str, Any] = {"name": bundle.name, "title": bundle.model}
    if bundle.license != "NOASSERTION":
        about["licenses"] = [bundle.license]
    if bundle.revision is not None:
        about["revision"] = bundle.revision
    if bundle.created is not None:
        about["createdAt"] = bundle.created
    document = {
        "descriptor": about,
        "config": {
            "architecture": "cnn",
            "format": ",".join(dict.fromkeys(each.format for each in bundle.models)),
            "paramSize": str(bundle.params),
            "precision": ",".join(dict.fromkeys(each.precision for each in bundle.models)),
        },
        "modelfs": {"type": "layers", "diffIds": [each["digest"] for each in layers]},
    }
    return json.dumps(document, sort_keys=True).encode()


def manifest(layers: list[dict[str, Any]], config_descriptor: Mapping[str, Any]) -> dict[str, Any]:
    """Return the manifest."""
    return {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "artifactType": ARTIFACT,
        "config": dict(config_descriptor),
        "layers": layers,
    }
