"""Environments of the peers, created once and kept in a folder."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

EDGEKIT = "edgekit"
"""The environment that this program runs in."""

DEFAULT_FOLDER = Path.home() / ".cache" / "edgekit" / "benchmarks"

_ONNX, _NUMPY = "onnx==1.23.2", "numpy==2.4.6"
_ORT, _LITERT = "onnxruntime==1.31.1", "ai-edge-litert==2.3.0"

_NETWORKS = ("torch==2.13.0", "torchvision==0.28.0", "timm==1.0.31", "transformers==5.23.0")

ENVIRONMENTS: dict[str, tuple[str, ...]] = {
    "foreign": (*_NETWORKS, _ONNX, "onnxscript==0.7.2", _NUMPY),
    "foreign-litert-torch": (*_NETWORKS, "litert-torch==0.10.0", _LITERT, _NUMPY),
    "litert-quantizer": ("litert-quantizer==0.11.0", _LITERT, _NUMPY),
    "litert-torch": ("litert-torch==0.10.0", "torch==2.13.0", _LITERT, _NUMPY),
    "mediapipe": ("mediapipe==1.2.3",),
    "nncf": ("nncf==3.4.0", _ONNX, _ORT, _NUMPY),
    "onnx2tf": (
        "onnx2tf==1.29.24; python_version < '3.12'",
        "onnx2tf[tensorflow]==2.6.9; python_version >= '3.12'",
    ),
    "onnxruntime": (_ORT, _ONNX, "sympy==1.14.0", _NUMPY),
    "onnxsim": ("onnxsim==0.8.1", _ONNX, _NUMPY),
    "onnxslim": ("onnxslim==0.1.98", _ONNX, _NUMPY),
    "tensorflow": (
        "tensorflow-cpu==2.21.0; sys_platform == 'linux' and platform_machine == 'x86_64'",
        "tensorflow==2.21.0; sys_platform != 'linux' or platform_machine != 'x86_64'",
        _ONNX,
        _NUMPY,
    ),
}  # fmt: skip
"""What pip installs into each peer's environment."""

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

    Args:
        name: key of `ENVIRONMENTS`, or `EDGEKIT`.
        folder: where the environments are kept.

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


def check_imports(program: list[str]) -> None:
    """Let a program say its help, for which it imports most of what it needs.

    This also warms the file cache.

    Raises:
        PeerUnavailableError: something does not import.
    """
    _run([*program, "--help"])


def last_line(text: str) -> str:
    """Return the last line that says something, which of a traceback is the error."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:200] if lines else "it said nothing"


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise PeerUnavailableError(last_line(done.stderr))
