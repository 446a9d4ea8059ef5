"""The artifact for app teams: files that apps can open, with what proves and describes them.

The door is `build`.
"""

from __future__ import annotations

from edgekit.bundle.building import Built, build
from edgekit.bundle.manifest import Bundle, ModelEntry
from edgekit.bundle.request import BundleRequest

__all__ = ["Built", "Bundle", "BundleRequest", "ModelEntry", "build"]
