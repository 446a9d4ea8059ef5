"""Unpack packages of a Debian distribution for any architecture into a folder.

Needs no rights and changes nothing on the machine: apt works with its own lists, in a temporary
folder, and no package's scripts are run. The distribution and its keys are this machine's.
"""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from edgekit.errors import EnvironmentMissingError, StorageError

_TIMEOUT_S = 900.0


def unpack(
    packages: Sequence[str], architecture: str, into: Path, say: Callable[[str], None]
) -> None:
    """Download packages with all they depend on, and unpack them.

    Args:
        packages: names of packages.
        architecture: Debian's name of it, such as ``arm64``.
        into: existing folder that becomes their root.
        say: called with a short line before each step.

    Raises:
        EnvironmentMissingError: this is no Debian, or a package cannot be had.
        StorageError: the disk is full.
    """
    for program in ("apt-get", "dpkg-deb"):
        if shutil.which(program) is None:
            raise EnvironmentMissingError(
                f"the packages {', '.join(packages)} come from Debian, but {program} is not on "
                "this machine: use a Debian machine or container (12 or newer)"
            )
    with tempfile.TemporaryDirectory(prefix="apt-", dir=into.parent) as scratch:
        options = _options(Path(scratch), architecture)
        say(f"reading the package lists for {architecture}")
        said = run(["apt-get", *options, "update"], "read the package lists")
        if not any((Path(scratch) / "state" / "lists").glob("*_Packages*")):
            reason = next((line for line in said.splitlines() if "Failed to fetch" in line), "")
            raise EnvironmentMissingError(
                f"apt-get found no package list for {architecture}: {reason.strip() or 'no reason'}"
                "; check the network and apt's sources"
            )
        say(f"downloading {', '.join(packages)} for {architecture}")
        install = ["install", "--yes", "--download-only", "--no-install-recommends"]
        run(["apt-get", *options, *install, *packages], f"download {', '.join(packages)}")
        archives = sorted((Path(scratch) / "cache" / "archives").glob("*.deb"))
        say(f"unpacking {len(archives)} packages")
        for archive in archives:
            run(["dpkg-deb", "--extract", str(archive), str(into)], f"unpack {archive.name}")


def _options(scratch: Path, architecture: str) -> list[str]:
    """Make apt see an empty machine of that architecture, all of it below ``scratch``."""
    for folder in ("state/lists/partial", "cache/archives/partial"):
        (scratch / folder).mkdir(parents=True)
    status = scratch / "status"
    status.touch()
    settings = {
        "Dir::State": scratch / "state",
        "Dir::State::status": status,
        "Dir::Cache": scratch / "cache",
        "APT::Architecture": architecture,
        "APT::Architectures": architecture,
        "APT::Sandbox::User": "root",  # the user of these folders, not apt's own
        "Acquire::Languages": "none",
        "Debug::NoLocking": "1",
    }
    options = [part for name, value in settings.items() for part in ("-o", f"{name}={value}")]
    return ["-q", *options]


def run(argv: Sequence[str], what: str) -> str:
    """Run a program of the set-up and return what it printed.

    Args:
        argv: program and arguments.
        what: what it does, as in "cannot ...".

    Raises:
        EnvironmentMissingError: it failed; the message has its last line of errors.
        StorageError: it failed because the disk is full.
    """
    environment = {**os.environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"}
    try:
        done = subprocess.run(  # noqa: S603 -- fixed programs, no shell
            argv,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            encoding="utf-8",
            errors="replace",
            env=environment,
            timeout=_TIMEOUT_S,
        )
    except subprocess.TimeoutExpired as error:
        raise EnvironmentMissingError(
            f"cannot {what}: {argv[0]} gave no answer within {_TIMEOUT_S:g} s; check the network"
        ) from error
    except OSError as error:
        raise EnvironmentMissingError(f"cannot start {argv[0]}: {error.strerror}") from error
    said = done.stdout + done.stderr
    if done.returncode == 0:
        return said
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    reason = next((line for line in reversed(lines) if _is_error(line)), "")
    reason = reason or (lines or [f"exit status {done.returncode}"])[-1]
    full = (os.strerror(errno.ENOSPC), "enough free space")
    if any(words in line for words in full for line in lines):
        raise StorageError(f"cannot {what}: the disk is full; make room or set EDGEKIT_CACHE")
    raise EnvironmentMissingError(
        f"cannot {what}: {reason}; check the network and what {Path(argv[0]).name} is set up with"
    )


def _is_error(line: str) -> bool:
    return line.startswith(("E:", "ERROR:", "error:"))
