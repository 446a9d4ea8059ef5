"""edgekit with another version of a runtime: the package alone in a folder, found first."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.environments import PeerUnavailableError, last_line


@dataclass(frozen=True)
class Side:
    """One version of a runtime.

    Attributes:
        requirement: such as ``onnxruntime==1.32.0``.
        folder: where it was installed.
    """

    requirement: str
    folder: Path

    def ask(self, *words: object) -> dict[str, Any]:
        """Return the JSON document of an edgekit command that runs on this version.

        Raises:
            PeerUnavailableError: the command failed.
        """
        found: dict[str, Any] = json.loads(self._run(*words, "--json"))
        return found

    def set_up_emulation(self) -> None:
        """Put the emulated machine with this version into edgekit's cache, if it is not there.

        Raises:
            PeerUnavailableError: it cannot be had here.
        """
        self._run("doctor", "--setup-qemu")

    def _run(self, *words: object) -> str:
        command = [sys.executable, "-m", "edgekit", *map(str, words)]
        path = os.pathsep.join(filter(None, [str(self.folder), os.environ.get("PYTHONPATH")]))
        # A cache of its own: there is one emulated machine in each.
        environment = {**os.environ, "PYTHONPATH": path, "EDGEKIT_CACHE": f"{self.folder}-cache"}
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        if done.returncode:
            raise PeerUnavailableError(f"{self.requirement}: {last_line(done.stderr)}")
        return done.stdout


def installed(requirement: str, work: Path) -> Side:
    """Install a version, without what it asks for, into a folder of its own, once.

    Raises:
        PeerUnavailableError: pip failed.
    """
    folder = work.absolute() / requirement.replace("==", "-")
    done = folder / "installed"
    if not done.is_file():
        shutil.rmtree(folder, ignore_errors=True)
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        command = [*pip, "--no-deps", "--target", str(folder), requirement]
        tried = subprocess.run(command, capture_output=True, text=True)
        if tried.returncode:
            raise PeerUnavailableError(last_line(tried.stderr))
        done.touch()
    return Side(requirement, folder)
