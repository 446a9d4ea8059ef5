"""An aarch64 Python with numpy and the runtimes, which QEMU runs without a container or rights.

Python and its libraries are Debian's packages; numpy and the runtimes are the wheels of the very
versions installed here. A core's view of it is a folder of links beside files that describe that
core (see `edgekit.emulation.arm_cores`): QEMU looks there first whatever file a program opens.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from edgekit.emulation import arm_cores, debian
from edgekit.emulation.arm_cores import ArmCore
from edgekit.errors import EnvironmentMissingError
from edgekit.files import cache_folder
from edgekit.files.made_folder import MadeFolder

_FORM = "1"  # raise it when what is put together, or how, changes
_DEBIAN_PACKAGES = ("python3-minimal", "libpython3-stdlib", "libstdc++6")
_WHEELS = ("numpy", "onnxruntime", "ai-edge-litert")
_PACKAGES, _VIEWS = "opt/edgekit", "views"
_GLIBC = range(36, 16, -1)  # minor versions whose wheels run on Debian 12's 2.36

_NEVER_USED = (
    "usr/share", "usr/include", "var", "boot",
    f"{_PACKAGES}/onnxruntime/transformers",
    f"{_PACKAGES}/onnxruntime/tools",
    f"{_PACKAGES}/onnxruntime/quantization",
    f"{_PACKAGES}/ai_edge_litert/aot",
    f"{_PACKAGES}/ai_edge_litert/vendors",
)  # fmt: skip

_IMPORTS = {
    "numpy": "numpy",
    "onnxruntime": "onnxruntime",
    "ai-edge-litert": "ai_edge_litert.interpreter",
}


@dataclass(frozen=True)
class ArmRoot:
    """An aarch64 root folder.

    Attributes:
        path: the folder.
        python: name of its interpreter, such as ``python3.11``.
    """

    path: Path
    python: str

    @property
    def interpreter(self) -> Path:
        """The aarch64 Python."""
        return self.path / "usr" / "bin" / self.python

    @property
    def packages(self) -> Path:
        """The folder with numpy and the runtimes, for PYTHONPATH."""
        return self.path / _PACKAGES

    def view(self, core: ArmCore) -> Path:
        """Return the root folder as a machine with such cores has it."""
        return self.path / _VIEWS / core.name


def find() -> ArmRoot | None:
    """Return the root with the versions installed here, or None if it is not set up."""
    folder = _folder()
    facts = folder.facts()
    return None if facts is None else ArmRoot(folder.path, facts["python"])


def build(emulator: Sequence[str], say: Callable[[str], None]) -> None:
    """Put the root together in the cache.

    Args:
        emulator: command that starts ``qemu-aarch64``, with which the result is tried.
        say: called with a short line before each step.

    Raises:
        EnvironmentMissingError: something cannot be had, or does not start.
        StorageError: the disk is full.
    """
    folder = _folder()
    with folder.making() as path:
        debian.unpack(_DEBIAN_PACKAGES, "arm64", path, say)
        root = ArmRoot(path, _find_python(path))
        say(f"installing aarch64 wheels: {', '.join(_requirements())}")
        _install_wheels(root)
        for name in _NEVER_USED:
            shutil.rmtree(path / name, ignore_errors=True)
        for core in arm_cores.ALL:
            _write_view(root, core)
        say("starting the aarch64 Python")
        _try(root, emulator)
        folder.write_facts(path, {"python": root.python})


def versions() -> dict[str, str]:
    """Return what is installed here of numpy and the runtimes, which the root has too."""
    found = {}
    for name in _WHEELS:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue  # another package provides that runtime
    return found


def _folder() -> MadeFolder:
    content = {"form": _FORM, **versions()}
    return MadeFolder(cache_folder.folder() / "emulation", "aarch64", content)


def _requirements() -> list[str]:
    return [f"{name}=={version}" for name, version in versions().items()]


def _find_python(root: Path) -> str:
    found = sorted((root / "usr" / "bin").glob("python3.*[0-9]"))
    if not found:
        raise EnvironmentMissingError("the arm64 packages of this distribution hold no Python 3")
    return found[-1].name


def _install_wheels(root: ArmRoot) -> None:
    platforms = [f"manylinux_2_{minor}_aarch64" for minor in _GLIBC] + ["manylinux2014_aarch64"]
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-input", "--no-compile"]
    debian.run([sys.executable, "-m", "pip", "--version"], "use pip, which installs the wheels")
    debian.run(
        [
            *pip,
            "--disable-pip-version-check",
            "--only-binary=:all:",
            "--implementation=cp",
            f"--python-version={root.python.removeprefix('python')}",
            *(f"--platform={platform}" for platform in platforms),
            f"--target={root.packages}",
            *_requirements(),
        ],
        f"install the aarch64 wheels {', '.join(_requirements())}",
    )


def _write_view(root: ArmRoot, core: ArmCore) -> None:
    view = root.view(core)
    core.write(view)
    for entry in root.path.iterdir():
        if entry.name not in (_VIEWS, "proc", "sys", "opt"):
            (view / entry.name).symlink_to(Path(os.pardir, os.pardir, entry.name))


def _try(root: ArmRoot, emulator: Sequence[str]) -> None:
    modules = ", ".join(_IMPORTS[name] for name in versions())
    prefix = [*emulator, "-cpu", arm_cores.A53.name, "-L", str(root.view(arm_cores.A53))]
    setting = ["-E", f"PYTHONPATH={root.packages}", "-U", "LD_LIBRARY_PATH", "-U", "PYTHONHOME"]
    argv = [*prefix, *setting, str(root.interpreter), "-P", "-s", "-c", f"import {modules}"]
    debian.run(argv, "start the aarch64 Python with its packages")
