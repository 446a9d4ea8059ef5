"""Folders that take long to make: complete or absent, and never taken for those of other content.

The folder's name holds a key of what it is made of, and a stamp inside says it in full. It is
made under another name and renamed at the end.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgekit.errors import StorageError
from edgekit.files import parsing, reading, scratch

_STAMP = "stamp.json"


@dataclass(frozen=True)
class MadeFolder:
    """One such folder, made yet or not.

    Attributes:
        parent: where it lies.
        name: first part of its name; folders beside it with the same are older ones of it.
        content: what it is made of: names to versions.
    """

    parent: Path
    name: str
    content: Mapping[str, str]

    @property
    def path(self) -> Path:
        """Where it is, or will be."""
        text = json.dumps(dict(self.content), sort_keys=True)
        return self.parent / f"{self.name}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"

    def facts(self) -> dict[str, Any] | None:
        """Return what `write_facts` noted when it was made; None if it is not there."""
        try:
            stamp = parsing.json_of(reading.text(self.path / _STAMP))
        except (OSError, ValueError):
            return None
        if not isinstance(stamp, dict) or stamp.get("content") != dict(self.content):
            return None
        facts = stamp.get("facts")
        return facts if isinstance(facts, dict) else None

    def write_facts(self, folder: Path, facts: Mapping[str, Any]) -> None:
        """Write the stamp into a folder that is being made."""
        text = json.dumps({"content": dict(self.content), "facts": dict(facts)}, indent=2)
        (folder / _STAMP).write_text(text, encoding="utf-8")

    @contextmanager
    def making(self) -> Iterator[Path]:
        """Give an empty folder to fill; at the end it gets its name, and older ones go.

        Raises:
            StorageError: the file system refuses a write.
        """
        try:
            self.parent.mkdir(parents=True, exist_ok=True)
            with scratch.folder(self.parent, ".making-") as hidden:
                folder = hidden / self.name
                folder.mkdir()
                yield folder
                if self.facts() is None:  # another process may have been faster
                    shutil.rmtree(self.path, ignore_errors=True)  # damaged
                    folder.rename(self.path)
        except OSError as error:
            raise StorageError(
                f"cannot make {self.path}: {error.strerror or error}; make room, or set "
                "EDGEKIT_CACHE to another folder"
            ) from error
        for other in self.parent.glob(f"{self.name}-*"):
            if other != self.path:
                shutil.rmtree(other, ignore_errors=True)
