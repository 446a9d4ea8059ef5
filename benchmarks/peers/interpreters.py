"""The interpreters that conversion steps run with, and the words of their commands."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from benchmarks import environments
from benchmarks.environments import PeerUnavailableError
from benchmarks.peers.contenders import Step

_HERE = Path(__file__).parent
_FOLDERS = {
    "scripts": _HERE / "scripts",
    "quantizers": _HERE.parent / "quantization" / "peers",
}


class Environments:
    """The interpreters, each checked once.

    Args:
        folder: where the environments are kept.
        named: interpreters to take instead, by the environment's name.

    Attributes:
        versions: of all packages of each environment that was used.
    """

    def __init__(self, folder: Path, named: Mapping[str, Path]) -> None:
        self._folder, self._named = folder, named
        self._known: dict[tuple[str, str], Path | PeerUnavailableError] = {}
        self.versions: dict[str, dict[str, str]] = {}

    def python_of(self, name: str) -> Path:
        """Return the interpreter of an environment.

        Raises:
            PeerUnavailableError: it cannot be made.
        """
        return self._named.get(name) or environments.python_of(name, self._folder)

    def python_for(self, step: Step) -> Path:
        """Return the interpreter for a step, whose program is known to start.

        Raises:
            PeerUnavailableError: it cannot be had.
        """
        key = (step.environment, step.program)
        if key not in self._known:
            try:
                python = self.python_of(step.environment)
                self.versions[step.environment] = environments.versions(python)
                environments.check_imports(words(step.program, python, {}))
                self._known[key] = python
            except PeerUnavailableError as error:
                self._known[key] = error
        found = self._known[key]
        if isinstance(found, PeerUnavailableError):
            raise found
        return found


def words(template: str, python: Path, values: Mapping[str, object]) -> list[str]:
    """Fill in a command; a path with spaces stays one word."""
    known = {"python": python, "bin": python.parent, **_FOLDERS, **values}
    return [word.format_map(known) for word in template.split()]
