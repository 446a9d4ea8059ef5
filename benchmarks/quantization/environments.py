"""Environments of the peers, created once and kept in a folder."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

from benchmarks.quantization.contenders import EDGEKIT, ENVIRONMENTS

PEERS = Path(__file__).parent / "peers"
DEFAULT_FOLDER = Path.home() / ".cache" / "edgekit" / "benchmarks"

_VERSIONS = """
import json, platform
from importlib import metadata
found = {d.metadata["Name"]: d.version for d in metadata.distributions()}
print(json.dumps({"python": platform.python_version(), **dict(sorted(found.items()))}))
"""


class PeerUnavailableError(Exception):
    """An environment cannot be made; the message is one line that says why."""


def python_of(name: str, folder: Path) -> Path:
    """Return the interpreter of an environment, creating the environment if need be.

    An environment that was made for other versions, or only in part, is made anew.

    Raises:
        PeerUnavailableError: pip or venv failed.
    """
    if name == EDGEKIT:
        return Path(sys.executable)
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    environment = (folder / f"{name}-python{version}").absolute()
    python = environment / "bin" / "python"
    wanted, installed = "\n".join(ENVIRONMENTS[name]), environment / "installed.txt"
    if not (installed.is_file() and installed.read_text() == wanted):
        shutil.rmtree(environment, ignore_errors=True)
        print(f"{name}: creating {environment}", file=sys.stderr, flush=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        _run([sys.executable, "-m", "venv", str(environment)])
        _run([*pip, *ENVIRONMENTS[name]])
        installed.write_text(wanted)
    return python


def versions(python: Path) -> dict[str, str]:
    """Return the versions of Python and of all packages of an environment."""
    found: dict[str, str] = json.loads(subprocess.check_output([python, "-c", _VERSIONS]))
    return found


def check_imports(python: Path, script: str) -> None:
    """Import all that a peer's script needs, which also warms the file cache.

    Raises:
        PeerUnavailableError: something does not import.
    """
    _run([str(python), str(PEERS / script), "--help"])


def last_line(text: str) -> str:
    """Return the last line that says something, which of a traceback is the error."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:200] if lines else "it said nothing"


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise PeerUnavailableError(last_line(done.stderr))
