"""QEMU's user mode: the programs on PATH, or those that edgekit has unpacked into its cache."""

from __future__ import annotations

import platform
import re
import shutil
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path

from edgekit.emulation import debian
from edgekit.errors import EnvironmentMissingError
from edgekit.files import cache_folder
from edgekit.files.made_folder import MadeFolder

PROGRAMS = ("qemu-aarch64", "qemu-x86_64")

_OLDEST = (7, 2)  # the first that emulates AVX2
OLDEST_TEXT = ".".join(map(str, _OLDEST))

_FORM = "1"  # raise it when what is unpacked, or how, changes
_DEBIAN_NAMES = {"x86_64": "amd64", "aarch64": "arm64"}


def find(program: str) -> tuple[str, ...] | None:
    """Return the command that starts an emulator, or None if there is none new enough.

    Args:
        program: one of `PROGRAMS`.
    """
    for name in (program, f"{program}-static"):
        path = shutil.which(name)
        if path is not None and _is_new_enough((path,)):
            return (path,)
    folder = _folder()
    facts = folder.facts()
    if facts is None:
        return None
    command = _command(folder.path, program, own_libraries=facts["own_libraries"])
    return command if _is_new_enough(command) else None


def build(say: Callable[[str], None]) -> None:
    """Unpack the emulators for this machine into the cache.

    Args:
        say: called with a short line before each step.

    Raises:
        EnvironmentMissingError: this is no Debian, or they cannot be had or started.
        StorageError: the disk is full.
    """
    architecture = _DEBIAN_NAMES.get(platform.machine())
    if platform.system() != "Linux" or architecture is None:
        raise EnvironmentMissingError(
            "QEMU's user mode needs Linux on x86-64 or aarch64; this is "
            f"{platform.system()} {platform.machine()}"
        )
    folder = _folder()
    with folder.making() as root:
        debian.unpack(["qemu-user"], architecture, root, say)
        _trim(root)
        starts = {
            own: version(_command(root, PROGRAMS[0], own_libraries=own)) for own in (False, True)
        }
        own = next((own for own, found in starts.items() if found), None)
        if own is None:
            raise EnvironmentMissingError(
                "the emulators of Debian's package qemu-user do not start here: install it "
                "yourself, so that qemu-aarch64 and qemu-x86_64 are on PATH"
            )
        found = starts[own] or ()
        if found < _OLDEST:
            raise EnvironmentMissingError(
                f"this distribution has QEMU {'.'.join(map(str, found))}, but AVX2 needs "
                f"{OLDEST_TEXT} or newer: use Debian 12 or newer"
            )
        folder.write_facts(root, {"own_libraries": own})


def _folder() -> MadeFolder:
    content = {"form": _FORM, "machine": platform.machine()}
    return MadeFolder(cache_folder.folder() / "emulation", "qemu", content)


def _command(root: Path, program: str, *, own_libraries: bool) -> tuple[str, ...]:
    """Return how to start an unpacked program: alone, or with the libraries unpacked with it."""
    path = str(root / "usr" / "bin" / program)
    if not own_libraries:
        return (path,)
    folders = [*root.glob("lib/*-linux-gnu"), *root.glob("usr/lib/*-linux-gnu")]
    loaders = [found for each in folders for found in each.glob("ld-linux-*.so.*")]
    loader = str(loaders[0]) if loaders else "no loader"
    return (loader, "--library-path", ":".join(map(str, folders)), path)


def _trim(root: Path) -> None:
    shutil.rmtree(root / "usr" / "share", ignore_errors=True)
    for path in (root / "usr" / "bin").iterdir():
        if path.name not in PROGRAMS:
            path.unlink()


def _is_new_enough(command: tuple[str, ...]) -> bool:
    found = version(command)
    return found is not None and found >= _OLDEST


@cache
def version(command: tuple[str, ...]) -> tuple[int, ...] | None:
    """Return the version of the emulator that ``command`` starts; None if it does not start."""
    try:
        done = subprocess.run(  # noqa: S603 -- the emulator, no shell
            [*command, "--version"], capture_output=True, check=False, text=True, timeout=60
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.search(r"version (\d+)\.(\d+)", done.stdout)
    return tuple(map(int, found.groups())) if found else None
